/** What can be said about a manifest without a daemon: everything that is wrong with it, each with its place. */

import { parseAddress } from '../../terraform-provider-spec/address.ts';
import { builtInNamesOf } from '../../terraform-provider-spec/built-in.ts';
import { closest } from '../../terraform-provider-spec/derive/closest.ts';
import { readTree } from '../../terraform-provider-spec/derive/manifest.ts';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import { referencesIn } from '../../terraform-provider-spec/derive/references.ts';
import { readBody, type Violation, writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { childKinds, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { type Member, TREE_KINDS } from '../../terraform-provider-spec/manifest.ts';
import { MANIFEST_FILE_KEYS, TOKEN_FILE_KEYS } from '../../terraform-provider-spec/manifest-file.ts';
import { unknownKey, violationsOf } from './by-schema.ts';
import { type Finding, findingOf } from './finding.ts';
import { isObject } from './json.ts';
import type { Merged } from './merge.ts';
import { readOnlyFindings } from './read-only.ts';
import { readSink, type Sink, targetOfSink } from './sinks.ts';

/** The token of a manifest whose secret is handed out by the command. */
export interface Delivery {
  readonly address: string;
  readonly kind: Kind;
  /** A JSON pointer (RFC 6901) to the token in the tree. */
  readonly pointer: string;
  /** Whether its purpose makes its secret one of another kind. */
  readonly purpose: Json;
  readonly sinks: readonly [Sink, ...Sink[]];
}

export interface Checked {
  /** What is sent: the tree without the keys that are for the command alone. */
  readonly tree: JsonObject;
  readonly members: readonly Member[];
  readonly deliveries: readonly Delivery[];
  readonly findings: readonly Finding[];
}

const COLLECTIONS = TREE_KINDS.map(({ collection }) => collection);
const TOP_KEYS = [...Object.keys(MANIFEST_FILE_KEYS), ...COLLECTIONS];

/** Checks the keys at the top of a file that are no collections, `value` being what `merged` holds after substitution. */
export function checkFileKeys(value: JsonObject, { locate }: Merged): Finding[] {
  return Object.entries(value).flatMap(([key, given]) => {
    const pointer = pointerTo('', key);
    if (!TOP_KEYS.includes(key)) return [findingOf({ pointer, detail: unknownKey(key, TOP_KEYS) }, locate)];
    const schema = Object.hasOwn(MANIFEST_FILE_KEYS, key) ? (MANIFEST_FILE_KEYS[key] as JsonObject) : undefined;
    const wrong = schema === undefined ? [] : violationsOf(schema, given, pointer);
    return wrong.map((violation) => findingOf(violation, locate));
  });
}

/** Checks the tree, `value` being what `merged` holds after substitution. `organization` is the address of one. */
export function checkTree(organization: string, value: JsonObject, { locate }: Merged): Checked {
  const findings: Finding[] = [];
  const refuse = (violation: Violation) => findings.push(findingOf(violation, locate));
  const tree: JsonObject = Object.fromEntries(
    COLLECTIONS.filter((name) => Object.hasOwn(value, name)).map((name) => [
      name,
      structuredClone(value[name] as Json),
    ]),
  );
  const { members, violations } = readTree(organization, tree);
  for (const violation of violations) refuse(violation);
  const deliveries: Delivery[] = [];
  const desired = new Map<Member, JsonObject>();
  for (const member of members) {
    const { kind, pointer, body } = member;
    if (kind.token !== undefined && isObject(body)) {
      const delivery = takeDelivery({ ...member, body }, { locate, refuse });
      if (delivery !== undefined) deliveries.push(delivery);
    }
    if (isObject(body)) findings.push(...readOnlyFindings({ ...member, body }, locate));
    const reading = readBody(kind, body);
    if (reading.ok) desired.set(member, reading.desired);
    else for (const one of reading.violations) refuse({ ...helpful(kind, one), pointer: pointer + one.pointer });
  }
  findings.push(...sharedTargets(deliveries, locate));
  findings.push(...doubtfulReferences(organization, desired, locate));
  return { tree, members, deliveries, findings };
}

/** Takes `deliver` out of the body of a token. */
function takeDelivery(
  { kind, address, pointer, body }: Member & { readonly body: JsonObject },
  { locate, refuse }: { locate: Merged['locate']; refuse: (violation: Violation) => void },
): Delivery | undefined {
  const declared = Object.keys(TOKEN_FILE_KEYS).filter((key) => Object.hasOwn(body, key));
  const values = Object.fromEntries(declared.map((key) => [key, body[key] as Json]));
  for (const key of declared) delete body[key];
  const { deliver = null } = values;
  if (deliver === null) return undefined;
  const at = pointerTo(pointer, 'deliver');
  const wrong = violationsOf(TOKEN_FILE_KEYS.deliver as JsonObject, deliver, at);
  for (const violation of wrong) refuse(violation);
  if (wrong.length > 0) return undefined;
  if (typeof body.secret_hash === 'string') {
    refuse({ pointer: at, detail: 'cannot be given together with "secret_hash": the command makes what it delivers' });
    return undefined;
  }
  const sinks = (deliver as Json[]).map((one, index) =>
    readSink(one, locate(pointerTo(at, index))?.file ?? 'manifest.yaml'),
  );
  const [first, ...others] = sinks;
  if (first === undefined) return undefined;
  return { address, kind, pointer, purpose: body.purpose ?? null, sinks: [first, ...others] };
}

/** Says more than the daemon, which knows nothing of files, can. */
function helpful(kind: Kind, violation: Violation): Violation {
  const { pointer, detail } = violation;
  if (/^must be a string, not (a number|a fraction|a boolean)/.test(detail)) {
    return { pointer, detail: `${detail}; put it in quotes` };
  }
  const key = pointer.slice(1);
  if (!detail.startsWith('there is no such attribute') || key.includes('/')) return violation;
  const others = [
    ...childKinds(kind).map(({ collection }) => collection),
    ...(kind.token === undefined ? [] : Object.keys(TOKEN_FILE_KEYS)),
  ];
  const meant = closest(key, [...Object.keys(writableAttributes(kind)), ...others]);
  if (meant === undefined) return violation;
  return { pointer, detail: `there is no such attribute; did you mean "${meant}"?` };
}

function sharedTargets(deliveries: readonly Delivery[], locate: Merged['locate']): Finding[] {
  // By place and part; a part that is undefined is all of the place.
  const taken = new Map<string, Map<string | undefined, string>>();
  return deliveries.flatMap(({ pointer, sinks }) =>
    sinks.flatMap((sink, index) => {
      const at = pointerTo(pointerTo(pointer, 'deliver'), index);
      const target = targetOfSink(sink);
      if (target === undefined) return [];
      const parts = taken.get(target.place) ?? new Map<string | undefined, string>();
      taken.set(target.place, parts);
      const [any] = target.part === undefined ? parts.values() : [parts.get(undefined)];
      const earlier = parts.get(target.part) ?? any;
      parts.set(target.part, earlier ?? at);
      if (earlier === undefined) return [];
      const message = 'another secret is already delivered there';
      const also = locate(earlier);
      return [
        {
          severity: 'error' as const,
          message,
          place: locate(at),
          ...(also !== undefined && { also: { message: 'it is this one', place: also } }),
        },
      ];
    }),
  );
}

/**
 * References to what is neither declared nor built in may be to what is there already. Where something of nearly that name
 * is, they are worth a word.
 */
function doubtfulReferences(
  organization: string,
  desired: ReadonlyMap<Member, JsonObject>,
  locate: Merged['locate'],
): Finding[] {
  const declared = new Set([...desired.keys()].map(({ address }) => address));
  const findings: Finding[] = [];
  // Thousands may refer to one that is not declared.
  const known = new Map<string, string | undefined>();
  for (const [{ kind, pointer }, attributes] of desired) {
    for (const reference of referencesIn(kind, organization, attributes)) {
      if (declared.has(reference.address)) continue;
      if (!known.has(reference.address)) known.set(reference.address, meantBy(reference.address, declared));
      const meant = known.get(reference.address);
      if (meant === undefined) continue;
      const { kind: target, text } = parseAddress(reference.address);
      findings.push({
        severity: 'warning',
        message:
          `the ${target.title} "${text.slice(text.lastIndexOf('/') + 1)}" is neither declared here nor built in; ` +
          `did you mean "${meant}"?`,
        place: locate(pointer + reference.pointer),
      });
    }
  }
  return findings;
}

/** The name that the last segment of an address may have been meant to be; `undefined` for a built-in one, and if none is close. */
export function meantBy(address: string, declared: Iterable<string>): string | undefined {
  const collection = address.slice(0, address.lastIndexOf('/') + 1);
  const name = address.slice(collection.length);
  const target = parseAddress(address).kind;
  const builtIn = builtInNamesOf(kindNamed(target.kind));
  if (builtIn.includes(name)) return undefined;
  const names = [...declared].filter((one) => one.startsWith(collection)).map((one) => one.slice(collection.length));
  return closest(name, [...names.filter((one) => !one.includes('/')), ...builtIn]);
}
