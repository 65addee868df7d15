/** Rows and operations from which the store's tests are built. */
import type { AuditEvent, Resource, Secret } from '../../daemon/domain/model.ts';
import type { Operation, Snapshot, Store } from '../../daemon/domain/snapshot.ts';

export const ORGANIZATION = 'organizations/acme';

/** An account of `ORGANIZATION`, or what `fields` make of it. */
export function account(name: string, fields: Partial<Resource> = {}): Resource {
  return {
    address: `${ORGANIZATION}/accounts/${name}`,
    kind: 'service_account',
    organization: ORGANIZATION,
    parent: ORGANIZATION,
    name,
    uid: `uid-${name}`,
    revision: 1,
    created_at: 1_700_000_000_000,
    created_by: 'root@default.accredit.internal',
    updated_at: 1_700_000_000_001,
    managed_by: null,
    claim: null,
    attributes: {},
    state: {},
    owner: false,
    valid_until: null,
    keys: [],
    ...fields,
  };
}

export function secret(hash: string, fields: Partial<Secret> = {}): Secret {
  return {
    hash,
    address: `${ORGANIZATION}/accounts/ci/tokens/deploy`,
    uid: 'uid-token',
    created_at: 1,
    last_used_at: null,
    last_used_ip: null,
    ...fields,
  };
}

export function auditEvent(address: string, fields: Partial<AuditEvent> = {}): AuditEvent {
  return {
    organization: ORGANIZATION,
    at: 1,
    actor: 'root@default.accredit.internal',
    actor_token: null,
    action: 'create',
    address,
    outcome: 'created',
    request_id: 'request-1',
    details: {},
    ...fields,
  };
}

/** An operation that knows beforehand of nothing that it needs. */
export function operation<T>(decide: (snapshot: Snapshot) => T, needs: Operation<T>['needs'] = {}): Operation<T> {
  return { needs, organizations: [ORGANIZATION], decide };
}

/** Puts the resource and records it. Answers its address. */
export function create(resource: Resource): Operation<string> {
  return operation((snapshot) => {
    snapshot.put(resource);
    snapshot.record(auditEvent(resource.address));
    return resource.address;
  });
}

/** Creates the resource with revision 1 or counts its revision up. Answers the revision. */
export function count(name: string): Operation<number> {
  return operation((snapshot) => {
    const before = snapshot.resource(account(name).address);
    const revision = (before?.revision ?? 0) + 1;
    snapshot.put(account(name, { revision }));
    return revision;
  });
}

/** A resource as a reader sees it. */
export function readResource(store: Store, address: string): Promise<Resource | undefined> {
  return store.reader.read({ needs: {}, decide: (snapshot) => snapshot.resource(address) });
}

/** Every account of `ORGANIZATION`, page by page. */
export async function allAccounts(store: Store, pageSize = 1000): Promise<Resource[]> {
  const all: Resource[] = [];
  for (;;) {
    const after = all.at(-1)?.address;
    const page = await store.reader.list({
      kinds: ['service_account'],
      parent: ORGANIZATION,
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}

/** What the promise rejects with. Throws if it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (answer) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(answer)}`);
    },
    (error: Error) => error,
  );
}
