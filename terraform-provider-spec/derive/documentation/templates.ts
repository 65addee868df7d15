/** The pages that are written by hand, with what is put into them: tested example files and what the contract says. */
import { codeBlockOf, type Inputs } from './inputs.ts';
import { DERIVED } from './page.ts';

const DIRECTORY = 'terraform-provider-spec/templates/';
const ENDING = '.tmpl';
const FRONT_MATTER = /^---\n[\s\S]*?\n---\n/;

/** What `{{ .Name }}` in a template stands for. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The pages that have a template, by their file in `docs/`. In a template `{{tffile "path"}}` and
 * `{{codefile "language" "path"}}` become code blocks with the file at that path in the clone, and `{{ .Name }}` a
 * variable. Throws an `Error` for any other expression, an unknown variable and a missing file.
 */
export function templatePages(inputs: Inputs, variables: Variables): [file: string, text: string][] {
  return [...inputs].flatMap(([path, text]) => {
    if (!path.startsWith(DIRECTORY)) return [];
    if (!path.endsWith(ENDING)) throw new Error(`${path} is no template: its name must end with ${ENDING}`);
    const page = text.replace(/\{\{(.*?)\}\}/g, (_, expression: string) => {
      const [word = '', first, second] = expression.trim().split(/\s+/);
      return evaluate(word, [first, second].flatMap(unquoted), inputs, variables, path);
    });
    return [[path.slice(DIRECTORY.length, -ENDING.length), page.replace(FRONT_MATTER, `$&\n${DERIVED}\n`)]];
  });
}

function unquoted(argument: string | undefined): string[] {
  return argument === undefined ? [] : [JSON.parse(argument) as string];
}

function evaluate(word: string, given: string[], inputs: Inputs, variables: Variables, path: string): string {
  const [first, second] = given;
  if (word === 'tffile' && first !== undefined) return codeBlockOf(inputs, 'terraform', first);
  if (word === 'codefile' && first !== undefined && second !== undefined) return codeBlockOf(inputs, first, second);
  const value = variables[word.replace(/^\./, '')];
  if (word.startsWith('.') && value !== undefined) return value;
  throw new Error(`${path} holds an expression that means nothing: ${word}`);
}
