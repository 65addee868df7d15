import type { Kind } from './kind.ts';
import { KINDS, lineage } from './kinds/index.ts';

/** What a name must look like: 1 to 63 characters, starting and ending with a letter or digit. */
export const NAME_PATTERN = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;

/** The names along an address by path parameter: `{ organization: 'default', account: 'ci' }`. */
export type Names = Readonly<Record<string, string>>;

export interface Address {
  readonly kind: Kind;
  readonly names: Names;
  readonly text: string;
}

/** Why a text is no address; `detail` is fit to be shown to whoever sent it. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  /** What is wrong, without the addresses that there are: for whoever knows which of them is meant. */
  readonly fault: string;

  constructor(fault: string, help = '') {
    super(fault + help);
    this.fault = fault;
  }
}

/**
 * The address of the resource of `kind` with these names along its path.
 * Throws `AddressError` when a name is missing or malformed.
 */
export function formatAddress(kind: Kind, names: Names): string {
  return lineage(kind)
    .map(({ collection, parameter }) => {
      const name = names[parameter];
      if (name === undefined) throw new AddressError(`the name of the ${parameter} is missing`);
      requireName(parameter, name);
      return `${collection}/${name}`;
    })
    .join('/');
}

/**
 * Reads an address such as `organizations/default/accounts/ci/tokens/deploy`.
 * Throws `AddressError` when no kind has this shape or a name is malformed.
 */
export function parseAddress(text: string): Address {
  const segments = text.split('/');
  let shape = '';
  for (let index = 0; index < segments.length; index += 2) shape += `/${segments[index]}`;
  const found = segments.length % 2 === 0 ? BY_SHAPE.get(shape) : undefined;
  if (found === undefined) {
    throw new AddressError(`no resource has the address "${text.slice(0, 200)}"`, `; one looks like ${SHAPES}`);
  }
  const names: Record<string, string> = {};
  found.parameters.forEach((parameter, index) => {
    const name = segments[index * 2 + 1] as string;
    requireName(parameter, name);
    names[parameter] = name;
  });
  return { kind: found.kind, names, text };
}

/** The kind of what lies at a good address. Throws a `RangeError` for any other: those are refused before. */
export function kindAt(address: string): Kind {
  const segments = address.split('/');
  let shape = '';
  for (let index = 0; index < segments.length; index += 2) shape += `/${segments[index]}`;
  const found = BY_SHAPE.get(shape);
  if (found === undefined) throw new RangeError(`no resource has the address "${address}"`);
  return found.kind;
}

/** The addresses above `address`, the organization first; none for an organization. */
export function ancestorsOf(address: string): string[] {
  const segments = address.split('/');
  const ancestors: string[] = [];
  for (let end = 2; end < segments.length; end += 2) ancestors.push(segments.slice(0, end).join('/'));
  return ancestors;
}

/** The address one level up, or `''` for an organization. */
export function parentOf(address: string): string {
  return address.split('/').slice(0, -2).join('/');
}

/** The address of the organization that `address` lies in (itself, for an organization). */
export function organizationOf(address: string): string {
  return address.split('/').slice(0, 2).join('/');
}

/** Throws `AddressError` unless `name` matches `NAME_PATTERN`. */
export function requireName(parameter: string, name: string): void {
  if (NAME_PATTERN.test(name)) return;
  throw new AddressError(
    `${JSON.stringify(name.slice(0, 100))} is no name for the ${parameter}: a name has 1 to 63 characters of ` +
      'a-z, 0-9, ".", "_" and "-", and starts and ends with a letter or digit',
  );
}

/** By the collections along an address, each behind a slash: the kind, and its names in order. Everybody asks, and often. */
const BY_SHAPE: ReadonlyMap<string, { readonly kind: Kind; readonly parameters: readonly string[] }> = new Map(
  KINDS.map((kind) => {
    const levels = lineage(kind);
    const shape = levels.map(({ collection }) => `/${collection}`).join('');
    return [shape, { kind, parameters: levels.map(({ parameter }) => parameter) }];
  }),
);

const SHAPES = KINDS.map((kind) =>
  lineage(kind)
    .map(({ collection, parameter }) => `${collection}/{${parameter}}`)
    .join('/'),
).join(', ');
