/** Lists: pages of what the caller may see, in the order of addresses, and counts of tokens. */
import { ancestorsOf, organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed, TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { allows } from '../../terraform-provider-spec/permission.ts';
import type { Caller, CountRequest, Filters, ListRequest, Page } from './api.ts';
import { canRead, notFound, requireOrganizationPermission, requirePermission } from './authority.ts';
import { builtInNames, builtInResource } from './built-in.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { filterOf } from './filters.ts';
import type { Ambient } from './identity.ts';
import { mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { authenticate, ownsInstallation, type Principal, permissionsAt } from './principal.ts';
import { authenticated, existing, type Read } from './read.ts';
import { organizationPlace, placeOf } from './scopes.ts';
import type { Needs, Reader, Snapshot } from './snapshot.ts';
import { tokenState } from './token-state.ts';
import { present } from './view.ts';

/** Rows read at a time: a filter that few match should not cost a query for each. */
const LEAST_SCANNED = 100;
const COUNTED_AT_A_TIME = 1000;

/** A page of a list, by address. `read` runs an operation on a snapshot. Throws `invalid-query`. */
export async function listPage(ambient: Ambient, reader: Reader, read: Read, request: ListRequest): Promise<Page> {
  const kinds = request.kinds.map(kindNamed);
  const name = listName(request);
  const start = request.cursor === undefined ? undefined : (decodeCursor(request.cursor, name) as string);
  const chunk = Math.max(request.limit + 1, LEAST_SCANNED);
  const items: JsonObject[] = [];
  let last = start;
  for await (const { row, item } of scan(ambient, reader, read, { ...request, kinds, start, chunk })) {
    // One more than fits is there, so a next page has something to hold.
    if (items.length === request.limit) return { items, next_cursor: encodeCursor(name, last as string) };
    items.push(item);
    last = row.address;
  }
  return { items, next_cursor: null };
}

/** How many tokens of an organization the caller may see and the filters keep: all, and by kind, status and use. */
export async function countTokens(
  ambient: Ambient,
  reader: Reader,
  read: Read,
  request: CountRequest,
): Promise<JsonObject> {
  const { organization } = request;
  const counts = { total: 0, never_expires: 0, never_used: 0 };
  const byKind: Record<string, number> = Object.fromEntries(TOKEN_KINDS.map(({ kind }) => [kind, 0]));
  const byStatus: Record<string, number> = { active: 0, expired: 0, revoked: 0, disabled: 0 };
  const all = { ...request, kinds: TOKEN_KINDS, parent: organization, everywhere: true, view: 'full' } as const;
  for await (const { row, item } of scan(ambient, reader, read, {
    ...all,
    start: undefined,
    chunk: COUNTED_AT_A_TIME,
  })) {
    counts.total += 1;
    if (row.valid_until === null) counts.never_expires += 1;
    if (item.usage === 'never') counts.never_used += 1;
    byKind[row.kind] = (byKind[row.kind] ?? 0) + 1;
    byStatus[String(item.status)] = (byStatus[String(item.status)] ?? 0) + 1;
  }
  return { ...counts, by_kind: byKind, by_status: byStatus };
}

interface Scan extends Filters {
  readonly caller: Caller;
  readonly kinds: readonly Kind[];
  readonly parent: string;
  readonly everywhere?: boolean;
  readonly names?: readonly string[];
  readonly view?: 'full';
  readonly start: string | undefined;
  /** Rows read at a time. */
  readonly chunk: number;
}

/** Everything that the caller may see and the filters keep, in the order of addresses. */
async function* scan(
  ambient: Ambient,
  reader: Reader,
  read: Read,
  query: Scan,
): AsyncGenerator<{ readonly row: Resource; readonly item: JsonObject }> {
  const { caller, kinds, parent, chunk, view } = query;
  const wanted = filterOf(kinds, query);
  const needs = { resources: parent === '' ? [] : [parent] };
  const source = await read(
    authenticated(ambient, caller, needs, (snapshot, principal) => sourceOf(snapshot, principal, reader, query)),
  );
  for (let scanned = query.start; ; ) {
    const rows = await source.rows(scanned, chunk);
    const shown = await read({
      needs: needsOf(rows),
      decide(snapshot) {
        const now = ambient.now();
        // Looked at again for each page: a right that is gone meanwhile shows no more.
        const principal = source.isFiltered ? authenticate(snapshot, ambient, caller, AUDIENCES) : undefined;
        return mapLoaded(rows, (row) => {
          if (principal !== undefined && !canRead(snapshot, principal, row.address)) return undefined;
          const full = present(snapshot, row, { now, view: 'full' });
          if (!wanted({ snapshot, row, shown: full, now })) return undefined;
          return view === 'full' ? full : present(snapshot, row, { now });
        });
      },
    });
    for (const [index, item] of shown.entries()) if (item !== undefined) yield { row: rows[index] as Resource, item };
    scanned = rows.at(-1)?.address;
    if (rows.length < chunk) return;
  }
}

const AUDIENCES = ['api'] as const;

interface Source {
  rows(after: string | undefined, limit: number): Promise<readonly Resource[]>;
  /** Whether the caller sees only some of the rows. */
  readonly isFiltered: boolean;
}

/** Where the rows come from, once it is clear that the caller may list them. */
function sourceOf(
  snapshot: Snapshot,
  principal: Principal,
  reader: Reader,
  { kinds, parent, everywhere, names }: Scan,
): Source {
  const from = (place: { parent: string } | { organization: string }): Source['rows'] =>
    names === undefined
      ? (after, limit) =>
          reader.list({ kinds: kinds.map(({ kind }) => kind), ...place, limit, ...(after !== undefined && { after }) })
      : named(reader, kinds, parent, names);
  if (parent === '') {
    const own = principal.organization;
    requireOrganizationPermission(principal, own.address, `${kinds[0]?.noun}.read`);
    if (ownsInstallation(principal)) return { rows: from({ parent }), isFiltered: false };
    const rows = isNamed(own.address, names) ? [own] : [];
    return { rows: async (after) => rows.filter(({ address }) => isAfter(address, after)), isFiltered: false };
  }
  const isFiltered = requireList(snapshot, principal, kinds, parent);
  const above = snapshot.resource(parent);
  if (above === undefined) throw notFound(existing(snapshot, parent));
  const stored = from(everywhere === true ? { organization: parent } : { parent });
  const builtIn = kinds.flatMap((kind) =>
    builtInNames(kind)
      .map((name) => builtInResource(above, kind, `${parent}/${kind.collection}/${name}`) as Resource)
      .filter(({ address }) => isNamed(address, names)),
  );
  if (builtIn.length === 0) return { rows: stored, isFiltered };
  return {
    isFiltered,
    rows: async (after, limit) =>
      [...builtIn.filter(({ address }) => isAfter(address, after)), ...(await stored(after, limit))]
        .sort((left, right) => (left.address < right.address ? -1 : 1))
        .slice(0, limit),
  };
}

/** The stored resources with these names, read by their addresses however many others there are. */
function named(reader: Reader, kinds: readonly Kind[], parent: string, names: readonly string[]): Source['rows'] {
  const below = parent === '' ? '' : `${parent}/`;
  const addresses = kinds
    .flatMap(({ collection }) => [...new Set(names)].map((name) => `${below}${collection}/${name}`))
    .sort();
  return async (after, limit) => {
    const resources = addresses.filter((address) => isAfter(address, after));
    const rows = await reader.read({
      needs: { resources },
      decide: (snapshot) => resources.flatMap((address) => snapshot.resource(address) ?? []),
    });
    return rows.slice(0, limit);
  };
}

function isNamed(address: string, names: readonly string[] | undefined): boolean {
  return names === undefined || names.includes(address.slice(address.lastIndexOf('/') + 1));
}

function isAfter(address: string, after: string | undefined): boolean {
  return after === undefined || address > after;
}

/**
 * Throws unless the caller may list these kinds below `parent`; answers whether it may see only some. What lies in an
 * organization is listed as far as it may be read; the tokens of one holder are where that holder is.
 */
function requireList(snapshot: Snapshot, principal: Principal, kinds: readonly Kind[], parent: string): boolean {
  if (parent !== organizationOf(parent)) {
    for (const { noun, token } of kinds) {
      if (token?.selfService && parent === principal.holder.address) continue;
      requirePermission(principal, parent, placeOf(snapshot, parent), `${noun}.read`);
    }
    return false;
  }
  const held = permissionsAt(principal, organizationPlace(parent));
  const readable = kinds.filter(({ noun }) => allows(held, `${noun}.read`));
  if (readable.length === kinds.length) return principal.isolatedTo !== null;
  const isHome = principal.organization.address === parent;
  const somewhere = kinds.some(
    ({ noun, token }) =>
      (isHome && token?.selfService && principal.holder.kind === 'user') ||
      principal.carried.some(({ permissions }) => isHome && allows(permissions, `${noun}.read`)),
  );
  if (!somewhere && readable.length === 0) requireOrganizationPermission(principal, parent, `${kinds[0]?.noun}.read`);
  return true;
}

function needsOf(rows: readonly Resource[]): Needs {
  const above = new Set(rows.flatMap((row) => ancestorsOf(row.address)));
  const tokens = rows.filter((row) => kindNamed(row.kind).token !== undefined);
  const hashes = tokens.flatMap((row) => {
    const { current, previous } = tokenState(row);
    return previous === null ? [current.hash] : [current.hash, previous.hash];
  });
  return { resources: [...above], revocations: tokens.map((row) => row.address), secrets: hashes };
}

function listName({ kinds, parent, everywhere }: ListRequest): string {
  return `${kinds.join(',')}:${parent}${everywhere === true ? ':everywhere' : ''}`;
}
