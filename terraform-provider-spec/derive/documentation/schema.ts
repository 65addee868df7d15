/** The section "Schema": what can or must be given, what comes back, and what is inside of it. */
import { attributeLine, type Documented, type Place, WRITE_ONLY_NOTE } from './attribute-text.ts';

interface Nested {
  /** The names that lead to it: `['settings', 'max_token_lifetime']`. */
  readonly path: readonly string[];
  readonly attributes: readonly Documented[];
}

/** The section, with one more behind it for each attribute that has attributes of its own. */
export function schemaSection(attributes: readonly Documented[], place: Place): string {
  const groups = groupsOf(attributes).map(([title, members]) => `### ${title}\n\n${list(members, [], place)}`);
  const nested = nestedIn(attributes, []).map((each) => nestedSection(each, place));
  return ['## Schema', ...groups, ...nested].join('\n\n');
}

function nestedSection({ path, attributes }: Nested, place: Place): string {
  const heading = `<a id="${anchorOf(path)}"></a>\n### Nested Schema for \`${path.join('.')}\``;
  const groups = groupsOf(attributes).map(([title, members]) => `${title}:\n\n${list(members, path, place)}`);
  return [heading, ...groups].join('\n\n');
}

function groupsOf(attributes: readonly Documented[]): [title: string, members: Documented[]][] {
  const groups: [string, Documented[]][] = [
    ['Required', attributes.filter(({ required }) => required)],
    ['Optional', attributes.filter(({ optional }) => optional)],
    ['Read-Only', attributes.filter(({ required, optional }) => !required && !optional)],
  ];
  return groups.filter(([, members]) => members.length > 0);
}

function list(attributes: readonly Documented[], path: readonly string[], place: Place): string {
  const lines = attributes.map((attribute) =>
    attributeLine(attribute, place, attribute.nested && anchorOf([...path, attribute.name])),
  );
  const note = attributes.some(({ writeOnly }) => writeOnly) ? `${WRITE_ONLY_NOTE}\n\n` : '';
  return note + lines.join('\n');
}

function nestedIn(attributes: readonly Documented[], path: readonly string[]): Nested[] {
  return attributes.flatMap(({ name, nested }) => {
    if (nested === undefined) return [];
    const own = { path: [...path, name], attributes: nested.attributes };
    return [own, ...nestedIn(own.attributes, own.path)];
  });
}

function anchorOf(path: readonly string[]): string {
  return `nestedatt--${path.join('--')}`;
}
