/** What the provider tells the user, with the place in the configuration that it is about. */
import { ApiError, type ApiErrorDetail, ConnectionError, withoutWire } from '../../client/errors.ts';
import type { TerraformAttribute, TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type AttributePath, type AttributePathStep, type Diagnostic, SEVERITY } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { REFUSALS, type Refusal } from './refusals.ts';

/** An error, at an attribute if one is named. */
export function error(summary: string, detail: string, attribute?: AttributePath): Diagnostic {
  return { severity: SEVERITY.error, summary, detail, ...(attribute === undefined ? {} : { attribute }) };
}

/** A warning, at an attribute if one is named. */
export function warning(summary: string, detail: string, attribute?: AttributePath): Diagnostic {
  return { severity: SEVERITY.warning, summary, detail, ...(attribute === undefined ? {} : { attribute }) };
}

/** By the time of the apply it may be different: another resource of the same plan can clear the way. */
export function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: SEVERITY.warning };
}

/**
 * What the daemon lets pass and yet goes against a policy, in one warning. Its summary is that of no other resource: Terraform folds
 * several of one summary, and would show only the first.
 */
export function policyWarnings(address: string, texts: readonly string[]): Diagnostic[] {
  if (texts.length === 0) return [];
  return [warning(`${address} goes against a policy of the organization`, texts.map(sentence).join('\n'))];
}

/** The path to an attribute of the resource itself. */
export function pathTo(name: string): AttributePath {
  return { steps: [{ attribute_name: name }] };
}

/**
 * The path to what a JSON pointer (RFC 6901) into an API body is about, as far as Terraform can name it: members of a
 * set have no name, so it ends at the set. Where the resource has several attributes for it, the one that `config` gives.
 * `undefined` when it has none.
 */
export function pathOf(
  schema: Pick<TerraformSchema, 'attributes'>,
  pointer: string,
  config: ValueRecord = {},
): AttributePath | undefined {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const candidates = schema.attributes.filter(
    ({ source }) => 'attribute' in source && source.from !== 'write-only-version' && source.attribute === segments[0],
  );
  const attribute = candidates.find(({ name }) => (config[name] ?? null) !== null) ?? candidates[0];
  return attribute === undefined ? undefined : { steps: stepsTo(attribute, segments.slice(1)) };
}

function stepsTo(attribute: TerraformAttribute, below: readonly string[]): AttributePathStep[] {
  const step = { attribute_name: attribute.name };
  const [segment, ...rest] = below;
  if (segment === undefined) return [step];
  if (attribute.nested?.nesting === 'single') {
    const inner = attribute.nested.attributes.find(({ name }) => name === segment);
    return inner === undefined ? [step] : [step, ...stepsTo(inner, rest)];
  }
  const isMap = attribute.source.from === 'api' && Array.isArray(attribute.type) && attribute.type[0] === 'map';
  return isMap ? [step, { element_key_string: segment }] : [step];
}

/**
 * One error for each thing that is wrong with a body, at the attribute it is about. A member of a set, for which Terraform has no
 * path, is shown as it is in `body`, or else as it is configured.
 */
export function invalidValues(
  schema: Pick<TerraformSchema, 'attributes'>,
  violations: readonly ApiErrorDetail[],
  { summary = 'Invalid value', config, body }: InvalidValues = {},
): Diagnostic[] {
  return violations.map(({ pointer, detail }) => {
    const path = pathOf(schema, pointer, config);
    const isDeep = path === undefined || pointer.split('/').length > 2;
    const deep = isDeep
      ? (memberOf(path, pointer, body ?? config) ?? pointer.slice(1).replaceAll('/', '.'))
      : undefined;
    const name = deep ?? path?.steps[0]?.attribute_name ?? '';
    return error(summary, name === '' ? sentence(detail) : sentence(`${name}: ${detail}`), path);
  });
}

export interface InvalidValues {
  readonly summary?: string;
  readonly config?: ValueRecord | undefined;
  /** In whose order the pointers count members. */
  readonly body?: JsonObject;
}

/** `permissions "everything"`, `scope of grants { role = "viewer", scope = "here" }`; undefined for what is in no set. */
function memberOf(
  path: AttributePath | undefined,
  pointer: string,
  values: ValueRecord | JsonObject | undefined,
): string | undefined {
  const [, , index = '', inner] = pointer.split('/');
  const name = path?.steps.length === 1 ? path.steps[0]?.attribute_name : undefined;
  const members = name === undefined ? undefined : values?.[name];
  const member = Array.isArray(members) && /^\d+$/.test(index) ? members[Number(index)] : undefined;
  if (member === undefined || member === null) return undefined;
  if (typeof member !== 'object') return `${name} ${JSON.stringify(member)}`;
  const given = Object.entries(member).flatMap(([key, value]) =>
    value === null ? [] : [`${key} = ${JSON.stringify(value)}`],
  );
  return `${inner === undefined ? '' : `${inner} of `}${name} { ${given.join(', ')} }`;
}

/** What a diagnostic has to know of a resource. */
export interface Diagnosed extends Pick<TerraformSchema, 'type' | 'attributes'> {
  readonly kind: { readonly title: string };
}

export interface Failed {
  readonly schema: Diagnosed;
  /** What was tried: `create`, `read`. */
  readonly action: string;
  readonly address: string;
  /** What is configured, where that is known. */
  readonly config?: ValueRecord;
  /** Whether the daemon may have acted although no answer came. */
  readonly write?: boolean;
  /** Nothing was tried: the daemon was asked what it would say. */
  readonly foreseen?: boolean;
}

const IN_DOUBT = 'Whether the daemon has acted on the request is not known; the next apply converges either way.';

const REACH_HELP = 'See that the daemon runs, and that endpoint (ACCREDIT_ENDPOINT) says where.';

const TLS_HELP = {
  untrusted:
    'If it is the right daemon, set ca_certificate_file to the certificate of the authority that signed its own, or to its own.',
  'not-spoken': 'If it listens in the clear, give an endpoint that begins with http://.',
};

/** By these a proxy says that it has no answer of the daemon's, and so does the daemon of its database. */
const WITHOUT_WORD = new Set([502, 503, 504]);

/**
 * What went wrong with a call to the daemon. Throws whatever is neither the daemon's answer nor the lack of one: that is
 * a defect, or Terraform stopping the provider.
 */
export function failure(cause: unknown, failed: Failed): Diagnostic[] {
  if (cause instanceof ConnectionError) {
    const help = cause.tls === undefined ? REACH_HELP : TLS_HELP[cause.tls];
    const more = ` ${help}${cause.tls === undefined && failed.write ? ` ${IN_DOUBT}` : ''}`;
    return [error('The daemon cannot be reached', `To ${failed.action} ${failed.address}: ${cause.message}.${more}`)];
  }
  if (!(cause instanceof ApiError)) throw cause;
  const { schema, action, address } = failed;
  const refusal = REFUSALS[cause.code];
  const refused = failed.foreseen ? 'will refuse' : 'refused';
  const summary = refusal?.summary ?? `The daemon ${refused} to ${action} the ${schema.kind.title}`;
  const places = cause.errors.map(({ pointer }) => pathOf(schema, pointer));
  const isPlaced = places.length > 0 && !places.includes(undefined);
  // Where each fault is shown at its attribute, the daemon's own text would only repeat one of them.
  if (isPlaced && cause.code === 'invalid') {
    const about = failed.foreseen ? ` ${foreseen(failed)}.` : '';
    const origin = failed.foreseen ? undefined : `To ${action} ${address}`;
    return withEach(cause, failed, summary, (detail) => withReference(`${detail}${about}`, cause, origin));
  }
  const said = `${failed.foreseen ? foreseen(failed) : `To ${action} ${address}`}: ${withoutWire(sentence(cause.detail))}`;
  const doubt = failed.write && WITHOUT_WORD.has(cause.status) ? IN_DOUBT : undefined;
  const about = [said, refusal?.help?.(failed), doubt].filter((text) => text !== undefined).join(' ');
  if (isPlaced) return withEach(cause, failed, summary, (detail) => withReference(`${detail} ${about}`, cause));
  return [error(summary, withReference(about, cause), placeOf(refusal, failed))];
}

function foreseen({ action, address }: Failed): string {
  return `The apply will fail to ${action} ${address}, unless something else in this plan clears the way`;
}

function withEach(
  { errors }: ApiError,
  { schema, config }: Failed,
  summary: string,
  text: (detail: string) => string,
): Diagnostic[] {
  return invalidValues(schema, errors, { summary, config }).map((diagnostic) => ({
    ...diagnostic,
    detail: text(diagnostic.detail ?? ''),
  }));
}

/** The attribute that a refusal without a pointer is about: the first that is configured, else the first that there is. */
function placeOf(refusal: Refusal | undefined, { schema, config }: Failed): AttributePath | undefined {
  const names = (refusal?.attributes ?? []).filter((name) => schema.attributes.some((one) => one.name === name));
  const name = names.find((each) => (config?.[each] ?? null) !== null) ?? names[0];
  return name === undefined ? undefined : pathTo(name);
}

function withReference(text: string, { status, code, requestId }: ApiError, origin?: string): string {
  const answer = `HTTP ${status}, ${code}${requestId === undefined ? '' : `, request ${requestId}`}`;
  return `${text}\n\n(${origin === undefined ? '' : `${origin}: `}${answer})`;
}

/** The text with a full stop, if it has none. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
