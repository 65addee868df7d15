/** Rotations that no declared marker asks for: due by schedule, by hand, or by the token's own holder. */
import { ancestorsOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { timestampMs } from '../../terraform-provider-spec/formats.ts';
import { ROTATION_REQUEST } from '../../terraform-provider-spec/requests.ts';
import type { Answer, RotateRequest } from './api.ts';
import { notFound, requirePermission, requirePowerOver, requireTokenRights } from './authority.ts';
import { requirePreconditions } from './contract.ts';
import { invalid, nextRow } from './convergence.ts';
import type { Ambient } from './identity.ts';
import { keepSecret, minted, newSecret, overlapOf, requireFuture, requireUnlatched } from './kinds/token.ts';
import type { Resource } from './model.ts';
import { addressAllowed, type Principal, presentedHash } from './principal.ts';
import { Problem } from './problem.ts';
import { findReplay } from './replay.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { endOf, rotatedState, statusOf, storedState, tokenState } from './token-state.ts';
import { type Context, type Effect, replayFor, type WriteSpec, writeOperation } from './write.ts';

/** The operation of `POST …/rotation`. The declared marker stays, so the next declared PUT does not rotate again. */
export function rotateOperation(ambient: Ambient, request: RotateRequest): Operation<Answer> {
  return writeOperation(ambient, rotation(request, requireMayRotate));
}

/**
 * The operation of `POST /v1/self/rotate`: the holder of a token rotates it. A retry may authenticate with the secret
 * that the first try has retired, for the replay of that answer and for nothing else.
 */
export function rotateSelfOperation(
  ambient: Ambient,
  request: Omit<RotateRequest, 'address'>,
  address: string,
): Operation<Answer> {
  const own: RotateRequest = { ...request, address, allowSelf: true };
  // Nothing more to authorize: `address` is that of the very token that the caller has to authenticate with.
  const spec = rotation(own, () => undefined);
  const operation = writeOperation(ambient, spec);
  return {
    ...operation,
    decide: (snapshot) => retiredReplay(snapshot, ambient, spec) ?? operation.decide(snapshot),
  };
}

function rotation(
  request: RotateRequest,
  authorize: (snapshot: Snapshot, principal: Principal, address: string) => void,
): WriteSpec {
  const { kind, text: address } = parseAddress(request.address);
  if (kind.token === undefined) throw notFound(`${address}/rotation`);
  const body = readAttributes(ROTATION_REQUEST, request.body ?? {});
  return {
    method: 'POST',
    address,
    suffix: '/rotation',
    action: 'rotate',
    body: request.body,
    options: request,
    needs: { resources: [address, ...ancestorsOf(address)], revocations: [address] },
    authorize: (snapshot, principal) => authorize(snapshot, principal, address),
    decide(context) {
      const token = context.draft.resource(address);
      if (token === undefined) throw notFound(address);
      requirePreconditions(token, request);
      if (!body.ok) throw invalid(body.violations);
      const { if_rotated_at: expected, overlap, secret_hash: clientHash } = body.desired;
      if (typeof expected === 'string' && timestampMs(expected) !== tokenState(token).rotated_at) {
        throw new Problem('rotation-conflict', `${address} has been rotated since ${expected}.`);
      }
      const attributes = typeof overlap === 'string' ? { ...token.attributes, overlap } : token.attributes;
      return rotate(context, token, overlapOf(attributes), (clientHash ?? undefined) as string | undefined);
    },
  };
}

function requireMayRotate(snapshot: Snapshot, principal: Principal, address: string): void {
  requirePermission(principal, address, 'tokens.rotate');
  const account = snapshot.resource(parentOf(address));
  if (account !== undefined) requirePowerOver(principal, account);
}

function rotate(context: Context, token: Resource, overlap: number, clientHash: string | undefined): Effect {
  const { now, draft, principal } = context;
  const { address, attributes } = token;
  const { kind } = parseAddress(address);
  requireUnlatched(address, draft.revocation(address));
  requireTokenRights(draft, principal, address, attributes);
  const end = endOf(attributes, now);
  requireFuture(attributes, end, now);
  const secret = newSecret(context, { kind }, clientHash);
  const state = rotatedState(
    token,
    { hash: secret.hash, claim: token.claim },
    { now, overlap, active: statusOf(draft, token, now).status === 'active' },
  );
  // A rotation declares nothing: whoever manages and claims the token goes on doing so.
  const unclaimed: Context = { ...context, options: { caller: context.options.caller } };
  const row = nextRow(
    unclaimed,
    { kind, address, stored: token, desired: attributes },
    { attributes, state: storedState(state), valid_until: end },
  );
  draft.put(row);
  keepSecret(context, row, secret);
  return { ...minted(context, row, 'rotated', secret), touched: [token], changed: ['/secret'] };
}

function retiredReplay(snapshot: Snapshot, ambient: Ambient, spec: WriteSpec): Answer | undefined {
  const hash = presentedHash(ambient, spec.options.caller.credential);
  const secret = hash === undefined ? undefined : snapshot.secret(hash);
  if (secret === undefined || secret.address !== spec.address) return undefined;
  const token = snapshot.resource(spec.address);
  if (token === undefined || !addressAllowed(token.attributes, spec.options.caller.ip)) return undefined;
  const account = snapshot.resource(parentOf(spec.address));
  const replay = account && replayFor(ambient, spec, account.uid);
  const recorded = replay && findReplay(snapshot, ambient, replay.scope, replay.request);
  return recorded?.retired === hash ? recorded?.answer : undefined;
}
