/** Resources as people read them: one as a list of its attributes, many as a table. */
import { timestampMs } from '../terraform-provider-spec/formats.ts';
import type { Json, JsonObject } from '../terraform-provider-spec/kind.ts';
import { type Cell, type Output, printable, type Style } from './output.ts';

/** What is said first; the rest follows in the order of the answer. */
const FIRST = ['address', 'kind', 'display_name', 'description', 'status', 'status_reason'];
/** Is in the address. */
const LEFT_OUT = new Set(['name']);

/** One resource, an attribute a line; those that are null or empty are left out. */
export function showResource(resource: JsonObject, out: Output): void {
  const names = Object.keys(resource).filter((name) => !LEFT_OUT.has(name) && !isEmpty(resource[name]));
  const ordered = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  const width = Math.max(...ordered.map((name) => name.length));
  for (const name of ordered) {
    const text = printable(textOf(resource[name] as Json));
    const style = name === 'status' ? statusStyle(text) : undefined;
    out.line(`${out.style('bold', name.padEnd(width))}  ${style === undefined ? text : out.style(style, text)}`);
  }
}

/** The columns of a table of resources that are, or are not, tokens. */
export function resourceTable(resources: readonly JsonObject[], { tokens, prefix }: TableShape): Cell[][] {
  const nameOf = ({ address }: JsonObject) => String(address).slice(prefix.length);
  if (!tokens) {
    return [
      ['NAME', 'DISPLAY NAME', 'STATUS', 'MANAGED BY', 'UPDATED'],
      ...resources.map((each) => [
        nameOf(each),
        text(each.display_name),
        status(each),
        text(each.managed_by),
        text(each.updated_at),
      ]),
    ];
  }
  return [
    ['NAME', 'STATUS', 'EXPIRES', 'LAST USED', 'MANAGED BY'],
    ...resources.map((each) => [
      nameOf(each),
      status(each),
      each.valid_until === null ? 'never' : text(each.valid_until),
      lastUse(each) ?? 'never',
      text(each.managed_by),
    ]),
  ];
}

export interface TableShape {
  readonly tokens: boolean;
  /** Left out of the addresses, since all of them have it. */
  readonly prefix: string;
}

/** `undefined` for what is neither on nor off, such as a role. */
function status(resource: JsonObject): Cell {
  const { status: own, disabled, active } = resource;
  if (own === undefined && disabled === undefined && active === undefined) return undefined;
  const said = typeof own === 'string' ? own : disabled === true || active === false ? 'disabled' : 'active';
  return { text: said, style: statusStyle(said) };
}

/** The later use of the secrets that work. */
function lastUse({ last_used_at, previous_last_used_at }: JsonObject): string | undefined {
  const uses = [text(last_used_at), text(previous_last_used_at)].filter((at) => at !== undefined);
  return uses.sort((a, b) => timestampMs(b) - timestampMs(a))[0];
}

function statusStyle(said: string): Style {
  if (said === 'active') return 'green';
  return said === 'disabled' ? 'yellow' : 'red';
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return JSON.stringify(value);
}

function isEmpty(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  return Object.keys(value).length === 0;
}
