/** What the provider tells the user, with the place in the configuration that it is about. */
import { ApiError, type ApiErrorDetail, ConnectionError } from '../../client/errors.ts';
import type { TerraformAttribute, TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { type AttributePath, type AttributePathStep, type Diagnostic, SEVERITY } from '../plugin/messages.ts';

/** An error, at an attribute if one is named. */
export function error(summary: string, detail: string, attribute?: AttributePath): Diagnostic {
  return { severity: SEVERITY.error, summary, detail, ...(attribute === undefined ? {} : { attribute }) };
}

/** A warning, at an attribute if one is named. */
export function warning(summary: string, detail: string, attribute?: AttributePath): Diagnostic {
  return { severity: SEVERITY.warning, summary, detail, ...(attribute === undefined ? {} : { attribute }) };
}

/** The path to an attribute of the resource itself. */
export function pathTo(name: string): AttributePath {
  return { steps: [{ attribute_name: name }] };
}

/**
 * The path to what a JSON pointer (RFC 6901) into an API body is about, as far as Terraform can name it: members of a
 * set have no name, so it ends at the set. `undefined` when the resource has no such attribute.
 */
export function pathOf(schema: TerraformSchema, pointer: string): AttributePath | undefined {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const attribute = schema.attributes.find(
    ({ source }) => 'attribute' in source && source.from !== 'write-only-version' && source.attribute === segments[0],
  );
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

/** One error for each thing that is wrong with a body, at the attribute it is about. */
export function invalidValues(
  schema: TerraformSchema,
  violations: readonly ApiErrorDetail[],
  summary = 'Invalid value',
): Diagnostic[] {
  return violations.map(({ pointer, detail }) => {
    const path = pathOf(schema, pointer);
    const named =
      path === undefined || pointer.split('/').length > 2 ? pointer.slice(1).replaceAll('/', '.') : undefined;
    const name = named ?? path?.steps[0]?.attribute_name ?? '';
    return error(summary, name === '' ? sentence(detail) : sentence(`${name}: ${detail}`), path);
  });
}

export interface Failed {
  readonly schema: TerraformSchema;
  /** What was tried: `create`, `read`. */
  readonly action: string;
  readonly address: string;
  /** Whether the daemon may have acted although no answer came. */
  readonly write?: boolean;
}

/**
 * What went wrong with a call to the daemon. Throws whatever is neither the daemon's answer nor the lack of one: that is
 * a defect, or Terraform stopping the provider.
 */
export function failure(cause: unknown, failed: Failed): Diagnostic[] {
  if (cause instanceof ConnectionError) {
    const doubt = failed.write
      ? ' Whether the daemon has acted on the request is not known; the next apply converges either way.'
      : '';
    return [error('The daemon cannot be reached', `To ${failed.action} ${failed.address}: ${cause.message}.${doubt}`)];
  }
  if (!(cause instanceof ApiError)) throw cause;
  const placed = cause.errors.filter(({ pointer }) => pathOf(failed.schema, pointer) !== undefined);
  const summary = SUMMARIES[cause.code] ?? `The daemon refused to ${failed.action} the ${failed.schema.kind.title}`;
  if (placed.length > 0 && placed.length === cause.errors.length) {
    return invalidValues(failed.schema, placed, summary).map((diagnostic) => ({
      ...diagnostic,
      detail: withReference(`${diagnostic.detail} ${about(cause, failed)}`, cause),
    }));
  }
  return [error(summary, withReference(about(cause, failed), cause))];
}

const SUMMARIES: Readonly<Record<string, string>> = {
  unauthenticated: "The daemon does not accept the provider's token",
  forbidden: "The provider's token does not allow this",
  'managed-by-another': 'Managed by somebody else',
  'unexpected-answer': 'That was not an answer of the daemon',
  'precondition-failed': 'Changed since the plan was made',
};

function about(cause: ApiError, { schema, action, address }: Failed): string {
  const detail = `To ${action} ${address}: ${sentence(cause.detail)}`;
  if (cause.code === 'managed-by-another') {
    return (
      `${detail} If this configuration is to own it, import it, and the next apply adopts it: ` +
      `terraform import ${schema.type}.NAME ${address} ` +
      '(If it is imported already and to be replaced, apply once without replacing it first.)'
    );
  }
  if (cause.code === 'precondition-failed') return `${detail} Plan again to see what is there now.`;
  return detail;
}

function withReference(text: string, { status, code, requestId }: ApiError): string {
  return `${text}\n\n(HTTP ${status}, ${code}${requestId === undefined ? '' : `, request ${requestId}`})`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
