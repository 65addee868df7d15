/** The pages of the provider's functions. */
import { PROVIDER_FUNCTIONS } from '../../functions/index.ts';
import type { FunctionParameter, ProviderFunction } from '../../provider-function.ts';
import type { TerraformType } from '../terraform.ts';
import { wordsOf } from './attribute-text.ts';
import { codeBlock, codeBlockOf, type Inputs } from './inputs.ts';
import { pageText } from './page.ts';

/** The file of a function's example, in the clone. */
export function functionExample(name: string): string {
  return `examples/functions/${name}/function.tf`;
}

/** The page of each function by its file in `docs/`. Throws an `Error` when an example is missing. */
export function functionPages(inputs: Inputs): [file: string, text: string][] {
  return PROVIDER_FUNCTIONS.map((each) => [`functions/${each.name}.md`, page(each, inputs)]);
}

function page(described: ProviderFunction, inputs: Inputs): string {
  const { name, summary, description, parameters, variadic } = described;
  const taken = [...parameters.map(argument), ...(variadic === undefined ? [] : [`(Variadic) ${argument(variadic)}`])];
  return pageText({
    title: `${name} function - accredit`,
    description: `${summary}.`,
    sections: [
      `# function: ${name}`,
      description,
      '-> Functions of providers need Terraform 1.8 or later.',
      `## Example Usage\n\n${codeBlockOf(inputs, 'terraform', functionExample(name))}`,
      `## Signature\n\n${codeBlock('text', signature(described))}`,
      `## Arguments\n\n${taken.map((text, index) => `${index + 1}. ${text}`).join('\n')}`,
    ],
  });
}

function argument({ name, type, description }: FunctionParameter): string {
  return `\`${name}\` (${wordsOf(type)}) ${description}`;
}

function signature({ name, parameters, variadic, returns }: ProviderFunction): string {
  const given = parameters.map((parameter) => `${parameter.name} ${typeOf(parameter.type)}`);
  if (variadic !== undefined) given.push(`${variadic.name} ${typeOf(variadic.type)}...`);
  return `${name}(${given.join(', ')}) ${typeOf(returns)}`;
}

/** A type as signatures have it: `set of string`. */
function typeOf(type: TerraformType): string {
  if (typeof type === 'string') return type;
  return type[0] === 'object' ? 'object' : `${type[0]} of ${typeOf(type[1])}`;
}
