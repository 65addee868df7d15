// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what this is about.
/** `${NAME}` in the texts of a manifest, for the variables that it declares and no others. */
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { Json } from '../../terraform-provider-spec/kind.ts';

/** `$${` stands for `${`; a name is what shells take for one. */
const REFERENCE = /\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;

/** `value` as a manifest has it whose reading, by `substitute` with whatever variables, gives it back. */
export function written(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(item)]));
}

export interface Use {
  /** A JSON pointer (RFC 6901) to the text that it is in. */
  readonly pointer: string;
  readonly name: string;
}

export interface Substitution {
  readonly value: Json;
  /** Declared, and without a value. */
  readonly unset: readonly Use[];
  /** Not declared, and therefore left as they are. */
  readonly undeclared: readonly Use[];
}

/** `value` with the references in all of its texts, though not in its keys, replaced. */
export function substitute(
  value: Json,
  declared: ReadonlySet<string>,
  environment: Readonly<Record<string, string | undefined>>,
): Substitution {
  const unset: Use[] = [];
  const undeclared: Use[] = [];
  const text = (given: string, pointer: string): string =>
    given.includes('$')
      ? given.replace(REFERENCE, (whole, behind: string, name: string | undefined) => {
          if (name === undefined) return behind;
          if (!declared.has(name)) {
            undeclared.push({ pointer, name });
            return whole;
          }
          const found = environment[name];
          if (found === undefined) unset.push({ pointer, name });
          return found ?? whole;
        })
      : given;
  const walk = (one: Json, pointer: string): Json => {
    if (typeof one === 'string') return text(one, pointer);
    if (Array.isArray(one)) return one.map((item, index) => walk(item, pointerTo(pointer, index)));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, walk(item, pointerTo(pointer, key))]));
  };
  return { value: walk(value, ''), unset, undeclared };
}
