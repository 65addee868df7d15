/** Rotations that no declared marker asks for: due by schedule, by hand, or by the token's own holder. */
import { ancestorsOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { durationMs, timestampMs } from '../../terraform-provider-spec/formats.ts';
import { ROTATION_REQUEST } from '../../terraform-provider-spec/requests.ts';
import type { Answer, RotateRequest } from './api.ts';
import {
  isOwnToken,
  notFound,
  requirePermission,
  requirePowerOver,
  requireRead,
  requireTokenRights,
} from './authority.ts';
import { requirePreconditions } from './contract.ts';
import { invalid, nextRow } from './convergence.ts';
import type { Ambient } from './identity.ts';
import { policyWarnings, requireFuture, requireLifetime, requireRegenerable } from './kinds/token-rules.ts';
import { keepSecret, minted, newSecret, requireUnlatched } from './kinds/token-secret.ts';
import type { Resource } from './model.ts';
import type { Principal } from './principal.ts';
import { Problem } from './problem.ts';
import { profileOfToken } from './profiles.ts';
import { placeOf } from './scopes.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { endOf, overlapOf, rotatedState, statusOf, storedState, tokenState } from './token-state.ts';
import { type Context, type Effect, retiredReplay, type WriteSpec, writeOperation } from './write.ts';

/** The operation of `POST …/rotation`. The declared marker stays, so the next declared PUT does not rotate again. */
export function rotateOperation(ambient: Ambient, request: RotateRequest): Operation<Answer> {
  return writeOperation(ambient, rotation(request, { bySelf: false }, requireMayRotate));
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
  const spec = rotation(own, { bySelf: true }, (_snapshot, principal) => requireCurrent(principal));
  const operation = writeOperation(ambient, spec);
  return {
    ...operation,
    decide: (snapshot) => retiredReplay(snapshot, ambient, spec) ?? operation.decide(snapshot),
  };
}

/** A previous secret ends with its overlap, and must not get its holder the one that follows. */
function requireCurrent({ slot }: Principal): void {
  if (slot === 'current') return;
  throw new Problem('forbidden', 'A previous secret cannot be rotated: its successor is there already.');
}

function rotation(
  request: RotateRequest,
  by: { bySelf: boolean },
  authorize: (snapshot: Snapshot, principal: Principal, address: string) => void,
): WriteSpec {
  const { kind, text: address } = parseAddress(request.address);
  // Whoever asks for their own holds an enrolment then, which authentication does not take here.
  if (kind.token === undefined && !by.bySelf) throw notFound(`${address}/rotation`);
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
      const profile = profileOfToken(context.draft, token);
      requireRegenerable(address, profile, by);
      if (typeof overlap === 'string' && durationMs(overlap) > durationMs(profile.max_overlap)) {
        const detail = `is longer than the profile "${profile.name}" allows, ${profile.max_overlap}`;
        throw invalid([{ pointer: '/overlap', detail }]);
      }
      const attributes = typeof overlap === 'string' ? { ...token.attributes, overlap } : token.attributes;
      return rotate(context, token, overlapOf(attributes), (clientHash ?? undefined) as string | undefined);
    },
  };
}

function requireMayRotate(snapshot: Snapshot, principal: Principal, address: string): void {
  const { kind } = parseAddress(address);
  if (isOwnToken(principal, kind, address)) return;
  if (kind.token?.selfService) {
    requireRead(snapshot, principal, address);
    throw new Problem('forbidden', 'The secret of a personal access token is for the user that it belongs to.');
  }
  requirePermission(principal, address, placeOf(snapshot, address), `${kind.noun}.rotate`);
  const holder = snapshot.resource(parentOf(address));
  if (holder !== undefined) requirePowerOver(snapshot, principal, holder);
}

function rotate(context: Context, token: Resource, overlap: number, clientHash: string | undefined): Effect {
  const { now, draft, principal } = context;
  const { address, attributes } = token;
  const { kind } = parseAddress(address);
  requireUnlatched(address, draft.revocation(address));
  requireTokenRights(draft, principal, address, attributes);
  const end = endOf(attributes, now);
  requireFuture(attributes, end, now);
  requireLifetime(profileOfToken(draft, token), attributes, end, now);
  const warnings = policyWarnings(draft, address, attributes, end, now);
  const secret = newSecret(context, token, clientHash);
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
  return { ...minted(context, row, 'rotated', secret), touched: [token], changed: ['/secret'], warnings };
}
