/** Rows as clients see them: the attributes as they were sent, and beside them what the daemon derives. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { COMMON_READ_ONLY } from '../../terraform-provider-spec/common.ts';
import { allAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { Attribute, Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { identifierOf } from './carried.ts';
import type { Resource } from './model.ts';
import type { Snapshot } from './snapshot.ts';
import { isRotationDue, livePrevious, nextRotation, statusOf, tokenState } from './token-state.ts';

export interface ViewOptions {
  readonly now: number;
  /** `full` adds the volatile attributes. */
  readonly view?: 'full' | undefined;
  /** The secret, in the one answer that may hold it. */
  readonly secret?: string | undefined;
}

/** The strong entity tag of a stored state, without its quotes (RFC 9110, section 8.8.3). */
export function etagOf(resource: Resource): string {
  return `${resource.uid}.${resource.revision}`;
}

/** The resource as an answer holds it. */
export function present(snapshot: Snapshot, resource: Resource, options: ViewOptions): JsonObject {
  const kind = kindNamed(resource.kind);
  const derived = derivedOf(snapshot, resource, kind, options);
  const shown: JsonObject = {};
  for (const [name, attribute] of shownAttributes(kind)) {
    if (attribute.writeOnly || (attribute.volatile && options.view !== 'full')) continue;
    if (attribute.once) {
      if (options.secret !== undefined) shown[name] = options.secret;
    } else if (attribute.access !== 'read-only') {
      // What was stored before there was such an attribute has its default.
      shown[name] = filled(attribute, resource.attributes[name]);
    } else {
      shown[name] = name in COMMON_READ_ONLY ? commonValue(resource, name) : (derived[name] ?? null);
    }
  }
  return shown;
}

/** What identifies the resource comes first. */
function shownAttributes(kind: Kind): readonly [string, Attribute][] {
  let entries = shownOf.get(kind);
  if (entries === undefined) {
    entries = Object.entries({ ...COMMON_READ_ONLY, ...allAttributes(kind) });
    shownOf.set(kind, entries);
  }
  return entries;
}

const shownOf = new WeakMap<Kind, readonly [string, Attribute][]>();

function commonValue(resource: Resource, name: string): Json {
  const value = resource[name as keyof Resource] as Json;
  return name.endsWith('_at') ? formatTimestamp(value as number) : value;
}

/** A stored value with the defaults of what it lacks, also inside an object. */
function filled(attribute: Attribute, stored: Json | undefined): Json {
  const value = stored ?? attribute.default ?? null;
  if (attribute.type !== 'object' || value === null) return value;
  const inner = value as JsonObject;
  return Object.fromEntries(
    Object.entries(attribute.attributes).map(([name, member]) => [name, filled(member, inner[name])]),
  );
}

/** What the daemon derives, beside the attributes that every kind has. */
function derivedOf(snapshot: Snapshot, resource: Resource, kind: Kind, options: ViewOptions): JsonObject {
  if (kind.token !== undefined) return tokenView(snapshot, resource, options);
  if (kind.attributes.identifier === undefined) return {};
  const organization = snapshot.resource(organizationOf(resource.address));
  return { identifier: organization === undefined ? null : identifierOf(resource, organization) };
}

function tokenView(snapshot: Snapshot, token: Resource, { now, view }: ViewOptions): JsonObject {
  const { rotated_at, current } = tokenState(token);
  const { status, reason } = statusOf(snapshot, token, now);
  const previous = livePrevious(token, now);
  const shown: JsonObject = {
    status,
    status_reason: reason,
    valid_until: time(token.valid_until),
    rotated_at: formatTimestamp(rotated_at),
    previous: previous === null ? null : { valid_until: formatTimestamp(previous.valid_until) },
    next_rotation_at: time(nextRotation(token)),
    rotation_due: isRotationDue(token, status, now),
  };
  if (view !== 'full') return shown;
  const used = snapshot.secret(current.hash);
  const usedBefore = previous === null ? undefined : snapshot.secret(previous.hash);
  return {
    ...shown,
    usage: (used?.last_used_at ?? usedBefore?.last_used_at ?? null) === null ? 'never' : 'used',
    last_used_at: time(used?.last_used_at),
    last_used_ip: used?.last_used_ip ?? null,
    previous_last_used_at: time(usedBefore?.last_used_at),
    previous_last_used_ip: usedBefore?.last_used_ip ?? null,
  };
}

function time(milliseconds: number | null | undefined): string | null {
  return milliseconds === null || milliseconds === undefined ? null : formatTimestamp(milliseconds);
}
