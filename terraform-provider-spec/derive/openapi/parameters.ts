/** The contract's headers and query parameters as OpenAPI components, under the names by which operations refer to them. */
import { FORMATS } from '../../formats.ts';
import type { JsonObject, Kind } from '../../kind.ts';
import { filterValues, LIST_FILTERS, MOST_NAMES, sharedFilters } from '../../list-filters.ts';
import { MANAGER } from '../../requests.ts';

const TRUE_OR_FALSE: JsonObject = { type: 'string', enum: ['true', 'false'] };
const VISIBLE: JsonObject = { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' };
const VISIBLE_OR_EMPTY: JsonObject = { type: 'string', pattern: '^[\\x21-\\x7e]{0,255}$' };
const TIMESTAMP: JsonObject = { type: 'string', ...FORMATS.timestamp.schema };
const NAME: JsonObject = { type: 'string', ...FORMATS.name.schema };

/** Request headers by component name. */
const HEADERS = {
  Claim: header('Accredit-Claim', VISIBLE, [
    'A fresh random text for each creation. A PUT with another claim than the stored one takes the resource over:',
    'a token gets a new secret, anything else converges. Without it the stored claim stays.',
  ]),
  Manager: header('Accredit-Manager', { type: 'string', pattern: MANAGER.pattern.source }, [
    'Who declares the resource. The first manager of a resource is stored, and others are refused.',
  ]),
  Adopt: header('Accredit-Adopt', TRUE_OR_FALSE, [
    '`true` takes over a resource that another manager, or nobody, declares.',
  ]),
  AllowSelf: header('Accredit-Allow-Self', TRUE_OR_FALSE, [
    '`true` lets a request end the very credential that it is made with.',
  ]),
  IdempotencyKey: header('Idempotency-Key', VISIBLE, [
    'Makes a retry safe: for 24 hours the same request with the same key gets the first answer again, its secret included.',
  ]),
  IfMatch: header('If-Match', { type: 'string' }, [
    'Entity tags, one of which must be that of the stored state; or `*`.',
  ]),
  IfNoneMatch: header('If-None-Match', { type: 'string', const: '*' }, [
    '`*`: create, and change nothing that exists.',
  ]),
} as const satisfies Record<string, JsonObject>;

/** Query parameters by component name. */
const QUERY = {
  DryRun: query('dry_run', TRUE_OR_FALSE, ['`true` answers what would happen, and changes nothing.']),
  DeleteClaim: query('claim', VISIBLE_OR_EMPTY, [
    'Delete only what the creation with this claim made: the resource while that is its claim,',
    "a token's previous secret while that claim made it, else nothing. Empty: what was made without a claim.",
  ]),
  Cascade: query('cascade', TRUE_OR_FALSE, [
    '`false` refuses to delete an owner of live tokens instead of deleting them too.',
  ]),
  Revoke: query('revoke', TRUE_OR_FALSE, [
    '`true` revokes a live token first, where its profile lets only a revoked or expired one be deleted.',
  ]),
  View: query('view', { type: 'string', const: 'full' }, [
    '`full` adds what changes without anybody writing, such as the last use.',
  ]),
  Limit: query('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }, ['Most items of a page.']),
  Cursor: query('cursor', { type: 'string', maxLength: 512 }, ['`next_cursor` of the page before.']),
  Label: {
    ...query('label', { type: 'array', items: { type: 'string' } }, [
      'Only resources with this label: `key`, or `key:value`. Given several times, all of them.',
    ]),
    style: 'form',
    explode: true,
  },
  Name: {
    ...query('name', { type: 'array', items: NAME, maxItems: MOST_NAMES }, [
      'Only the resource with this name. Given several times, each of them that is there.',
    ]),
    style: 'form',
    explode: true,
  },
  AuditAddress: query('address', { type: 'string', maxLength: 512 }, ['Only events about this address.']),
  AskedOrganization: query('organization', { ...NAME, default: 'default' }, ['The organization in which is asked.']),
  AskedPermission: query('permission', { type: 'string', ...FORMATS.permission.schema }, [
    'The permission that is asked for; only whether the token is good, if left out.',
  ]),
  AskedScope: query('scope', { type: 'string', pattern: '^[a-z0-9._/-]{1,512}$', default: 'organization' }, [
    'Where: `organization`, `projects/x`, `teams/x`, `apps/x`, or a full address, which lies in `organization` if that is given.',
  ]),
} as const satisfies Record<string, JsonObject>;

export type ParameterName = keyof typeof HEADERS | keyof typeof QUERY;

/** `components.parameters`. */
export const PARAMETERS: JsonObject = { ...HEADERS, ...QUERY };

/** The headers of every write. */
export const WRITE_HEADERS: readonly ParameterName[] = ['Manager', 'Adopt', 'AllowSelf', 'IdempotencyKey'];

/** References to components. */
export function parameters(...names: readonly ParameterName[]): JsonObject[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The names along a path, as its parameters. */
export function pathParameters(levels: readonly Pick<Kind, 'parameter' | 'title'>[]): JsonObject[] {
  return levels.map(({ parameter, title }) => ({
    name: parameter,
    in: 'path',
    required: true,
    description: `The name of the ${title}.`,
    schema: NAME,
  }));
}

/** The filters of lists of these kinds. */
export function filterParameters(kinds: readonly Kind[]): JsonObject[] {
  const [first] = kinds;
  return sharedFilters(kinds).map((filter) => {
    const { form, description } = LIST_FILTERS[filter];
    const schemas: Record<typeof form, JsonObject> = {
      time: TIMESTAMP,
      flag: TRUE_OR_FALSE,
      attribute: { type: 'string', enum: [...filterValues(first as Kind, filter)] },
    };
    return query(filter, schemas[form], [description]);
  });
}

function header(name: string, schema: JsonObject, description: readonly string[]): JsonObject {
  return { name, in: 'header', description: description.join(' '), schema };
}

function query(name: string, schema: JsonObject, description: readonly string[]): JsonObject {
  return { name, in: 'query', description: description.join(' '), schema };
}
