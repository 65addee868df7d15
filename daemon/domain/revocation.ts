/**
 * Revocation in an emergency. It latches the token's address: no declared state, rotation or re-creation gets around it,
 * until somebody who may restore tokens deletes the revocation.
 */
import { ancestorsOf, organizationOf, parentOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { REVOCATION_REQUEST } from '../../terraform-provider-spec/requests.ts';
import type { Answer, RestoreRequest, RevokeRequest } from './api.ts';
import {
  isOwnToken,
  notFound,
  requirePermission,
  requirePowerOver,
  requireRead,
  requireTokenRights,
} from './authority.ts';
import { invalid } from './convergence.ts';
import type { Ambient } from './identity.ts';
import type { Revocation } from './model.ts';
import type { Principal } from './principal.ts';
import { Problem } from './problem.ts';
import { placeOf } from './scopes.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { writeOperation } from './write.ts';

/** The operation of `PUT …/revocation`. The token itself may ask for it, whatever it may do otherwise. */
export function revokeOperation(ambient: Ambient, request: RevokeRequest): Operation<Answer> {
  const address = tokenAddress(request.address);
  const body = readAttributes(REVOCATION_REQUEST, request.body);
  return writeOperation(ambient, {
    method: 'PUT',
    address,
    suffix: '/revocation',
    action: 'revoke',
    body: request.body,
    options: request,
    needs: { resources: [address, ...ancestorsOf(address)], revocations: [address] },
    audiences: ['api', 'app', 'scim'],
    authorize(snapshot, principal) {
      if (principal.token.address !== address) requirePower(snapshot, principal, address, 'revoke');
    },
    decide({ draft, principal, now }) {
      if (!body.ok) throw invalid(body.violations);
      const reason = body.desired.reason as Revocation['reason'];
      const stored = draft.revocation(address);
      const token = draft.resource(address);
      if (token === undefined && stored === undefined) throw notFound(address);
      if (stored?.reason === reason) {
        return { answer: { outcome: 'unchanged', resource: presentRevocation(stored) }, touched: [], changed: [] };
      }
      const revocation: Revocation = {
        address,
        organization: organizationOf(address),
        reason,
        created_at: stored?.created_at ?? now,
        created_by: stored?.created_by ?? principal.identifier,
      };
      draft.putRevocation(revocation);
      return {
        answer: { outcome: stored === undefined ? 'revoked' : 'updated', resource: presentRevocation(revocation) },
        touched: token === undefined ? [] : [token],
        changed: ['/reason'],
        mayEndOwn: true,
        details: { reason },
      };
    },
  });
}

/** The operation of `DELETE …/revocation`. It revives a credential, so it needs every right that this one carries. */
export function restoreOperation(ambient: Ambient, request: RestoreRequest): Operation<Answer> {
  const address = tokenAddress(request.address);
  return writeOperation(ambient, {
    method: 'DELETE',
    address,
    suffix: '/revocation',
    action: 'restore',
    body: null,
    options: request,
    needs: { resources: [address, ...ancestorsOf(address)], revocations: [address] },
    authorize: (snapshot, principal) => requirePower(snapshot, principal, address, 'restore'),
    decide({ draft, principal }) {
      if (draft.revocation(address) === undefined) {
        return { answer: { outcome: 'unchanged' }, touched: [], changed: [] };
      }
      const token = draft.resource(address);
      if (token !== undefined) requireTokenRights(draft, principal, address, token.attributes);
      draft.removeRevocation(address);
      return { answer: { outcome: 'restored' }, touched: token === undefined ? [] : [token], changed: [] };
    },
  });
}

/** The revocation at a token's address, for whoever may read the token. Throws `not-found` when there is none. */
export function readRevocation(snapshot: Snapshot, principal: Principal, text: string): JsonObject {
  const address = tokenAddress(text);
  if (principal.token.address !== address) requireRead(snapshot, principal, address);
  const revocation = snapshot.revocation(address);
  if (revocation === undefined) throw notFound(`${address}/revocation`);
  return presentRevocation(revocation);
}

/** A revocation as an answer holds it. */
function presentRevocation({ address, reason, created_at, created_by }: Revocation): JsonObject {
  return { address, reason, created_at: formatTimestamp(created_at), created_by };
}

function requirePower(snapshot: Snapshot, principal: Principal, address: string, verb: 'revoke' | 'restore'): void {
  const { kind } = parseAddress(address);
  if (principal.audience !== 'api') throw notForThis();
  if (verb === 'revoke' && isOwnToken(principal, kind, address)) return;
  requirePermission(principal, address, placeOf(snapshot, address), `${kind.noun}.${verb}`);
  const holder = snapshot.resource(parentOf(address));
  if (holder !== undefined) requirePowerOver(snapshot, principal, holder);
}

function notForThis(): Problem {
  return new Problem('forbidden', 'This credential can revoke itself and nothing else.');
}

function tokenAddress(text: string): string {
  const { kind, text: address } = parseAddress(text);
  if (kind.token === undefined) throw notFound(`${address}/revocation`);
  return address;
}
