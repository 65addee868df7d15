/** What an apply will lead to, computed from configuration and prior state alone: no clock, no network. */
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import {
  attributeType,
  type TerraformAttribute,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import type { ValueType } from '../../terraform-provider-spec/kind.ts';
import {
  containsUnknown,
  equalValues,
  isRecord,
  UNKNOWN,
  type Unknown,
  type Value,
  type ValueRecord,
} from '../values/value.ts';
import { fromApi } from './mapping.ts';

export interface PlanInput {
  readonly schema: TerraformSchema;
  /** Null plans a creation. */
  readonly prior: ValueRecord | null;
  readonly config: ValueRecord;
  /** The provider's organization, for resources that name none. */
  readonly organization: string | Unknown;
  /** The name under which the apply will write, if it is known. */
  readonly manager?: string | undefined;
  /** Whether a resource that another manages, or nobody, is to be taken over: it was imported. */
  readonly adopts?: boolean | undefined;
  /** Whether the schedule of the token asked for a rotation when the state was last refreshed. */
  readonly due?: boolean | undefined;
}

/** The attribute that every write sets to the writer's own manager. */
const MANAGED_BY = 'managed_by';

export interface Plan {
  readonly planned: ValueRecord;
  /** The attributes for whose sake the resource has to be replaced. */
  readonly replacedBy: readonly string[];
  /** Whether anything differs from the prior state, if only a setting of the provider itself. */
  readonly differs: boolean;
  /**
   * At an update, the API attributes that will be sent with another value than before; false for one of which this is
   * not sure yet, because something is unknown.
   */
  readonly changed: ReadonlyMap<string, boolean>;
  /** Whether the apply rotates because the schedule asks for it. */
  readonly rotation: ScheduledRotation;
}

/**
 * The exact plan. Attributes with a default are planned as the default; what the daemon decides is unknown at a
 * creation, and at an update only where the kind's description says that this update can move it.
 */
export function plan(input: PlanInput): Plan {
  const { schema, prior, config } = input;
  const planned: ValueRecord = { ...identity(input) };
  for (const attribute of schema.attributes) {
    if (isDeclared(attribute)) planned[attribute.name] = declared(attribute, config[attribute.name] ?? null);
  }
  const differing =
    prior === null
      ? []
      : schema.attributes.filter(
          (attribute) =>
            attribute.name in planned &&
            !equalValues(attributeType(attribute), planned[attribute.name] ?? null, prior[attribute.name] ?? null),
        );
  const changed = new Map<string, boolean>();
  for (const attribute of prior === null ? [] : differing) {
    const sure = !containsUnknown(planned[attribute.name] ?? null);
    for (const sent of sentBecauseOf(schema, attribute, prior as ValueRecord, config)) {
      changed.set(sent, sure || changed.get(sent) === true);
    }
  }
  const rotation = scheduledRotation({ schema, prior, planned, config, due: input.due === true });
  const marker = markerOf(schema);
  if (rotation !== 'none' && marker !== undefined) {
    // It moves what another marker would move, though none is sent.
    changed.set(marker, rotation === 'sure' || changed.get(marker) === true);
  }
  const differs = prior === null || differing.length > 0 || takesOver(input, prior) || rotation !== 'none';
  for (const attribute of schema.attributes) {
    if (attribute.name in planned) continue;
    planned[attribute.name] = computed(attribute, { ...input, differs, changed });
  }
  return {
    planned,
    replacedBy: differing.filter(({ immutable }) => immutable).map(({ name }) => name),
    differs,
    changed,
    rotation,
  };
}

/**
 * The attribute by which the caller makes the secret itself, if the resource has one: of several the one that the
 * configuration gives, or may turn out to give, else the first.
 */
export function ownSecret(schema: TerraformSchema, config: ValueRecord = {}): TerraformAttribute | undefined {
  const all = schema.attributes.filter(({ source }) => source.from === 'write-only');
  const given = all.filter(({ name }) => (config[name] ?? null) !== null);
  return given.find(({ name }) => config[name] !== UNKNOWN) ?? given[0] ?? all[0];
}

/** The attribute that would hold a secret in the state, if the resource has one. */
export function secretAttribute(schema: TerraformSchema): TerraformAttribute | undefined {
  return schema.attributes.find(({ api }) => api?.once === true);
}

/** The API attribute by which a PUT asks for a rotation, if the resource has one. */
export function markerOf(schema: TerraformSchema): string | undefined {
  const source = schema.attributes.find((attribute) => attribute.source.from === 'triggers')?.source;
  return source?.from === 'triggers' ? source.attribute : undefined;
}

/** Whether a change of triggers asks for a rotation: giving them for the first time, or taking them away, does not. */
export function triggersRotate(prior: Value, next: Value): boolean {
  return prior !== null && next !== null && !equalValues(['map', 'string'], prior, next);
}

/** The attributes that make the schedule of a token, and those that move the end before which it may lie. */
export const SCHEDULES = ['rotate_every', 'rotate_before_expiry'] as const;
const EXPIRIES = ['expires_at', 'expires_in'] as const;

/** `unsure` while it is unknown whether the caller makes the secret. */
export type ScheduledRotation = 'sure' | 'unsure' | 'none';

/** What is planned for a token; `due` if the daemon said at the last refresh that its schedule asks for a rotation. */
export interface Scheduled {
  readonly schema: TerraformSchema;
  readonly prior: ValueRecord | null;
  readonly planned: ValueRecord;
  readonly config: ValueRecord;
  readonly due: boolean;
}

/**
 * Whether an update rotates because the schedule asks for it. Not when the caller makes the secret, and so has to make
 * the next one.
 */
export function scheduledRotation(scheduled: Scheduled): ScheduledRotation {
  if (!staysDue(scheduled)) return 'none';
  const given = givenSecrets(scheduled).map(({ name }) => scheduled.config[name]);
  if (given.length === 0) return 'sure';
  return given.every((value) => value === UNKNOWN) ? 'unsure' : 'none';
}

/** The attributes by which the caller makes the secret, or may turn out to. */
export function givenSecrets({ schema, config }: Scheduled): TerraformAttribute[] {
  return schema.attributes.filter(
    ({ name, source }) => source.from === 'write-only' && (config[name] ?? null) !== null,
  );
}

/** Whether what is due is so after the update as well: not under another schedule, nor of a token that it revokes. */
export function staysDue(scheduled: Scheduled): boolean {
  return scheduled.due && keepsSchedule(scheduled) && scheduled.planned.state !== 'revoked';
}

/** Whether an update leaves alone what decides when the schedule of a token asks for a rotation. */
export function keepsSchedule({ schema, prior, planned }: Scheduled): boolean {
  if (prior === null) return false;
  const deciding: readonly string[] =
    (planned.rotate_before_expiry ?? null) === null ? SCHEDULES : [...SCHEDULES, ...EXPIRIES];
  return schema.attributes
    .filter(({ name }) => deciding.includes(name))
    .every((attribute) =>
      equalValues(attributeType(attribute), planned[attribute.name] ?? null, prior[attribute.name] ?? null),
    );
}

/** Nobody declares what an import found until a write says so, which changes nothing else. */
function takesOver({ manager, adopts }: PlanInput, prior: ValueRecord): boolean {
  return adopts === true && manager !== undefined && prior[MANAGED_BY] !== manager;
}

function identity({ schema, prior, config, organization }: PlanInput): ValueRecord {
  const planned: ValueRecord = {};
  const names: Record<string, string> = {};
  let complete = true;
  for (const { name, source } of schema.attributes) {
    if (source.from !== 'name') continue;
    let value = config[name] ?? null;
    if (value === null) value = organization === UNKNOWN && prior !== null ? (prior[name] ?? null) : organization;
    planned[name] = value;
    if (typeof value === 'string') names[source.parameter] = value;
    else complete = false;
  }
  for (const { name, source } of schema.attributes) {
    if (source.from === 'address') planned[name] = complete ? formatAddress(schema.kind, names) : UNKNOWN;
  }
  return planned;
}

/** Whether the configuration alone decides the planned value. */
function isDeclared({ source, api }: TerraformAttribute): boolean {
  return source.from === 'api' ? api?.access !== 'read-only' : source.from !== 'address' && source.from !== 'name';
}

function declared(attribute: TerraformAttribute, config: Value): Value {
  const { source, api } = attribute;
  if (source.from === 'write-only') return null;
  if (source.from === 'option') return config ?? source.default;
  if (source.from === 'api') return withDefaults(attribute, config ?? fromApi(api as ValueType, api?.default));
  return config;
}

/** Fills in the defaults inside an object or inside the members of a set. */
function withDefaults({ nested }: TerraformAttribute, value: Value): Value {
  if (nested === undefined || value === null || value === UNKNOWN) return value;
  const fill = (object: Value): Value =>
    isRecord(object)
      ? Object.fromEntries(nested.attributes.map((inner) => [inner.name, declared(inner, object[inner.name] ?? null)]))
      : object;
  return nested.nesting === 'set' ? (value as Value[]).map(fill) : fill(value);
}

/** The API attributes that the change of one Terraform attribute makes the update send with another value. */
function sentBecauseOf(
  schema: TerraformSchema,
  { name, source }: TerraformAttribute,
  prior: ValueRecord,
  config: ValueRecord,
): string[] {
  if (source.from === 'api') return [source.attribute];
  if (source.from === 'triggers') {
    return triggersRotate(prior[name] ?? null, config[name] ?? null) ? [source.attribute] : [];
  }
  if (source.from === 'write-only-version') {
    const given = schema.attributes.find(
      (other) => other.source.from === 'write-only' && other.source.version === name,
    );
    return given !== undefined && (config[given.name] ?? null) !== null ? [source.attribute] : [];
  }
  return [];
}

function computed(
  { name, api }: TerraformAttribute,
  { schema, prior, config, manager, differs, changed }: PlanInput & Pick<Plan, 'differs' | 'changed'>,
): Value {
  const moves = api?.changesWith ?? 'any';
  const stays = prior !== null && (moves === 'any' ? !differs : !moves.some((other) => changed.has(other)));
  if (stays) return prior[name] ?? null;
  if (name === MANAGED_BY && manager !== undefined) return manager;
  if (!api?.once || moves === 'any') return UNKNOWN;
  if (prior !== null && !moves.some((other) => changed.get(other))) return UNKNOWN;
  // A secret that the caller makes is never answered.
  const own = ownSecret(schema, config);
  const given = own === undefined ? null : (config[own.name] ?? null);
  return given === null || given === UNKNOWN ? UNKNOWN : null;
}
