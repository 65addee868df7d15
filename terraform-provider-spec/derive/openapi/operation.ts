import type { JsonObject } from '../../kind.ts';
import type { ProblemCode } from '../../problem-codes.ts';
import { ALWAYS, problems, schemaReference } from './responses.ts';

export interface OperationDescription {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the caller must hold. */
  readonly permission?: string;
  /** What the caller must hold instead where nothing is there yet. */
  readonly permissionToCreate?: string;
  readonly parameters?: readonly JsonObject[];
  readonly body?: RequestBody;
  /** By status. */
  readonly answers: Readonly<Record<number, JsonObject>>;
  readonly problems: readonly ProblemCode[];
  /** For whom the resource belongs to, with whatever rights. */
  readonly selfService?: boolean;
  /** Open to everybody: no credential is read. */
  readonly open?: true;
}

export interface RequestBody {
  readonly required: boolean;
  readonly schema: JsonObject;
  /** JSON alone, if left out. */
  readonly mediaTypes?: readonly string[];
}

/** What a read of something under an organization can meet. */
export const READS: readonly ProblemCode[] = [
  ...ALWAYS,
  'invalid-address',
  'invalid-header',
  'invalid-query',
  'forbidden',
  'not-found',
];

/** What a write there can meet, besides trouble with its body. */
export const WRITES: readonly ProblemCode[] = [...READS, 'request-in-progress', 'idempotency-key-reused'];

/** An OpenAPI operation object. */
export function operation(described: OperationDescription): JsonObject {
  const { id, tag, summary, description, permission, permissionToCreate, body, answers } = described;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(permission !== undefined && { 'x-accredit-permission': permission }),
    ...(permissionToCreate !== undefined && { 'x-accredit-permission-to-create': permissionToCreate }),
    ...(described.selfService && { 'x-accredit-self-service': true }),
    ...(described.open && { security: [] }),
    ...(described.parameters !== undefined && { parameters: [...described.parameters] }),
    ...(body !== undefined && { requestBody: requestBody(body) }),
    responses: { ...answers, ...problems(described.problems) },
  };
}

/** What a write answers: the resource, or with `dry_run` what would happen. */
export function changesOf(resource: JsonObject): JsonObject {
  return { anyOf: [resource, schemaReference('DryRun')] };
}

function requestBody({ required, schema, mediaTypes = ['application/json'] }: RequestBody): JsonObject {
  return { required, content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }])) };
}
