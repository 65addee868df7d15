/** Ephemeral resources and functions, as core asks for them: neither leaves anything in a state. */
import {
  decodeDynamic,
  encodeDynamic,
  type Value,
  type ValueRecord,
} from '../../../terraform-provider/values/value.ts';
import { assertReadable, DEFECT, errorsOf, succeeded } from './answers.ts';
import { assertStorable } from './compatible.ts';
import type { Connection } from './connection.ts';
import { assertPlanValid } from './plan-valid.ts';
import { answered, assertConforms, RuleError, schemaType } from './schema.ts';

/** An ephemeral resource that is open. */
export interface Opened {
  readonly typeName: string;
  readonly value: Value;
  /** What Close gets, whatever a renewal answers. */
  readonly private: Uint8Array | undefined;
  /** Milliseconds since 1970; undefined when it need not be renewed. */
  readonly renewAt: number | undefined;
}

/** The errors of an ephemeral resource's configuration, of which Terraform may not know all yet. */
export async function validateEphemeral(core: Connection, typeName: string, config: ValueRecord) {
  const schema = await core.schemaOf('ephemeral_resource_schemas', typeName);
  const rpc = 'ValidateEphemeralResourceConfig';
  const answer = await core.call(rpc, { type_name: typeName, config: encodeDynamic(schemaType(schema), config) });
  assertReadable(rpc, answer.diagnostics, schema);
  return errorsOf(answer.diagnostics);
}

/** Validates and opens; each opening is another. Throws what the rules of a plan say of the result. */
export async function openEphemeral(core: Connection, typeName: string, config: ValueRecord): Promise<Opened> {
  const schema = await core.schemaOf('ephemeral_resource_schemas', typeName);
  const type = schemaType(schema);
  const encoded = encodeDynamic(type, config);
  const request = { type_name: typeName, config: encoded };
  const diagnostics = await validateEphemeral(core, typeName, config);
  succeeded('ValidateEphemeralResourceConfig', { diagnostics });
  // Terraform 1.11 says nothing of what it can do here.
  const answer = await core.call('OpenEphemeralResource', request);
  succeeded('OpenEphemeralResource', answer, schema);
  const value = answered(type, answer.result);
  assertPlanValid(schema, type, null, decodeDynamic(type, encoded), value);
  assertStorable(schema, type, value, 'an invalid ephemeral resource');
  const { renew_at: at } = answer;
  const renewAt = at === undefined ? undefined : Number(at.seconds) * 1000 + at.nanos / 1e6;
  return { typeName, value, private: answer.private, renewAt };
}

/** Renews, with what the opening or the last renewal has left. Answers what the next renewal gets. */
export async function renewEphemeral(core: Connection, opened: Opened): Promise<Opened> {
  const request = { type_name: opened.typeName, private: opened.private };
  const answer = succeeded('RenewEphemeralResource', await core.call('RenewEphemeralResource', request));
  const { renew_at: at } = answer;
  const renewAt = at === undefined ? undefined : Number(at.seconds) * 1000 + at.nanos / 1e6;
  return { ...opened, private: answer.private, renewAt };
}

/** Closes, with the private data of the opening: Terraform 1.11 keeps that of renewals for renewals. */
export async function closeEphemeral(core: Connection, opened: Opened): Promise<void> {
  const request = { type_name: opened.typeName, private: opened.private };
  succeeded('CloseEphemeralResource', await core.call('CloseEphemeralResource', request));
}

/** A function refused its arguments. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
  /** Which argument is wrong, from 0. */
  readonly argument: number | undefined;

  constructor(text: string, argument: number | undefined) {
    super(text);
    this.argument = argument;
  }
}

/** Calls a function, which needs no configuration. Throws {@link FunctionFailure} for what it refuses. */
export async function callFunction(core: Connection, name: string, args: readonly Value[]): Promise<Value> {
  const described = (await core.schema()).functions?.[name];
  if (described === undefined) throw new Error(`There is no function ${name}.`);
  const typeOf = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString('utf8'));
  const parameters = described.parameters ?? [];
  const encoded = args.map((argument, index) => {
    const parameter = parameters[index] ?? described.variadic_parameter;
    if (parameter === undefined) throw new Error(`${name} takes ${parameters.length} arguments.`);
    return encodeDynamic(typeOf(parameter.type), argument);
  });
  const { result, error } = await core.call('CallFunction', { name, arguments: encoded });
  if (error !== undefined) {
    const { text, function_argument: argument } = error;
    if (text.trim() === '' || DEFECT.test(text))
      throw new RuleError(`${name} failed by a defect or without a text: ${text}`);
    if (argument !== undefined && (Number(argument) < 0 || Number(argument) >= args.length)) {
      throw new RuleError(`${name} complains of argument ${argument}, which is none`);
    }
    throw new FunctionFailure(text, argument === undefined ? undefined : Number(argument));
  }
  const type = typeOf(described.return.type);
  const value = answered(type, result);
  assertConforms(type, value);
  return value;
}
