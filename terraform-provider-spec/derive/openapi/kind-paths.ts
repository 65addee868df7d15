/** The paths that follow from a kind: its resources, their collection, and what tokens have besides. */
import type { JsonObject, Kind } from '../../kind.ts';
import { childKinds, isReferenced, KINDS, kindNamed, lineage } from '../../kinds/index.ts';
import type { ProblemCode } from '../../problem-codes.ts';
import { changesOf, operation, READS, WRITES } from './operation.ts';
import { filterParameters, parameters, pathParameters, WRITE_HEADERS } from './parameters.ts';
import { answer, schemaReference } from './responses.ts';
import { schemaName } from './schemas.ts';

/** Path items by path. */
export type Paths = Record<string, JsonObject>;

/** The paths of one kind. */
export function kindPaths(kind: Kind): Paths {
  const above = kind.parent === undefined ? [] : lineage(kindNamed(kind.parent));
  return {
    [resourcePath(lineage(kind))]: {
      parameters: pathParameters(lineage(kind)),
      get: getOperation(kind),
      put: putOperation(kind),
      delete: deleteOperation(kind),
    },
    [`${resourcePath(above)}/${kind.collection}`]: {
      ...(above.length > 0 && { parameters: pathParameters(above) }),
      get: listOperation(kind, { id: `list${schemaName(kind)}s`, where: above.at(-1)?.title }),
    },
    ...(kind.token && tokenPaths(kind)),
  };
}

/** `/v1` and the path of names: `/v1/organizations/{organization}`. */
export function resourcePath(levels: readonly Pick<Kind, 'collection' | 'parameter'>[]): string {
  return `/v1${levels.map(({ collection, parameter }) => `/${collection}/{${parameter}}`).join('')}`;
}

function getOperation(kind: Kind): JsonObject {
  return operation({
    id: `get${schemaName(kind)}`,
    tag: kind.title,
    summary: `Read one ${kind.title}`,
    permission: `${kind.noun}.read`,
    parameters: parameters('View'),
    answers: { 200: answer(`The ${kind.title}.`, schemaReference(schemaName(kind)), ['ETag']) },
    problems: READS,
  });
}

function listOperation(kind: Kind, { id, where }: { id: string; where: string | undefined }): JsonObject {
  return operation({
    id,
    tag: kind.title,
    summary: where === undefined ? `List the ${kind.title}s` : `List the ${kind.title}s of one ${where}`,
    permission: `${kind.noun}.read`,
    parameters: [...parameters('Limit', 'Cursor', 'View', 'Label', 'Name'), ...filterParameters([kind])],
    answers: { 200: answer('One page.', schemaReference(`${schemaName(kind)}List`)) },
    problems: READS,
  });
}

function putOperation(kind: Kind): JsonObject {
  const made = changesOf(schemaReference(schemaName(kind)));
  const isRoot = kind.parent === undefined;
  return operation({
    id: `put${schemaName(kind)}`,
    tag: kind.title,
    summary: `Create one ${kind.title}, or converge it`,
    description:
      'The body is the whole desired state: an attribute that is missing or null takes its default. ' +
      'The same request again changes nothing.',
    permission: `${kind.noun}.write`,
    ...(isRoot && { permissionToCreate: 'organizations.create' }),
    parameters: parameters('DryRun', 'Claim', ...WRITE_HEADERS, 'IfMatch', 'IfNoneMatch'),
    body: { required: true, schema: schemaReference(`${schemaName(kind)}Body`) },
    answers: {
      200: answer(`The ${kind.title} as it now is, or with \`dry_run\` what would happen.`, made, WROTE),
      201: answer(`The ${kind.title}, created.`, schemaReference(schemaName(kind)), [...WROTE, 'Location']),
    },
    ...(kind.token?.selfService && { selfService: true }),
    problems: [...WRITES, ...BODIES, 'precondition-failed', 'managed-by-another', ...putProblems(kind)],
  });
}

function deleteOperation(kind: Kind): JsonObject {
  const isRoot = kind.parent === undefined;
  const ownsTokens = childKinds(kind).some(({ token }) => token !== undefined);
  return operation({
    id: `delete${schemaName(kind)}`,
    tag: kind.title,
    summary: `Delete one ${kind.title}, if it is there`,
    permission: isRoot ? 'organizations.delete' : `${kind.noun}.delete`,
    parameters: parameters(
      'DryRun',
      'DeleteClaim',
      'Cascade',
      ...(kind.token === undefined ? [] : (['Revoke'] as const)),
      ...WRITE_HEADERS,
      'IfMatch',
    ),
    answers: {
      200: answer('With `dry_run`: what would happen.', schemaReference('DryRun')),
      204: answer('It is not there any more, or never was.', undefined, ['Outcome', 'Replayed']),
    },
    problems: [
      ...WRITES,
      'precondition-failed',
      'managed-by-another',
      'last-owner',
      'own-credential',
      ...(ownsTokens ? (['live-tokens'] as const) : []),
      ...(isRoot ? (['in-use', 'default-organization'] as const) : []),
      ...(isReferenced(kind) ? (['in-use'] as const) : []),
      ...(kind.hasBuiltIn ? (['built-in'] as const) : []),
      ...(kind.token ? (['not-revoked'] as const) : []),
    ],
  });
}

function tokenPaths(kind: Kind): Paths {
  const own = resourcePath(lineage(kind));
  return {
    [`${own}/rotation`]: {
      parameters: pathParameters(lineage(kind)),
      post: rotateOperation(kind),
    },
    [`${own}/delivered`]: { parameters: pathParameters(lineage(kind)), post: deliverOperation(kind) },
    [`${own}/revocation`]: { parameters: pathParameters(lineage(kind)), ...revocationOperations(kind) },
  };
}

function rotateOperation(kind: Kind): JsonObject {
  return operation({
    id: `rotate${schemaName(kind)}`,
    tag: kind.title,
    summary: `Give one ${kind.title} a new secret`,
    description: 'The declared marker stays as it is, so the next PUT does not rotate again.',
    permission: `${kind.noun}.rotate`,
    parameters: parameters('DryRun', ...WRITE_HEADERS),
    body: { required: false, schema: schemaReference('RotationBody') },
    answers: {
      200: answer(`The ${kind.title} with its new secret.`, changesOf(schemaReference(schemaName(kind))), WROTE),
    },
    ...(kind.token?.selfService && { selfService: true }),
    problems: ROTATION_PROBLEMS,
  });
}

function deliverOperation(kind: Kind): JsonObject {
  return operation({
    id: `deliver${schemaName(kind)}`,
    tag: kind.title,
    summary: `Confirm that the secret of one ${kind.title} has reached those who need it`,
    description:
      'For a secret that was made by whoever applied a manifest: until this, the token is in `undelivered` and due to be ' +
      'rotated, since nobody may have its secret.',
    permission: `${kind.noun}.write`,
    parameters: parameters('DryRun', ...WRITE_HEADERS),
    body: { required: true, schema: schemaReference('DeliveryBody') },
    answers: { 200: answer(`The ${kind.title}.`, changesOf(schemaReference(schemaName(kind))), WROTE) },
    ...(kind.token?.selfService && { selfService: true }),
    problems: [...WRITES, ...BODIES, 'rotation-conflict'],
  });
}

function revocationOperations(kind: Kind): JsonObject {
  const tag = kind.title;
  return {
    get: operation({
      id: `get${schemaName(kind)}Revocation`,
      tag,
      summary: `Read the emergency revocation of one ${kind.title}`,
      permission: `${kind.noun}.read`,
      answers: { 200: answer('The revocation.', schemaReference('Revocation')) },
      problems: READS,
    }),
    put: operation({
      id: `revoke${schemaName(kind)}`,
      tag,
      summary: `Revoke one ${kind.title} in an emergency`,
      description:
        'It stops at once and stays so, whatever is declared, until the revocation is deleted. ' +
        'The token itself may ask for it without any permission.',
      permission: `${kind.noun}.revoke`,
      parameters: parameters('DryRun', ...WRITE_HEADERS),
      body: { required: true, schema: schemaReference('RevocationBody') },
      answers: { 200: answer('The revocation.', changesOf(schemaReference('Revocation')), ['Outcome', 'Replayed']) },
      problems: [...WRITES, ...BODIES, 'last-owner'],
    }),
    delete: operation({
      id: `restore${schemaName(kind)}`,
      tag,
      summary: `Take back the emergency revocation of one ${kind.title}`,
      permission: `${kind.noun}.restore`,
      parameters: parameters('DryRun', ...WRITE_HEADERS),
      answers: {
        200: answer('With `dry_run`: what would happen.', schemaReference('DryRun')),
        204: answer('There is no revocation any more.', undefined, ['Outcome', 'Replayed']),
      },
      problems: WRITES,
    }),
  };
}

const WROTE = ['ETag', 'Outcome', 'Replayed', 'Warning'] as const;

/** What a body can be refused for. */
export const BODIES: readonly ProblemCode[] = ['malformed-json', 'too-large', 'unsupported-media-type', 'invalid'];

/** What can hinder a rotation that is asked for by itself. */
export const ROTATION_PROBLEMS: readonly ProblemCode[] = [
  ...WRITES,
  ...BODIES,
  'rotation-conflict',
  'rotation-forbidden',
  'revoked',
  'secret-in-use',
  'superseded',
  'last-owner',
  'own-credential',
];

/** What can hinder the PUT of a token. */
export const TOKEN_PUT_PROBLEMS: readonly ProblemCode[] = [
  'revoked',
  'expired',
  'secret-in-use',
  'superseded',
  'own-credential',
  'rotation-forbidden',
  'restore-forbidden',
  'token-limit',
  'display-name-taken',
];

function putProblems(kind: Kind): ProblemCode[] {
  const hasImmutable = Object.values(kind.attributes).some(({ immutable }) => immutable);
  return [
    ...(hasImmutable ? (['immutable'] as const) : []),
    ...(kind.hasBuiltIn ? (['built-in'] as const) : []),
    ...(kind.token ? TOKEN_PUT_PROBLEMS : []),
    'last-owner',
  ];
}

/** The paths of all kinds. Throws when two kinds claim one path. */
export function allKindPaths(): Paths {
  const all: Paths = {};
  for (const [path, item] of KINDS.flatMap((kind) => Object.entries(kindPaths(kind)))) {
    if (path in all) throw new Error(`two kinds claim the path ${path}`);
    all[path] = item;
  }
  return all;
}
