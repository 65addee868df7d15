import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import { ArgumentError, functionNamed } from '../functions/index.ts';
import type { CallFunctionRequest, CallFunctionResponse } from '../plugin/messages.ts';
import { decodeDynamic, encodeDynamic, type Value } from '../values/value.ts';

/** Computes a function. It knows neither configuration nor daemon: Terraform calls before it configures anything. */
export async function callFunction(request: CallFunctionRequest): Promise<CallFunctionResponse> {
  const described = PROVIDER_FUNCTIONS.find(({ name }) => name === request.name);
  if (described === undefined) return { error: { text: `There is no function ${request.name}.` } };
  const { parameters, variadic, returns } = described;
  const values = request.arguments.map((argument, index): Value => {
    const parameter = parameters[index] ?? variadic;
    if (parameter === undefined) throw new RangeError(`${request.name} takes ${parameters.length} arguments`);
    return decodeDynamic(parameter.type, argument);
  });
  try {
    return { result: encodeDynamic(returns, functionNamed(request.name)(values)) };
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    // Terraform ends the sentence.
    return { error: { text: cause.message.replace(/\.$/, ''), function_argument: cause.index } };
  }
}
