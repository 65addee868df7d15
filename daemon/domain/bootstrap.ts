/** The first organization, account and token of an installation, and the way back in when every owner is locked out. */
import type { AuditAction } from '../../terraform-provider-spec/audit.ts';
import { readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { teamsOf } from './carried.ts';
import type { Ambient } from './identity.ts';
import { keysOf } from './keys.ts';
import { isOwnerHolder } from './kinds/grants.ts';
import type { Resource } from './model.ts';
import { DEFAULT_ORGANIZATION } from './principal.ts';
import { OWNER } from './roles.ts';
import type { Operation, Snapshot } from './snapshot.ts';
import { storedState } from './token-state.ts';

/** The account that an installation starts with. */
export const ROOT_ACCOUNT = `${DEFAULT_ORGANIZATION}/accounts/root`;
/** Its first token. */
export const BOOTSTRAP_TOKEN = `${ROOT_ACCOUNT}/tokens/bootstrap`;

const DAEMON = 'accredit';

/**
 * The operation that makes the organization `default`, the account `root` and one owner token whose SHA-256 (in
 * hexadecimal) is `tokenSha256`. Resolves with whether it did: not when an organization exists.
 */
export function bootstrapOperation(ambient: Ambient, tokenSha256: string, requestId: string): Operation<boolean> {
  return {
    needs: { resources: [DEFAULT_ORGANIZATION, ROOT_ACCOUNT, BOOTSTRAP_TOKEN] },
    organizations: [DEFAULT_ORGANIZATION],
    decide(snapshot) {
      if (snapshot.resource(DEFAULT_ORGANIZATION) !== undefined) return false;
      const write = writer(snapshot, ambient, requestId, 'bootstrap');
      write(DEFAULT_ORGANIZATION, 'organization', { display_name: 'Default' });
      write(ROOT_ACCOUNT, 'service_account', ownerAttributes());
      write(BOOTSTRAP_TOKEN, 'service_account_token', { display_name: 'First owner token' }, tokenSha256);
      return true;
    },
  };
}

/**
 * The operation that gives the account `root` a new owner token, whatever state it was left in, and says so in the
 * audit log. Resolves with the address of the token.
 */
export function recoverOperation(ambient: Ambient, tokenSha256: string, requestId: string): Operation<string> {
  const stamp = new Date(ambient.now()).toISOString().replace(/\D/g, '');
  const address = `${ROOT_ACCOUNT}/tokens/recovery-${stamp}`;
  return {
    needs: { resources: [DEFAULT_ORGANIZATION, ROOT_ACCOUNT, address] },
    organizations: [DEFAULT_ORGANIZATION],
    decide(snapshot) {
      const write = writer(snapshot, ambient, requestId, 'recover');
      if (snapshot.resource(DEFAULT_ORGANIZATION) === undefined) write(DEFAULT_ORGANIZATION, 'organization', {});
      const root = snapshot.resource(ROOT_ACCOUNT);
      if (root === undefined || root.attributes.disabled === true || !root.owner || isConfined(root)) {
        write(ROOT_ACCOUNT, 'service_account', ownerAttributes(root?.attributes));
      }
      write(address, 'service_account_token', { display_name: 'Recovered owner token' }, tokenSha256);
      return address;
    },
  };
}

/** Teams can lock an owner in, where there is team isolation. */
function isConfined({ attributes }: Resource): boolean {
  return teamsOf(attributes).length > 0;
}

/** An enabled account's attributes with the role `owner`, confined by nothing, otherwise as they were. */
function ownerAttributes(before: JsonObject = { display_name: 'Root' }): JsonObject {
  const grants = (before.grants ?? []) as JsonObject[];
  const others = grants.filter((grant) => grant.role !== OWNER || grant.scope !== 'organization');
  const unconfined = { scope: 'organization', teams: [], disabled: false };
  return { ...before, ...unconfined, grants: [...others, { role: OWNER, scope: 'organization' }] };
}

/** Writes rows on behalf of the daemon itself, with the defaults of their kind, each with its audit event. */
function writer(snapshot: Snapshot, ambient: Ambient, requestId: string, action: AuditAction) {
  const now = ambient.now();
  return (address: string, kindName: string, body: JsonObject, tokenSha256?: string): void => {
    const reading = readBody(kindNamed(kindName), body);
    if (!reading.ok)
      throw new Error(`the attributes of ${address} are not valid: ${JSON.stringify(reading.violations)}`);
    const stored = snapshot.resource(address);
    const hash = tokenSha256 === undefined ? undefined : ambient.keyring.hashSecret(tokenSha256);
    const row: Resource = {
      address,
      kind: kindName,
      organization: DEFAULT_ORGANIZATION,
      parent: address === DEFAULT_ORGANIZATION ? '' : address.split('/').slice(0, -2).join('/'),
      name: address.slice(address.lastIndexOf('/') + 1),
      uid: stored?.uid ?? ambient.uid(),
      revision: (stored?.revision ?? 0) + 1,
      created_at: stored?.created_at ?? now,
      created_by: stored?.created_by ?? DAEMON,
      updated_at: now,
      managed_by: stored?.managed_by ?? null,
      claim: stored?.claim ?? null,
      attributes: hash === undefined ? reading.desired : { ...reading.desired, rotation: null },
      state: hash === undefined ? {} : storedState({ rotated_at: now, current: { hash, claim: null }, previous: null }),
      keys: keysOf(kindNamed(kindName), address, reading.desired, stored?.state ?? {}),
      owner: kindName === 'service_account' && isOwnerHolder(reading.desired),
      valid_until: null,
    };
    snapshot.put(row);
    if (hash !== undefined) {
      const used = { last_used_at: null, last_used_ip: null };
      snapshot.addSecret({ hash, address, uid: row.uid, created_at: now, ...used });
    }
    snapshot.record({
      organization: DEFAULT_ORGANIZATION,
      at: now,
      actor: DAEMON,
      actor_token: null,
      action,
      address,
      outcome: stored === undefined ? 'created' : 'updated',
      request_id: requestId,
      details: {},
    });
  };
}
