/** The paths of manifests, and the schemas of what they take and answer. */
import { FORMATS } from '../../formats.ts';
import type { JsonObject } from '../../kind.ts';
import { KINDS, kindNamed } from '../../kinds/index.ts';
import { MANIFEST, MANIFEST_ATTRIBUTES } from '../../manifest.ts';
import { DELIVERIES_REQUEST, DELIVERY_REQUEST } from '../../requests.ts';
import { answerObjectSchema, requestObjectSchema } from '../json-schema.ts';
import { treeSchema } from '../manifest-schema.ts';
import { BODIES, type Paths, resourcePath, TOKEN_PUT_PROBLEMS } from './kind-paths.ts';
import { operation, READS, WRITES } from './operation.ts';
import { parameters, pathParameters, WRITE_HEADERS } from './parameters.ts';
import { answer, schemaReference } from './responses.ts';

/** The paths of manifests. */
export function manifestPaths(): Paths {
  const levels = [kindNamed('organization'), MANIFEST];
  return {
    [resourcePath(levels)]: { parameters: pathParameters(levels), get: GET, put: PUT, delete: DELETE },
    [`${resourcePath(levels)}/delivered`]: { parameters: pathParameters(levels), post: DELIVER },
    [`${resourcePath(levels.slice(0, 1))}/${MANIFEST.collection}`]: {
      parameters: pathParameters(levels.slice(0, 1)),
      get: LIST,
    },
  };
}

const tag = MANIFEST.title;

const GET = operation({
  id: 'getManifest',
  tag,
  summary: 'Read what one manifest declares',
  permission: `${MANIFEST.noun}.read`,
  answers: { 200: answer('The manifest.', schemaReference('Manifest'), ['ETag']) },
  problems: READS,
});

const LIST = operation({
  id: 'listManifests',
  tag,
  summary: 'List the manifests of one organization, without what they declare',
  permission: `${MANIFEST.noun}.read`,
  parameters: parameters('Limit', 'Cursor'),
  answers: { 200: answer('One page.', schemaReference('ManifestList')) },
  problems: READS,
});

/** What can hinder the change of some resource. */
const PARTS = [
  'managed-by-another',
  'precondition-failed',
  'immutable',
  'built-in',
  'in-use',
  'live-tokens',
  'last-owner',
  ...TOKEN_PUT_PROBLEMS,
] as const;

const WROTE = ['ETag', 'Outcome', 'Replayed'] as const;
const WROTE_BELOW = ['Outcome', 'Replayed'] as const;

const PUT = operation({
  id: 'putManifest',
  tag,
  summary: 'Converge everything that one manifest declares, in one transaction',
  description:
    'The body is the whole tree: what the manifest declared before and does no more is deleted, and nothing else is ' +
    'touched. All of it is done, or nothing. Every resource takes the rights that its own PUT or DELETE would; its manager ' +
    'is `manifest/` and the name. With `dry_run`, the entity tag covers all that the plan rests on: with `If-Match`, the ' +
    'same tree is applied as it was shown, or not at all, and new secret hashes in it make no difference.',
  permission: `${MANIFEST.noun}.write`,
  parameters: parameters('DryRun', ...WRITE_HEADERS, 'IfMatch', 'IfNoneMatch'),
  body: { required: true, schema: schemaReference('ManifestBody') },
  answers: {
    200: answer('What was done, or with `dry_run` would be.', schemaReference('ManifestChanges'), WROTE),
    201: answer('What was done; the manifest is new.', schemaReference('ManifestChanges'), [...WROTE, 'Location']),
  },
  problems: [...WRITES, ...BODIES, ...PARTS],
});

const DELETE = operation({
  id: 'deleteManifest',
  tag,
  summary: 'Delete one manifest, and all that it declared and still manages',
  permission: `${MANIFEST.noun}.delete`,
  parameters: parameters('DryRun', ...WRITE_HEADERS, 'IfMatch'),
  answers: {
    200: answer('With `dry_run`: what would happen.', schemaReference('ManifestRemoval'), ['ETag']),
    204: answer('It is not there any more, or never was.', undefined, ['Outcome', 'Replayed']),
  },
  problems: [...WRITES, ...PARTS],
});

const DELIVER = operation({
  id: 'deliverManifest',
  tag,
  summary: 'Confirm that secrets which one manifest brought have reached those who need them',
  description:
    'Like `POST …/delivered` of each of the tokens, in one transaction. Whoever may not write one of them confirms none. One that ' +
    'has another secret by now, or is not there or not in the manifest any more, is among `refused`, and the others are ' +
    'confirmed. What was confirmed before is confirmed.',
  permission: `${MANIFEST.noun}.write`,
  parameters: parameters('DryRun', ...WRITE_HEADERS),
  body: { required: true, schema: schemaReference('DeliveriesBody') },
  answers: {
    200: answer('What is confirmed, or with `dry_run` would be.', schemaReference('Deliveries'), WROTE_BELOW),
  },
  problems: [...WRITES, ...BODIES],
});

const OUTCOMES = ['created', 'updated', 'rotated', 'deleted', 'unchanged'];
const ADDRESS: JsonObject = { type: 'string', ...FORMATS.address.schema };

function texts(description: string, items: JsonObject = { type: 'string' }): JsonObject {
  return { type: 'array', items, description };
}

function object(properties: JsonObject, required = Object.keys(properties)): JsonObject {
  return { type: 'object', properties, required };
}

const CHANGE = object(
  {
    address: { ...ADDRESS, description: 'What changes.' },
    kind: { type: 'string', enum: KINDS.map(({ kind }) => kind), description: 'What it is.' },
    outcome: { type: 'string', enum: OUTCOMES.filter((one) => one !== 'unchanged'), description: 'What is done.' },
    changed: texts('The attributes that change.'),
    before: {
      type: 'object',
      description: 'With `dry_run`, of what is there: the values of the attributes in `changed` that can be read.',
    },
    taken_over_from: {
      type: ['string', 'null'],
      description: 'Only of what another manager had, and the manifest has now: that manager, null for nobody.',
    },
    effects: texts('What stops working, for people.'),
    warnings: texts('What goes against a policy that only warns, for people.'),
    secret: { type: 'string', description: 'A secret that the daemon made, in this answer and nowhere else.' },
  },
  ['address', 'kind', 'outcome', 'changed', 'effects', 'warnings'],
);

const CHANGES: JsonObject = {
  outcome: { type: 'string', description: 'What becomes of the manifest itself.' },
  changes: {
    type: 'array',
    items: CHANGE,
    description: 'What changes, in the order in which it is done. What stays as it is is only counted.',
  },
  summary: {
    ...object(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { type: 'integer', minimum: 0 }]))),
    description: 'How many resources come to which outcome.',
  },
  due: texts(
    'The tokens of the tree that are to get another secret: their schedule asks for it, or they are undelivered and can ' +
      'get one that would work.',
    ADDRESS,
  ),
  undelivered: texts(
    'The tokens of the tree with a secret that the caller made and nobody has confirmed with `POST …/delivered`.',
    ADDRESS,
  ),
  ended: {
    type: 'array',
    items: object({
      address: { ...ADDRESS, description: 'The token.' },
      status: { type: 'string', enum: ['expired', 'revoked'], description: 'As the token has it.' },
      reason: { type: ['string', 'null'], description: 'The `status_reason` of the token.' },
    }),
    description: 'The tokens of the tree that work no more, without those that it declares as revoked.',
  },
};

const DELIVERIES = object({
  outcome: { type: 'string', enum: ['updated', 'unchanged'], description: 'Whether one was waited for.' },
  confirmed: { type: 'integer', minimum: 0, description: 'How many are confirmed, those from before included.' },
  refused: {
    type: 'array',
    items: object({
      address: { ...ADDRESS, description: 'The token.' },
      code: { type: 'string', enum: ['not-found', 'rotation-conflict'], description: 'Why, for programs.' },
      detail: { type: 'string', description: 'Why, for people.' },
    }),
    description: 'What is not confirmed.',
  },
});

/** `components.schemas` of manifests. */
export function manifestSchemas(): JsonObject {
  const shown = answerObjectSchema(MANIFEST_ATTRIBUTES) as { properties: JsonObject; required: string[] };
  const { declares: _declares, ...listed } = shown.properties;
  return {
    Manifest: { ...shown, type: 'object', description: MANIFEST.description },
    ManifestBody: { ...treeSchema(), description: 'The tree that a manifest declares.' },
    ManifestChanges: object({ ...shown.properties, ...CHANGES }),
    ManifestRemoval: object(CHANGES),
    ManifestList: object({
      items: { type: 'array', items: object(listed) },
      next_cursor: { type: ['string', 'null'], description: '`cursor` of the next page; null on the last.' },
    }),
    DeliveryBody: requestObjectSchema(DELIVERY_REQUEST),
    DeliveriesBody: requestObjectSchema(DELIVERIES_REQUEST),
    Deliveries: DELIVERIES,
  };
}
