import { ApiError } from '../../client/errors.ts';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { CallContext, ReadDataSourceRequest, ReadDataSourceResponse } from '../plugin/messages.ts';
import type { Unknown, ValueRecord } from '../values/value.ts';
import { error, failure, pathTo } from './diagnostics.ts';
import { decodeState, encodeState, stateOf } from './mapping.ts';
import { placeOf, readList } from './read-list.ts';
import { dataSourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { refusedAltogether } from './whereabouts.ts';

/** Looks a resource up by its names, or all that there are, with what changes without anybody writing. */
export async function readDataSource(
  session: Session,
  { type_name, config }: ReadDataSourceRequest,
  { signal }: CallContext,
): Promise<ReadDataSourceResponse> {
  const schema = dataSourceOf(type_name);
  const { client } = session;
  const given = decodeState(schema, config) ?? {};
  if (schema.lists) {
    const place = placeOf(schema, given, session.organization);
    if (client === undefined || place === undefined) return TOO_EARLY;
    return readList({ session, client, schema, config: given, place, signal });
  }
  const address = addressOf(schema, given, session.organization);
  if (client === undefined || address === undefined) return TOO_EARLY;
  const isVolatile = schema.attributes.some(({ api }) => api?.volatile === true);
  try {
    const { resource } = await client.get(address, { signal, ...(isVolatile ? { view: 'full' } : {}) });
    return { state: encodeState(schema, stateOf(schema, resource, address, {})) };
  } catch (cause) {
    const isAbsent = cause instanceof ApiError && cause.code === 'not-found';
    const refusal = isAbsent ? await refusedAltogether(session, client, signal) : cause;
    if (refusal === undefined) {
      const detail = `There is no ${address}, or the provider's token cannot see it.`;
      return { diagnostics: [error(`No such ${schema.kind.title}`, detail, pathTo('name'))] };
    }
    return { diagnostics: failure(refusal, { schema, action: 'read', address }) };
  }
}

const TOO_EARLY: ReadDataSourceResponse = {
  diagnostics: [
    error(
      'The data source cannot be read yet',
      "The provider's configuration depends on something that is known only after an apply, but data sources are read before.",
    ),
  ],
};

/** `undefined` while the provider's organization is unknown and the configuration names none. */
function addressOf(schema: TerraformSchema, config: ValueRecord, organization: string | Unknown): string | undefined {
  const names: Record<string, string> = {};
  for (const { name, source } of schema.attributes) {
    if (source.from !== 'name') continue;
    const value = config[name] ?? organization;
    if (typeof value !== 'string') return undefined;
    names[source.parameter] = value;
  }
  return formatAddress(schema.kind, names);
}
