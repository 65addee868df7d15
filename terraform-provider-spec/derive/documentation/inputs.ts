/** The files that the documentation is made from, and how they come into it. Whoever derives it has read them. */

/** Text by path in the clone: everything below `examples/` and `terraform-provider-spec/templates/`. */
export type Inputs = ReadonlyMap<string, string>;

/** The text of the file at `path`. Throws an `Error` that names it when it is missing. */
export function textOf(inputs: Inputs, path: string): string {
  const text = inputs.get(path);
  if (text === undefined) throw new Error(`${path} is missing, and the documentation shows it`);
  return text;
}

/** A fenced code block that holds `text`. */
export function codeBlock(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** A fenced code block that holds the file at `path`. Throws an `Error` when it is missing. */
export function codeBlockOf(inputs: Inputs, language: string, path: string): string {
  return codeBlock(language, textOf(inputs, path));
}
