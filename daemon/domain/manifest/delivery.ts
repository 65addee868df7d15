/**
 * Secrets that the caller made for a manifest, until it is confirmed that they reached those who need them: whoever made
 * one may have been lost before that, and then nobody has it.
 */
import { ancestorsOf, kindAt, parentOf, parseAddress } from '../../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { timestampMs } from '../../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { DELIVERY_REQUEST } from '../../../terraform-provider-spec/requests.ts';
import type { Answer, DeliverRequest } from '../api.ts';
import {
  isOwnToken,
  notFound,
  requirePermission,
  requirePowerOver,
  requireRead,
  writePermission,
} from '../authority.ts';
import { requirePreconditions } from '../contract.ts';
import { answerOf, invalid } from '../convergence.ts';
import type { Ambient } from '../identity.ts';
import type { Resource } from '../model.ts';
import type { Principal } from '../principal.ts';
import { Problem } from '../problem.ts';
import { placeOf } from '../scopes.ts';
import type { Operation, Snapshot } from '../snapshot.ts';
import { isUndelivered, livePrevious, storedState, tokenState } from '../token-state.ts';
import { type Context, type Effect, writeOperation } from '../write.ts';

/** Notes, after a step that gave the token at `address` a secret by its hash, that it is to be delivered. */
export function expectDelivery({ draft, now }: Context, address: string, before: Resource | undefined): void {
  const token = draft.resource(address) as Resource;
  const lost = before !== undefined && isUndelivered(before) && isUnused(draft.secret(tokenState(before).current.hash));
  // One that nobody ever confirmed nor used has no need to go on working; the one before it has.
  const previous = lost ? livePrevious(before, now) : null;
  const state = previous === null ? token.state : storedState({ ...tokenState(token), previous });
  draft.put({ ...token, state: { ...state, undelivered: true } });
}

function isUnused(secret: { readonly last_used_at: number | null } | undefined): boolean {
  return secret !== undefined && secret.last_used_at === null;
}

/** The operation of `POST …/delivered`. It is idempotent; a token with nothing to confirm is left as it is. */
export function deliverOperation(ambient: Ambient, request: DeliverRequest): Operation<Answer> {
  const { kind, text: address } = parseAddress(request.address);
  if (kind.token === undefined) throw notFound(`${address}/delivered`);
  const body = readAttributes(DELIVERY_REQUEST, request.body);
  return writeOperation(ambient, {
    method: 'POST',
    address,
    suffix: '/delivered',
    action: 'deliver',
    body: request.body,
    options: request,
    needs: { resources: [address, ...ancestorsOf(address)], revocations: [address] },
    authorize: (snapshot, principal) => authorizeDelivery(snapshot, principal, address),
    decide(context) {
      const token = context.draft.resource(address);
      if (token === undefined) throw notFound(address);
      requirePreconditions(token, request);
      if (!body.ok) throw invalid(body.violations);
      if (timestampMs(body.desired.rotated_at as string) !== tokenState(token).rotated_at) {
        throw new Problem('rotation-conflict', `${address} has another secret than the one that was delivered.`);
      }
      return confirmed(context, token);
    },
  });
}

/** Throws unless the principal may confirm that the secret of the token at `address` was delivered. */
export function authorizeDelivery(snapshot: Snapshot, principal: Principal, address: string): void {
  const kind = kindAt(address);
  if (isOwnToken(principal, kind, address)) return;
  if (kind.token?.selfService) {
    requireRead(snapshot, principal, address);
    throw new Problem('forbidden', 'The secret of a personal access token is for the user that it belongs to.');
  }
  requirePermission(principal, address, placeOf(snapshot, address), writePermission(kind, true, 'write'));
  const holder = snapshot.resource(parentOf(address));
  if (holder !== undefined) requirePowerOver(snapshot, principal, holder);
}

/** Drafts that the present secret of the token has been delivered; of one that is not waited for, nothing. */
export function confirmed(context: Context, token: Resource): Effect {
  if (!isUndelivered(token)) return { answer: answerOf(context, token, 'unchanged'), touched: [], changed: [] };
  const { undelivered: _done, ...state } = token.state;
  const row: Resource = { ...token, state, revision: token.revision + 1, updated_at: context.now };
  context.draft.put(row);
  return { answer: answerOf(context, row, 'updated'), touched: [token], changed: [], details: DELIVERED };
}

const DELIVERED: JsonObject = { delivered: true };
