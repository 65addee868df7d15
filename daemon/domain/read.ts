/** Reads: one resource, and pages of them. */
import { ancestorsOf, organizationOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { formatTimestamp, timestampMs } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { AuditRequest, Caller, ListRequest, Page } from './api.ts';
import { notFound, requirePermission } from './authority.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Ambient } from './identity.ts';
import type { Resource, StoredAuditEvent } from './model.ts';
import { authenticate, ownsInstallation, type Principal, presentedHash } from './principal.ts';
import { Problem } from './problem.ts';
import { BUILT_IN_ROLES, builtInRole } from './roles.ts';
import type { Needs, Operation, Reader, Snapshot } from './snapshot.ts';
import { etagOf, present } from './view.ts';

/** The operation of a GET of one resource: a point read. */
export function getOperation(
  ambient: Ambient,
  request: { caller: Caller; address: string; view?: 'full' },
): Pick<Operation<{ resource: JsonObject; etag: string }>, 'needs' | 'decide'> {
  const { kind, text: address } = parseAddress(request.address);
  return authenticated(
    ambient,
    request.caller,
    { resources: [address, ...ancestorsOf(address)], ...(kind.token && { revocations: [address] }) },
    (snapshot, principal) => {
      requirePermission(principal, address, `${kind.noun}.read`);
      const resource = find(snapshot, kind, address);
      if (resource === undefined) throw notFound(existing(snapshot, address));
      return {
        resource: present(snapshot, resource, { now: ambient.now(), view: request.view }),
        etag: etagOf(resource),
      };
    },
  );
}

/** An operation on a read-only snapshot that begins with who asks. */
export function authenticated<T>(
  ambient: Ambient,
  caller: Caller,
  needs: Needs,
  decide: (snapshot: Snapshot, principal: Principal) => T,
): Pick<Operation<T>, 'needs' | 'decide'> {
  const hash = presentedHash(ambient, caller.credential);
  return {
    needs: { ...needs, secrets: hash === undefined ? [] : [hash] },
    decide: (snapshot) => decide(snapshot, authenticate(snapshot, ambient, caller)),
  };
}

/** Rows read at a time: a filter that few match should not cost a query for each. */
const LEAST_SCANNED = 100;

/** A page of a collection, by address. `read` runs an operation on a snapshot. Throws `invalid-query`. */
export async function listPage(
  ambient: Ambient,
  reader: Reader,
  read: <T>(operation: Pick<Operation<T>, 'needs' | 'decide'>) => Promise<T>,
  request: ListRequest,
): Promise<Page> {
  const kind = kindNamed(request.kind);
  const wanted = filterOf(kind, request);
  const source = await read(
    authenticated(
      ambient,
      request.caller,
      { resources: request.parent === '' ? [] : [request.parent] },
      (snapshot, principal) => sourceOf(snapshot, principal, reader, kind, request),
    ),
  );
  const items: JsonObject[] = [];
  const name = listName(request);
  const start = request.cursor === undefined ? undefined : (decodeCursor(request.cursor, name) as string);
  const chunk = Math.max(request.limit + 1, LEAST_SCANNED);
  let last = start;
  for (let scanned = start; ; ) {
    const rows = await source(scanned, chunk);
    const shown = await read({
      needs: needsOf(kind, rows),
      decide: (snapshot) => rows.map((row) => shownWhen(ambient, snapshot, row, wanted, request)),
    });
    for (const [index, item] of shown.entries()) {
      if (item === undefined) continue;
      // One more than fits is there, so a next page has something to hold.
      if (items.length === request.limit) return { items, next_cursor: encodeCursor(name, last as string) };
      items.push(item);
      last = rows[index]?.address;
    }
    scanned = rows.at(-1)?.address;
    if (rows.length < chunk) return { items, next_cursor: null };
  }
}

/** A page of an organization's audit log, the newest events first. */
export async function auditPage(
  ambient: Ambient,
  reader: Reader,
  read: <T>(operation: Pick<Operation<T>, 'needs' | 'decide'>) => Promise<T>,
  request: AuditRequest,
): Promise<Page> {
  const organization = `organizations/${request.organization}`;
  const exists = await read(
    authenticated(ambient, request.caller, { resources: [organization] }, (snapshot, principal) => {
      requirePermission(principal, organization, 'audit-events.read');
      return snapshot.resource(organization) !== undefined;
    }),
  );
  const list = `audit:${organization}:${request.address ?? ''}`;
  const before = request.cursor === undefined ? undefined : (decodeCursor(request.cursor, list) as number);
  const events = await reader.audit({
    organization,
    limit: request.limit + 1,
    ...(before !== undefined && { before }),
    ...(request.address !== undefined && { address: request.address }),
  });
  // What happened in an organization can still be read when it is gone; of one that never was, there is nothing.
  if (!exists && events.length === 0) throw notFound(organization);
  const items = events.slice(0, request.limit);
  const more = events.length > request.limit;
  return {
    items: items.map(presentEvent),
    next_cursor: more ? encodeCursor(list, (items.at(-1) as StoredAuditEvent).id) : null,
  };
}

function presentEvent({ id, at, organization, ...event }: StoredAuditEvent): JsonObject {
  return { id: String(id), at: formatTimestamp(at), ...event };
}

function find(snapshot: Snapshot, kind: Kind, address: string): Resource | undefined {
  if (kind.kind !== 'role') return snapshot.resource(address);
  const organization = snapshot.resource(organizationOf(address));
  return (organization && builtInRole(organization, address)) ?? snapshot.resource(address);
}

/** What to name as missing: the organization if even that is not there, as for one that the caller may not see. */
function existing(snapshot: Snapshot, address: string): string {
  const organization = organizationOf(address);
  return snapshot.resource(organization) === undefined ? organization : address;
}

type Source = (after: string | undefined, limit: number) => Promise<readonly Resource[]>;

/** Where the rows come from, once it is clear that the caller may list them. */
function sourceOf(
  snapshot: Snapshot,
  principal: Principal,
  reader: Reader,
  kind: Kind,
  { parent, everywhere }: ListRequest,
): Source {
  if (parent === '') {
    if (ownsInstallation(principal)) {
      return (after, limit) => reader.list({ kind: kind.kind, parent, limit, ...(after !== undefined && { after }) });
    }
    requirePermission(principal, principal.organization.address, `${kind.noun}.read`);
    const own = principal.organization;
    return async (after) => (after === undefined || after < own.address ? [own] : []);
  }
  requirePermission(principal, parent, `${kind.noun}.read`);
  const above = snapshot.resource(parent);
  if (above === undefined) throw notFound(existing(snapshot, parent));
  if (kind.builtIn) {
    const roles = BUILT_IN_ROLES.map((name) => builtInRole(above, `${parent}/roles/${name}`) as Resource);
    return async (after, limit) => roles.filter((role) => after === undefined || role.address > after).slice(0, limit);
  }
  const place = everywhere === true ? { organization: parent } : { parent };
  return (after, limit) => reader.list({ kind: kind.kind, ...place, limit, ...(after !== undefined && { after }) });
}

function needsOf(kind: Kind, rows: readonly Resource[]): Needs {
  const above = new Set(rows.flatMap((row) => ancestorsOf(row.address)));
  if (kind.token === undefined) return { resources: [...above] };
  const hashes = rows.map((row) => (row.state as { current: { hash: string } }).current.hash);
  return { resources: [...above], revocations: rows.map((row) => row.address), secrets: hashes };
}

type Filter = (item: JsonObject) => boolean;

function shownWhen(
  ambient: Ambient,
  snapshot: Snapshot,
  row: Resource,
  wanted: Filter,
  request: ListRequest,
): JsonObject | undefined {
  const now = ambient.now();
  if (!wanted(present(snapshot, row, { now, view: 'full' }))) return undefined;
  return present(snapshot, row, { now, view: request.view });
}

function filterOf(kind: Kind, request: ListRequest): Filter {
  const filters: Filter[] = (request.labels ?? []).map((label) => {
    const colon = label.indexOf(':');
    const key = colon < 0 ? label : label.slice(0, colon);
    const value = colon < 0 ? undefined : label.slice(colon + 1);
    return (item) => {
      const labels = item.labels as Record<string, string>;
      return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
    };
  });
  if (request.status !== undefined) filters.push((item) => item.status === request.status);
  if (request.expiresBefore !== undefined) {
    const end = instant('expires_before', request.expiresBefore);
    filters.push((item) => item.valid_until !== null && timestampMs(item.valid_until as string) < end);
  }
  if (request.unusedSince !== undefined) {
    const since = instant('unused_since', request.unusedSince);
    filters.push((item) => item.last_used_at === null || timestampMs(item.last_used_at as string) < since);
  }
  const asked = { status: request.status, expires_before: request.expiresBefore, unused_since: request.unusedSince };
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined && !kind.filters?.some((filter) => filter === name)) {
      throw new Problem('invalid-query', `A list of ${kind.collection} has no filter "${name}".`);
    }
  }
  return (item) => filters.every((filter) => filter(item));
}

function instant(name: string, text: string): number {
  try {
    return timestampMs(text);
  } catch (cause) {
    throw new Problem('invalid-query', `"${name}" must be a time such as 2027-01-31T00:00:00Z.`, { cause });
  }
}

function listName({ kind, parent, everywhere }: ListRequest): string {
  return `${kind}:${parent}${everywhere === true ? ':everywhere' : ''}`;
}
