/** One attribute in one line: name, type, flags, what it is, and what its values can be. */
import { FORMATS } from '../../formats.ts';
import type { Attribute, Format, Json, ValueType } from '../../kind.ts';
import { LIST_FILTERS } from '../../list-filters.ts';
import type { TerraformAttribute, TerraformType } from '../terraform.ts';

/** An attribute as far as the documentation looks at it. */
export type Documented = Omit<TerraformAttribute, 'source' | 'immutable'> &
  Partial<Pick<TerraformAttribute, 'source' | 'immutable'>>;

/** Where the page lies and what it is of, as far as that changes what is said of an attribute. */
export interface Place {
  /** The relative way to the page that explains the formats; `''` on that page itself. */
  readonly formatsPage: string;
  /** Whether another value of an immutable attribute replaces something: it does not where things are only looked up. */
  readonly replaces: boolean;
}

const WRITE_ONLY = 'https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments';

/** What to know above a list that holds write-only arguments. */
export const WRITE_ONLY_NOTE = `> **NOTE**: [Write-only arguments](${WRITE_ONLY}) are supported in Terraform 1.11 and later.`;

/** The formats that need no explanation of their own. */
const PLAIN_FORMATS: ReadonlySet<Format> = new Set(['label-value', 'address']);

/** The list item of an attribute; `anchor` is that of its nested schema, if it has one. */
export function attributeLine(attribute: Documented, place: Place, anchor?: string): string {
  const { name, description, sensitive, writeOnly } = attribute;
  const flags = [typeWords(attribute), ...(sensitive ? ['Sensitive'] : []), ...(writeOnly ? [WRITE_ONLY_LINK] : [])];
  const below = anchor === undefined ? [] : [`(see [below for nested schema](#${anchor}))`];
  return `- \`${name}\` (${flags.join(', ')}) ${[description, ...factsOf(attribute, place), ...below].join(' ')}`;
}

const WRITE_ONLY_LINK = `[Write-only](${WRITE_ONLY})`;

const NESTED_WORDS: Readonly<Record<'single' | 'list' | 'set' | 'map', string>> = {
  single: 'Attributes',
  list: 'Attributes List',
  set: 'Attributes Set',
  map: 'Attributes Map',
};

function typeWords({ type, nested }: Documented): string {
  return nested === undefined ? wordsOf(type as TerraformType) : NESTED_WORDS[nested.nesting];
}

/** A Terraform type in the words of its documentation: `Set of String`. */
export function wordsOf(type: TerraformType): string {
  if (typeof type === 'string') return { string: 'String', number: 'Number', bool: 'Boolean' }[type];
  const [word, inner] = type;
  if (word === 'object') return 'Object';
  return `${{ list: 'List', set: 'Set', map: 'Map' }[word]} of ${wordsOf(inner)}`;
}

/** What the contract says about the values, a sentence each. */
function factsOf(attribute: Documented, place: Place): string[] {
  const { source, immutable, required, optional, computed, description } = attribute;
  // What the API says of a hash is not true of what is hashed.
  const isHashed = source?.from === 'triggers' || (source?.from === 'write-only' && source.hashed);
  const api = isHashed ? undefined : attribute.api;
  const conflicts = (api?.conflictsWith ?? []).filter((other) => !description.includes(`\`${other}\``));
  return [
    ...(api === undefined ? formatOf(source, place) : valuesOf(api, place)),
    ...(api !== undefined && (required || optional) ? limitsOf(api) : []),
    ...(source?.from === 'option' ? [`Defaults to \`${source.default}\`.`] : []),
    ...(api?.access === 'optional' && computed && optional ? defaultOf(api) : []),
    ...(optional ? conflicts.map((other) => `Conflicts with \`${other}\`.`) : []),
    ...(immutable && place.replaces ? ['Another value replaces the resource.'] : []),
  ];
}

/** The format of what is in no body: a name in the address, or a filter in the query. */
function formatOf(source: Documented['source'], place: Place): string[] {
  if (source?.from === 'name' && source.own) return [`Format: ${formatLink('name', place)}.`];
  const isTime = source?.from === 'filter' && source.filter !== 'label' && LIST_FILTERS[source.filter].form === 'time';
  return isTime ? [`Format: ${formatLink('timestamp', place)}.`] : [];
}

function valuesOf(type: ValueType, place: Place): string[] {
  switch (type.type) {
    case 'string':
      return [
        ...(type.enum === undefined ? [] : [`One of ${type.enum.map((value) => `\`${value}\``).join(', ')}.`]),
        ...(type.format === undefined || type.references !== undefined || PLAIN_FORMATS.has(type.format)
          ? []
          : [`Format: ${formatLink(type.format, place)}.`]),
      ];
    case 'set':
      return valuesOf(type.items, place);
    case 'map':
      return [`Keys have the format ${formatLink(type.keys, place)}.`];
    default:
      return [];
  }
}

function limitsOf(type: ValueType): string[] {
  if (type.type === 'integer') return type.minimum === undefined ? [] : [`At least ${type.minimum}.`];
  if (type.type === 'string') return atMost(type.maxLength, 'characters');
  return type.type === 'set' || type.type === 'map' ? atMost(type.maxItems, 'elements') : [];
}

function atMost(limit: number | undefined, what: string): string[] {
  return limit === undefined ? [] : [`At most ${limit} ${what}.`];
}

/** An object without a default inside has those of its attributes, which say so themselves. */
function defaultOf({ type, default: value = null }: Attribute): string[] {
  if (value === null || type === 'object') return [];
  if (typeof value === 'object' && Object.keys(value).length === 0) return ['Empty by default.'];
  return [`Defaults to \`${inTerraform(value)}\`.`];
}

/** A text stands for itself: what is between the back-ticks is already set apart. */
function inTerraform(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
}

function formatLink(format: Format, { formatsPage }: Place): string {
  return `[${format}](${formatsPage}#formats)`;
}

/** A row for each format that an attribute can link to. */
export function formatsTable(): string {
  const rows = Object.entries(FORMATS)
    .filter(([name]) => !PLAIN_FORMATS.has(name as Format))
    .map(([name, { text }]) => `| ${name} | ${text.replaceAll('|', '\\|')} |`);
  return ['| format | a value is |', '|---|---|', ...rows].join('\n');
}
