/** Lists of resources, and parts of resources (RFC 7644, sections 3.4.2 and 3.9). */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { ScimAttribute, ScimResourceType } from './attributes.ts';
import { badRequest } from './errors.ts';
import { type Filter, parseFilter } from './filter.ts';
import { stepsOf } from './paths.ts';
import { isObject } from './values.ts';

export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** The most resources in one answer, and how many are in it unless the client says otherwise. */
export const LARGEST_PAGE = 200;
const USUAL_PAGE = 100;

/** What a client asks of a list. */
export interface ListQuery extends Page {
  readonly filter: Filter | undefined;
  readonly projection: Projection;
}

export interface Page {
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
}

/** The attributes that an answer is to hold: those named, or all but those named (RFC 7644, section 3.9). */
export interface Projection {
  readonly only: readonly Steps[] | undefined;
  readonly without: readonly Steps[];
}

type Steps = readonly ScimAttribute[];

/**
 * The query of a list (RFC 7644, section 3.4.2). Sorting is not supported, and is then not done (section 3.4.2.3). Throws
 * `invalidFilter` and `invalidValue`.
 */
export function readListQuery(type: ScimResourceType, query: URLSearchParams): ListQuery {
  const filter = query.get('filter');
  return {
    filter: filter === null ? undefined : parseFilter(type, filter),
    projection: readProjection(type, query),
    ...readPage(query),
  };
}

/** Which page is asked for (RFC 7644, section 3.4.2.4). Throws `invalidValue` for what is no integer. */
export function readPage(query: URLSearchParams): Page {
  return {
    startIndex: Math.max(1, integer(query, 'startIndex') ?? 1),
    count: Math.min(LARGEST_PAGE, Math.max(0, integer(query, 'count') ?? USUAL_PAGE)),
  };
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?[0-9]+$/.test(value)) throw badRequest('invalidValue', `${name} must be an integer.`);
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

/** A ListResponse (RFC 7644, section 3.4.2). `resources` are those of the page, `total` counts all that match. */
export function listResponse(resources: JsonObject[], { total, startIndex }: { total: number; startIndex: number }) {
  return {
    schemas: [LIST_SCHEMA],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    // There even if it is empty: clients read it without looking.
    Resources: resources,
  } satisfies JsonObject;
}

/** The page of `matching`, which are all resources that match, in an order that stays. */
export function pageOf<T>(matching: readonly T[], { startIndex, count }: Page): T[] {
  return matching.slice(startIndex - 1, startIndex - 1 + count);
}

/**
 * What `attributes` or `excludedAttributes` ask for (RFC 7644, section 3.9). Names that are unknown name nothing. Throws
 * `invalidValue` if both are given.
 */
export function readProjection(type: ScimResourceType, query: URLSearchParams): Projection {
  const only = query.get('attributes');
  const without = query.get('excludedAttributes');
  if (only !== null && without !== null) {
    throw badRequest('invalidValue', 'attributes and excludedAttributes cannot be given together.');
  }
  return { only: only === null ? undefined : named(type, only), without: without === null ? [] : named(type, without) };
}

function named(type: ScimResourceType, list: string): Steps[] {
  return list
    .split(',')
    .map((name) => stepsOf(type, name.trim()))
    .filter((steps) => steps !== undefined);
}

/** The part of `resource` that is asked for. What is always returned is in it in any case (RFC 7643, section 7). */
export function project(type: ScimResourceType, resource: JsonObject, { only, without }: Projection): JsonObject {
  const always = type.attributes.filter(({ returned }) => returned === 'always').map((attribute): Steps => [attribute]);
  if (only !== undefined) return pick(resource, [...always, ...only]);
  return omit(
    resource,
    without.filter(([first]) => first?.returned !== 'always'),
  );
}

function pick(value: JsonObject, paths: readonly Steps[]): JsonObject {
  const picked: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    const here = paths.filter(([first]) => first?.name === name).map(([, ...rest]) => rest);
    if (here.length === 0) continue;
    const whole = here.some((rest) => rest.length === 0);
    picked[name] = whole ? part : within(part, (element) => pick(element, here));
  }
  return picked;
}

function omit(value: JsonObject, paths: readonly Steps[]): JsonObject {
  const left: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    const here = paths.filter(([first]) => first?.name === name).map(([, ...rest]) => rest);
    if (here.some((rest) => rest.length === 0)) continue;
    left[name] = here.length === 0 ? part : within(part, (element) => omit(element, here));
  }
  return left;
}

function within(part: Json, change: (element: JsonObject) => JsonObject): Json {
  if (Array.isArray(part)) return part.map((element) => within(element, change));
  return isObject(part) ? change(part) : part;
}
