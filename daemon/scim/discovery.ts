/** What the service tells about itself (RFC 7644, section 4): derived from the description of the attributes. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ScimAttribute, ScimResourceType, ScimSchema } from './attributes.ts';
import { LARGEST_PAGE } from './list.ts';
import { RESOURCE_TYPES, SCHEMAS } from './schemas.ts';

const SERVICE_PROVIDER_CONFIG_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const SCHEMA_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** What of the protocol is supported (RFC 7643, section 5). `base` is the address under which SCIM is served. */
export function serviceProviderConfig(base: string): JsonObject {
  return {
    schemas: [SERVICE_PROVIDER_CONFIG_SCHEMA],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: LARGEST_PAGE },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'A token for SCIM in the header Authorization.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

/** Every schema (RFC 7643, section 7), in the order User, Group, EnterpriseUser. */
export function schemas(base: string): JsonObject[] {
  return SCHEMAS.map((schema) => schemaResource(schema, base));
}

/** The schema with this URN; `undefined` if there is none. */
export function schema(base: string, id: string): JsonObject | undefined {
  const found = SCHEMAS.find((candidate) => candidate.id.toLowerCase() === id.toLowerCase());
  return found && schemaResource(found, base);
}

/** Every resource type (RFC 7643, section 6). */
export function resourceTypes(base: string): JsonObject[] {
  return RESOURCE_TYPES.map((type) => resourceTypeResource(type, base));
}

/** The resource type with this id, `User` or `Group`; `undefined` if there is none. */
export function resourceType(base: string, id: string): JsonObject | undefined {
  const found = RESOURCE_TYPES.find(({ name }) => name === id);
  return found && resourceTypeResource(found, base);
}

function schemaResource({ id, name, description, attributes }: ScimSchema, base: string): JsonObject {
  return {
    schemas: [SCHEMA_SCHEMA],
    id,
    name,
    description,
    attributes: attributes.map(characteristics),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  };
}

/** An attribute with all its characteristics (RFC 7643, section 7). */
function characteristics(attribute: ScimAttribute): JsonObject {
  const { name, type, multiValued, description, required, canonicalValues, caseExact } = attribute;
  const { mutability, returned, uniqueness, referenceTypes, subAttributes } = attribute;
  return {
    name,
    type,
    multiValued,
    description,
    required,
    ...(canonicalValues !== undefined && { canonicalValues: [...canonicalValues] }),
    ...((type === 'string' || type === 'reference') && { caseExact }),
    mutability,
    returned,
    uniqueness,
    ...(referenceTypes !== undefined && { referenceTypes: [...referenceTypes] }),
    ...(subAttributes !== undefined && { subAttributes: subAttributes.map(characteristics) }),
  };
}

function resourceTypeResource(type: ScimResourceType, base: string): JsonObject {
  const { name, endpoint, description, schema, extensions } = type;
  return {
    schemas: [RESOURCE_TYPE_SCHEMA],
    id: name,
    name,
    endpoint,
    description,
    schema: schema.id,
    schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  };
}
