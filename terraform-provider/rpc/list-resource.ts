import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { CallContext, ListResourceEvent, ListResourceRequest } from '../plugin/messages.ts';
import { error } from './diagnostics.ts';
import { identityOf } from './identity.ts';
import { decodeState, encodeState, stateOf } from './mapping.ts';
import { listed, listFailure, placeOf } from './read-list.ts';
import { listResourceOf, resourceOf } from './schemas.ts';
import type { Session } from './session.ts';

/** Who is named as the creator of what is built in. */
const NOBODY = 'accredit';
const LARGEST_PAGE = 500;

/** Finds what is there and could be imported, one event each, as it comes from the daemon. */
export async function* listResource(
  session: Session,
  { type_name, config, include_resource_object: withObject, limit }: ListResourceRequest,
  { signal }: CallContext,
): AsyncGenerator<ListResourceEvent> {
  const schema = listResourceOf(type_name);
  const given = decodeState(schema, config) ?? {};
  const { client, organization } = session;
  const place = placeOf(schema, given, organization);
  if (client === undefined || place === undefined) {
    const detail = "The provider's configuration depends on something that is known only after an apply.";
    yield { diagnostic: [error('Nothing can be listed yet', detail)] };
    return;
  }
  const listing = { session, client, schema, config: given, place, signal };
  const resource = resourceOf(type_name);
  let left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  try {
    for await (const found of listed(listing, { limit: Math.min(left, LARGEST_PAGE) })) {
      if (schema.kind.hasBuiltIn && found.created_by === NOBODY) continue;
      yield eventOf(resource, found, withObject);
      left -= 1;
      if (left === 0) return;
    }
  } catch (cause) {
    yield { diagnostic: await listFailure(cause, listing) };
  }
}

function eventOf(schema: TerraformSchema, found: JsonObject, withObject: boolean): ListResourceEvent {
  const address = String(found.address);
  return {
    identity: identityOf(schema, address) ?? {},
    display_name: String(found.display_name ?? found.name),
    ...(withObject ? { resource_object: encodeState(schema, stateOf(schema, found, address, {})) } : {}),
  };
}
