import { IDENTITY_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-identity.ts';
import type { GetResourceIdentitySchemasResponse } from '../plugin/messages.ts';

const STRING = Buffer.from('"string"', 'utf8');

/** By which names each resource is known. */
export async function getResourceIdentitySchemas(): Promise<GetResourceIdentitySchemasResponse> {
  return {
    identity_schemas: Object.fromEntries(
      [...IDENTITY_SCHEMAS].map(([type, { version, attributes }]) => [
        type,
        {
          version,
          identity_attributes: attributes.map(({ name, description, required, optional }) => ({
            name,
            type: STRING,
            description,
            required_for_import: required,
            optional_for_import: optional,
          })),
        },
      ]),
    ),
  };
}
