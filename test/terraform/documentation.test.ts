/** The documentation of the provider against what the built provider tells Terraform about itself. */
import { expect } from 'chai';
import { documentationInputs } from '../../scripts/documentation-inputs.ts';
import { getProviderSchema } from '../../terraform-provider/rpc/get-provider-schema.ts';
import { documentation } from '../../terraform-provider-spec/derive/documentation/index.ts';
import { requireTerraform, Workspace } from '../support/terraform.ts';

/** An attribute in `terraform providers schema -json`. */
interface Attribute {
  readonly type?: unknown;
  readonly nested_type?: { readonly attributes: Attributes; readonly nesting_mode: string };
  readonly description: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
  readonly write_only?: boolean;
}
type Attributes = Readonly<Record<string, Attribute>>;
interface Block {
  readonly block: { readonly attributes: Attributes; readonly description?: string };
}
interface ProviderSchema {
  readonly provider: Block;
  readonly [table: string]: unknown;
}

interface Parameter {
  readonly name: string;
  readonly type: unknown;
  readonly description: string;
}
interface ProviderFunction {
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly variadic_parameter?: Parameter;
}

/** What is said of an attribute, by its path: `settings.max_token_lifetime.mode`. */
type Said = Record<string, { group: string; flags: string[]; text: string }>;

/** The folders of the pages of each table of schemas. */
const FOLDERS = {
  resource_schemas: 'resources',
  data_source_schemas: 'data-sources',
  ephemeral_resource_schemas: 'ephemeral-resources',
} as const;

/** Type words, flags and group as documentation has them, from the schema. */
function expected(attributes: Attributes, path = ''): Said {
  const said: Said = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const { type, nested_type: nested, description, required, optional, sensitive, write_only } = attribute;
    said[path + name] = {
      group: required ? 'Required' : optional ? 'Optional' : 'Read-Only',
      flags: [
        nested === undefined
          ? words(type)
          : `Attributes${nested.nesting_mode === 'single' ? '' : ` ${title(nested.nesting_mode)}`}`,
        ...(sensitive ? ['Sensitive'] : []),
        ...(write_only ? ['Write-only'] : []),
      ],
      text: description,
    };
    if (nested !== undefined) Object.assign(said, expected(nested.attributes, `${path}${name}.`));
  }
  return said;
}

function words(type: unknown): string {
  if (Array.isArray(type)) return type[0] === 'object' ? 'Object' : `${title(type[0])} of ${words(type[1])}`;
  return type === 'bool' ? 'Boolean' : title(String(type));
}

function title(word: string): string {
  return word[0]?.toUpperCase() + word.slice(1);
}

/** What a page says, read from its text alone. */
function readPage(text: string): Said {
  const said: Said = {};
  const schema = text.slice(text.indexOf('\n## Schema\n')).split(/\n## (?!Schema)/)[0] as string;
  let [path, group] = ['', ''];
  for (const line of schema.split('\n')) {
    path = line.startsWith('### ') ? (/^### Nested Schema for `(.+)`$/.exec(line)?.[1] ?? '') : path;
    group = /^(?:### )?(Required|Optional|Read-Only):?$/.exec(line)?.[1] ?? group;
    const [, name, flags, description] = /^- `(\w+)` \(((?:[^()]|\([^()]*\))*)\) (.+)$/.exec(line) ?? [];
    if (name === undefined || flags === undefined || description === undefined) continue;
    const plain = flags.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').split(', ');
    said[path === '' ? name : `${path}.${name}`] = { group, flags: plain, text: description };
  }
  return said;
}

/** Asserts that the page says of each attribute what the schema says, and speaks of no other. */
function expectSame(file: string, page: string, attributes: Attributes): void {
  const [there, wanted] = [readPage(page), expected(attributes)];
  expect(Object.keys(there), file).to.have.members(Object.keys(wanted));
  for (const [name, { group, flags, text }] of Object.entries(wanted)) {
    expect(there[name], `${file}: ${name}`).to.deep.include({ group, flags });
    expect(there[name]?.text, `${file}: ${name}`).to.include(text);
  }
}

describe('the documentation and the built provider', () => {
  const pages = documentation(documentationInputs());
  let schema: ProviderSchema;

  before(async function () {
    requireTerraform(this);
    const workspace = await Workspace.create('provider "accredit" {}\n', {
      endpoint: 'http://127.0.0.1:1',
      token: 'none',
    });
    try {
      const { stdout } = await workspace.run(['providers', 'schema', '-json']);
      const { provider_schemas } = JSON.parse(stdout) as { provider_schemas: Record<string, ProviderSchema> };
      [schema] = Object.values(provider_schemas) as [ProviderSchema];
    } finally {
      await workspace.dispose();
    }
  });

  it('tell the same settings of the provider', () => {
    expectSame('index.md', pages.get('index.md') as string, schema.provider.block.attributes);
  });

  for (const [table, folder] of Object.entries(FOLDERS)) {
    it(`tell the same ${folder}, each with the same attributes`, () => {
      const schemas = schema[table] as Record<string, Block>;
      const files = Object.keys(schemas).map((type) => `${folder}/${type.replace('accredit_', '')}.md`);
      expect([...pages.keys()].filter((file) => file.startsWith(`${folder}/`))).to.have.members(files);
      for (const [type, { block }] of Object.entries(schemas)) {
        const file = `${folder}/${type.replace('accredit_', '')}.md`;
        const page = pages.get(file) as string;
        expect(page).to.include(`\n# ${type} (`).and.include(`\n${block.description}\n`);
        expectSame(file, page, block.attributes);
      }
    });
  }

  it('tell the same functions, each with the same arguments', () => {
    const functions = schema.functions as Record<string, ProviderFunction>;
    const files = Object.keys(functions).map((name) => `functions/${name}.md`);
    expect([...pages.keys()].filter((file) => file.startsWith('functions/'))).to.have.members(files);
    for (const [name, { summary, description, parameters, variadic_parameter: variadic }] of Object.entries(
      functions,
    )) {
      const page = pages.get(`functions/${name}.md`) as string;
      expect(page).to.include(`\n  ${summary}.\n`).and.include(`\n# function: ${name}\n\n${description}\n`);
      const taken = [...parameters, ...(variadic === undefined ? [] : [variadic])].map(
        (parameter, index) =>
          `${index + 1}. ${parameter === variadic ? '(Variadic) ' : ''}\`${parameter.name}\` (${words(parameter.type)}) ${parameter.description}`,
      );
      expect(page).to.include(`\n## Arguments\n\n${taken.join('\n')}\n`);
    }
  });

  it('tell the same actions and lists, which Terraform before 1.14 does not ask for', async () => {
    const { action_schemas: actions = {}, list_resource_schemas: lists = {} } = await getProviderSchema();
    const schemas = {
      actions: Object.fromEntries(Object.entries(actions).map(([type, action]) => [type, action.schema])),
      'list-resources': lists,
    };
    for (const [folder, all] of Object.entries(schemas)) {
      const fileOf = (type: string) => `${folder}/${type.replace('accredit_', '')}.md`;
      const there = [...pages.keys()].filter((file) => file.startsWith(`${folder}/`));
      expect(there).to.have.members(Object.keys(all).map(fileOf)).and.to.not.be.empty;
      for (const [type, each] of Object.entries(all)) {
        const attributes = (each?.block?.attributes ?? []).map(({ name, type: bytes, ...rest }) => [
          name,
          { ...rest, type: JSON.parse(Buffer.from(bytes as Uint8Array).toString('utf8')) },
        ]);
        expectSame(fileOf(type), pages.get(fileOf(type)) as string, Object.fromEntries(attributes));
      }
    }
  });

  it('know of nothing else that the provider offers', () => {
    const offered = Object.keys(schema).filter(
      (name) => name !== 'provider' && Object.keys(schema[name] as object).length > 0,
    );
    expect(offered).to.have.members([...Object.keys(FOLDERS), 'functions']);
  });

  it('a difference would be found', () => {
    const page = '\n## Schema\n\n### Required\n\n- `a` (Set of String, Sensitive) An a. Or not.\n\n## Import\n';
    const a: Attribute = { type: ['set', 'string'], description: 'An a.', required: true, sensitive: true };
    expectSame('x', page, { a });
    expect(() => expectSame('x', page, { a: { ...a, required: false } })).to.throw();
    expect(() => expectSame('x', page, { a: { ...a, type: 'string' } })).to.throw();
    expect(() => expectSame('x', page, { a: { ...a, description: 'A b.' } })).to.throw();
    expect(() => expectSame('x', page, { a, b: a })).to.throw();
    expect(() => expectSame('x', page, {})).to.throw();
  });
});
