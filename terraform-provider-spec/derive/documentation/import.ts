/** The section "Import", from the command that the examples hold. */
import { parseAddress } from '../../address.ts';
import type { Kind } from '../../kind.ts';
import { lineage } from '../../kinds/index.ts';
import { terraformType } from '../terraform.ts';
import { IDENTITY_SCHEMAS } from '../terraform-identity.ts';
import { codeBlock } from './inputs.ts';

const COMMAND = /^terraform import (?:'([^'\n]+)'|(\S+)) (\S+)\n$/;

/** What a command imports: the address in the configuration, and the id. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/** Reads the text of an `import.sh`. Throws an `Error` for anything but one plain command. */
export function readImport(command: string): Import {
  const [, quoted, bare, id] = COMMAND.exec(command) ?? [];
  const to = quoted ?? bare;
  if (to === undefined || id === undefined) throw new Error(`not one plain terraform import: ${command}`);
  return { to, id };
}

/** The `import` block that does the same as the command. */
export function importBlock({ to, id }: Import): string {
  return `import {\n  to = ${to}\n  id = ${JSON.stringify(id)}\n}`;
}

/** The `import` block that names the resource by the names along its address. */
export function identityBlock(kind: Kind, { to, id }: Import): string {
  const { names } = parseAddress(id);
  const { attributes = [] } = IDENTITY_SCHEMAS.get(terraformType(kind)) ?? {};
  const longest = Math.max(...attributes.map(({ name }) => name.length));
  const lines = attributes.flatMap(({ name, source }) =>
    source.from === 'name' ? [`    ${name.padEnd(longest)} = ${JSON.stringify(names[source.parameter])}`] : [],
  );
  return `import {\n  to = ${to}\n  identity = {\n${lines.join('\n')}\n  }\n}`;
}

/** The section for the resource of `kind`; `command` is the text of its `import.sh`. */
export function importSection(kind: Kind, command: string): string {
  const shape = lineage(kind).map(({ collection, parameter }) => `${collection}/{${parameter}}`);
  const imported = readImport(command);
  return [
    '## Import',
    `The id of ${article(kind.title)} is its address, \`${shape.join('/')}\`.${kind.token ? UNKNOWN_SECRET : ''}`,
    'With an [`import` block](https://developer.hashicorp.com/terraform/language/block/import), in Terraform 1.5 and later:',
    codeBlock('terraform', importBlock(imported)),
    'In Terraform 1.12 and later also by its identity, the names along the address:',
    codeBlock('terraform', identityBlock(kind, imported)),
    'With [`terraform import`](https://developer.hashicorp.com/terraform/cli/commands/import):',
    codeBlock('shell', command),
  ].join('\n\n');
}

const UNKNOWN_SECRET = ' Its secret is not known to Terraform, and importing it changes nothing about it.';

function article(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
