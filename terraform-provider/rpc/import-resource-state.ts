import { type Address, AddressError, parseAddress } from '../../terraform-provider-spec/address.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import { type TerraformSchema, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import { lineage } from '../../terraform-provider-spec/kinds/index.ts';
import type { ImportResourceStateRequest, ImportResourceStateResponse } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { error } from './diagnostics.ts';
import { addressOfIdentity, identityOf } from './identity.ts';
import { encodeState } from './mapping.ts';
import { encodePrivate } from './private-state.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';

/** Starts an import from an address, or from the names along it; what is there is read afterwards. The first write then adopts it. */
export async function importResourceState(
  session: Session,
  { type_name, id, identity }: ImportResourceStateRequest,
): Promise<ImportResourceStateResponse> {
  const schema = resourceOf(type_name);
  let address: Address;
  try {
    const named =
      identity?.identity_data === undefined ? id.trim() : addressOfIdentity(schema, identity, session.organization);
    address = parseAddress(named);
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause;
    return refusal(schema, `${cause.fault.charAt(0).toUpperCase()}${cause.fault.slice(1)}.`);
  }
  if (address.kind !== schema.kind) {
    const { kind } = address;
    return refusal(
      schema,
      `${address.text} is the address of ${withArticle(kind.title)}, which ${terraformType(kind)} stands for.`,
    );
  }
  return {
    imported_resources: [
      {
        type_name,
        state: encodeState(schema, startingState(schema, address)),
        private: encodePrivate({ imported: true }),
        identity: identityOf(schema, address.text),
      },
    ],
  };
}

/** Settings of the provider's own start with their default: nothing else could be read for them. */
function startingState(schema: TerraformSchema, { names, text }: Address): ValueRecord {
  const state: ValueRecord = {};
  for (const { name, source } of schema.attributes) {
    if (source.from === 'address') state[name] = text;
    if (source.from === 'name') state[name] = names[source.parameter] ?? null;
    if (source.from === 'option') state[name] = source.default;
  }
  return state;
}

function refusal({ kind, type }: TerraformSchema, detail: string): ImportResourceStateResponse {
  const shape = lineage(kind)
    .map(({ collection, parameter }) => `${collection}/${parameter.toUpperCase()}`)
    .join('/');
  return {
    diagnostics: [
      error('This is no address to import', `${detail} ${type} is imported as: terraform import ${type}.NAME ${shape}`),
    ],
  };
}
