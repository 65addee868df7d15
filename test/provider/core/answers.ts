/** What a provider's answer says beside its values. */
import type { AttributePath, Diagnostic, RpcName, Schema } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING, SEVERITY } from '../../../terraform-provider/plugin/messages.ts';
import type { Value } from '../../../terraform-provider/values/value.ts';
import { attributesOf, attributeType, refuse } from './schema.ts';

/** A resource as Terraform's state holds it. */
export interface ResourceState {
  value: Value;
  private: Uint8Array;
  /** A creation that failed in part, or `terraform taint`: the next plan replaces it. */
  tainted?: true;
}

/** The provider said no. */
export class DiagnosticsError extends Error {
  override readonly name = 'DiagnosticsError';
  readonly diagnostics: Diagnostic[];
  /** What the state holds after an apply that failed. */
  readonly partial: ResourceState | undefined;

  constructor(rpc: RpcName, diagnostics: Diagnostic[], partial?: ResourceState) {
    super(`${rpc}: ${diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`).join('; ')}`);
    this.diagnostics = diagnostics;
    this.partial = partial;
  }
}

/** The diagnostics that are errors. */
export function errorsOf(diagnostics: readonly Diagnostic[] | undefined): Diagnostic[] {
  return (diagnostics ?? []).filter(({ severity }) => severity !== SEVERITY.warning);
}

/** What the provider says of an error that it has not foreseen. */
export const DEFECT = /failed unexpectedly/;

/** What it says of one that the daemon has not foreseen: no refusal of anything. */
const DEFECT_OF_THE_DAEMON = /\bHTTP 5\d\d, internal\b/;

/** What only a client of the API can do something with. */
const OF_THE_API = /\bAccredit-[A-Z]/;

/**
 * The answer, unless it has errors: those are thrown as {@link DiagnosticsError}. Diagnostics that a user could not read or find
 * are a {@link RuleError}.
 */
export function succeeded<T extends { diagnostics?: Diagnostic[] }>(rpc: RpcName, answer: T, schema?: Schema): T {
  assertReadable(rpc, answer.diagnostics, schema);
  const errors = errorsOf(answer.diagnostics);
  if (errors.length > 0) throw new DiagnosticsError(rpc, errors);
  return answer;
}

/** Throws {@link RuleError} for a diagnostic without severity or text, about a defect of the provider or the daemon, or at an attribute that the schema does not have. */
export function assertReadable(rpc: RpcName, diagnostics: readonly Diagnostic[] | undefined, schema?: Schema): void {
  const problems = (diagnostics ?? []).flatMap(({ severity, summary, detail = '', attribute }) => [
    ...(severity === SEVERITY.error || severity === SEVERITY.warning ? [] : [`"${summary}" has no severity`]),
    ...(summary.trim() === '' ? ['one has no summary'] : []),
    ...(DEFECT.test(summary) ? [`"${summary}", which is a defect`] : []),
    ...(DEFECT_OF_THE_DAEMON.test(detail) ? [`"${summary}", which is a defect of the daemon: ${detail}`] : []),
    ...(OF_THE_API.test(detail) ? [`"${summary}" tells Terraform's user of a header: ${detail}`] : []),
    ...(attribute === undefined || schema === undefined || leads(schema, attribute)
      ? []
      : [`"${summary}" is about ${JSON.stringify(attribute.steps)}, which is nowhere`]),
  ]);
  refuse(`${rpc} answered with unreadable diagnostics`, problems);
}

/** Whether a path leads to something that a value of the schema can have. */
function leads(schema: Schema, { steps }: AttributePath): boolean {
  let attributes = attributesOf(schema);
  let index = 0;
  while (index < steps.length) {
    const attribute = attributes.find(({ name }) => name === steps[index]?.attribute_name);
    if (attribute === undefined) return false;
    index += 1;
    const nested = attribute.nested_type;
    if (nested === undefined) return canStep(attributeType(attribute), steps.slice(index));
    if (nested.nesting !== NESTING.single) {
      if (index === steps.length) return true;
      const { element_key_string: key, element_key_int: position } = steps[index] ?? {};
      if (
        nested.nesting === NESTING.map ? key === undefined : nested.nesting !== NESTING.list || position === undefined
      ) {
        return false;
      }
      index += 1;
    }
    attributes = nested.attributes;
  }
  return true;
}

/** Members of a set have no key by which a path could name them. */
function canStep(type: ReturnType<typeof attributeType>, [step, ...rest]: AttributePath['steps']): boolean {
  if (step === undefined) return true;
  if (type === 'dynamic') return true;
  if (typeof type === 'string' || type[0] === 'set') return false;
  if (type[0] === 'map') return step.element_key_string !== undefined && canStep(type[1], rest);
  if (type[0] === 'list') return step.element_key_int !== undefined && canStep(type[1], rest);
  if (type[0] === 'tuple') return step.element_key_int !== undefined;
  if (type[0] !== 'object') return false;
  const inner = type[1][step.attribute_name ?? ''];
  return inner !== undefined && canStep(inner, rest);
}
