/** The pages of everything that has a Terraform schema, a table of schemas at a time. */
import type { Kind, Subcategory } from '../../kind.ts';
import { DATA_SOURCE_SCHEMAS, RESOURCE_SCHEMAS } from '../terraform.ts';
import { ACTION_SCHEMAS } from '../terraform-actions.ts';
import { EPHEMERAL_SCHEMAS } from '../terraform-ephemeral.ts';
import { LIST_RESOURCE_SCHEMAS } from '../terraform-list-resources.ts';
import type { Documented, Place } from './attribute-text.ts';
import { importSection } from './import.ts';
import { codeBlockOf, type Inputs, textOf } from './inputs.ts';
import { pageText } from './page.ts';
import { schemaSection } from './schema.ts';

/** What a page is made from. */
export interface DocumentedSchema {
  /** `accredit_service_account`. */
  readonly type: string;
  readonly description: string;
  readonly attributes: readonly Documented[];
  readonly kind?: Kind;
}

/** A table of schemas, whose pages lie in one folder. */
export interface Table {
  /** The folder of the pages in `docs/`, and of the examples in `examples/`. */
  readonly folder: string;
  /** What one is called in titles. */
  readonly title: string;
  readonly schemas: ReadonlyMap<string, DocumentedSchema>;
  /** Whether its entries are managed: they can be imported, are replaced by an immutable change, and lie in the state. */
  readonly managed?: true;
  /** What it takes to use one, for all of them. */
  readonly requires?: string;
  /** What the names of the examples end with; `tf` if left out. */
  readonly ending?: string;
  /** Where entries without a kind are filed. */
  readonly subcategory?: Subcategory;
}

/** Every table of schemas. Another one is a line here, and an example for each of its entries. */
export const TABLES: readonly Table[] = [
  { folder: 'resources', title: 'Resource', schemas: RESOURCE_SCHEMAS, managed: true },
  { folder: 'data-sources', title: 'Data Source', schemas: DATA_SOURCE_SCHEMAS },
  {
    folder: 'ephemeral-resources',
    title: 'Ephemeral Resource',
    schemas: EPHEMERAL_SCHEMAS,
    subcategory: 'Tokens',
    requires: 'Ephemeral resources need Terraform 1.10 or later.',
  },
  {
    folder: 'list-resources',
    title: 'List Resource',
    schemas: LIST_RESOURCE_SCHEMAS,
    requires: 'List resources need Terraform 1.14 or later: `terraform query` finds with them what could be imported.',
    ending: 'tfquery.hcl',
  },
  {
    folder: 'actions',
    title: 'Action',
    schemas: ACTION_SCHEMAS,
    subcategory: 'Tokens',
    requires: 'Actions need Terraform 1.14 or later.',
  },
];

/** The file of an entry's page, in `docs/`. */
export function pageOf({ folder }: Table, type: string): string {
  return `${folder}/${type.replace(/^accredit_/, '')}.md`;
}

/** The file of an entry's example, in the clone. */
export function exampleOf({ folder, ending = 'tf' }: Table, type: string): string {
  return `examples/${folder}/${type}/${folder.replace(/s$/, '')}.${ending}`;
}

/** The pages of a table by file. Throws an `Error` when an example is missing. */
export function pagesOf(table: Table, inputs: Inputs): [file: string, text: string][] {
  return [...table.schemas.values()].map((schema) => [pageOf(table, schema.type), page(table, schema, inputs)]);
}

function page(table: Table, schema: DocumentedSchema, inputs: Inputs): string {
  const { type, kind, description, attributes } = schema;
  const { folder, title, managed = false, requires, subcategory } = table;
  const place: Place = { formatsPage: '../index.md', replaces: managed };
  return pageText({
    title: `${type} ${title} - accredit`,
    subcategory: kind?.subcategory ?? subcategory,
    description,
    sections: [
      `# ${type} (${title})`,
      description,
      ...(requires === undefined ? [] : [`-> ${requires}`]),
      ...(managed && attributes.some(isStoredSecret) ? [STORED_SECRET] : []),
      `## Example Usage\n\n${codeBlockOf(inputs, 'terraform', exampleOf(table, type))}`,
      schemaSection(attributes, place),
      ...(managed && kind ? [importSection(kind, textOf(inputs, `examples/${folder}/${type}/import.sh`))] : []),
    ],
  });
}

function isStoredSecret({ sensitive, computed }: Documented): boolean {
  return sensitive && computed;
}

const STORED_SECRET =
  '~> Terraform keeps `secret` in the state in clear text, unless the secret is made elsewhere and only its hash is ' +
  'given: see [Zero secrets in state](../guides/zero-secrets-in-state.md).';
