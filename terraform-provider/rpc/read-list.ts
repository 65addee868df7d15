/** Lists: all resources of a kind in one place, page after page. */
import type { Client, ListOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { type TerraformSchema, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject, Kind, ListFilter } from '../../terraform-provider-spec/kind.ts';
import { kindNamed, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import type { Diagnostic, ReadDataSourceResponse } from '../plugin/messages.ts';
import type { Unknown, Value, ValueRecord } from '../values/value.ts';
import { error, failure, pathTo } from './diagnostics.ts';
import { encodeState, stateOf } from './mapping.ts';
import { dataSourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { refusedAltogether } from './whereabouts.ts';

/** Where resources of a kind are listed. */
export interface Place {
  /** Of which they are, or below which they lie; `''` for that of all organizations. */
  readonly parent: string;
  /** What lies deeper is listed together with what others have there. */
  readonly isMixed: boolean;
}

/** The place that a configuration names; `undefined` while the organization is unknown. */
export function placeOf(
  { kind, attributes }: TerraformSchema,
  config: ValueRecord,
  organization: string | Unknown,
): Place | undefined {
  const names: Record<string, string> = {};
  for (const { name, source } of attributes) {
    if (source.from !== 'name') continue;
    const value = config[name] ?? (source.parameter === 'organization' ? organization : null);
    if (value === null) continue;
    if (typeof value !== 'string') return undefined;
    names[source.parameter] = value;
  }
  const above = lineage(kind).slice(0, -1);
  const given = above.filter(({ parameter }) => parameter in names);
  const parent = given.at(-1);
  return { parent: parent === undefined ? '' : formatAddress(parent, names), isMixed: given.length < above.length };
}

interface Listing {
  readonly session: Session;
  readonly client: Client;
  readonly schema: TerraformSchema;
  readonly config: ValueRecord;
  readonly place: Place;
  readonly signal: AbortSignal;
}

/** What the filters keep, in the order of addresses, as the API answers it. Rejects like the client. */
export async function* listed(
  { client, schema, config, place, signal }: Omit<Listing, 'session'>,
  options: Pick<ListOptions, 'view' | 'limit'> = {},
): AsyncGenerator<JsonObject> {
  const { kind } = schema;
  for await (const resource of client.list(collectionOf(kind, place), {
    ...options,
    signal,
    ...filtersOf(schema, config),
  })) {
    if (!place.isMixed || resource.kind === kind.kind) yield resource;
  }
}

/** What is said of a list that could not be read. Rejects with what `failure` throws. */
export async function listFailure(
  cause: unknown,
  { session, client, schema, config, place, signal }: Listing,
): Promise<Diagnostic[]> {
  const { kind } = schema;
  const isAbsent = cause instanceof ApiError && cause.code === 'not-found';
  const refusal = isAbsent ? await refusedAltogether(session, client, signal) : cause;
  if (refusal === undefined) return [noSuchParent(kind, place)];
  return failure(refusal, { schema, action: 'list', address: collectionOf(kind, place), config });
}

/** Everything that the filters keep, in the order of addresses. What was not configured of the place is filled in. */
export async function readList(listing: Listing): Promise<ReadDataSourceResponse> {
  const { schema, config, place } = listing;
  const single = dataSourceOf(terraformType(schema.kind));
  const isVolatile = single.attributes.some(({ api }) => api?.volatile === true);
  const items: ValueRecord[] = [];
  try {
    for await (const resource of listed(listing, isVolatile ? { view: 'full' } : {}))
      items.push(itemOf(single, resource));
  } catch (cause) {
    return { diagnostics: await listFailure(cause, listing) };
  }
  const organization = place.parent.split('/')[1] ?? null;
  return { state: encodeState(schema, { ...config, ...('organization' in config && { organization }), items }) };
}

function collectionOf(kind: Kind, { parent }: Place): string {
  return [parent, kind.collection].filter((part) => part !== '').join('/');
}

function itemOf(single: TerraformSchema, resource: JsonObject): ValueRecord {
  return stateOf(single, resource, String(resource.address), {});
}

function filtersOf({ attributes }: TerraformSchema, config: ValueRecord): Pick<ListOptions, 'labels' | 'filters'> {
  const filters: Partial<Record<ListFilter, string>> = {};
  let labels: string[] = [];
  for (const { name, source } of attributes) {
    const value = config[name] ?? null;
    if (source.from !== 'filter' || value === null) continue;
    if (source.filter === 'label') labels = (value as Value[]).map(String);
    else filters[source.filter] = String(value);
  }
  return { labels, filters };
}

function noSuchParent(kind: Kind, { parent, isMixed }: Place) {
  const above = isMixed ? kindNamed('organization') : kindNamed(kind.parent ?? 'organization');
  return error(
    `No such ${above.title}`,
    `There is no ${parent}, or the provider's token cannot see it.`,
    pathTo(above.parameter),
  );
}
