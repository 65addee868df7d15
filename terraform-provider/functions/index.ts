import type { Value } from '../values/value.ts';
import { address } from './address.ts';
import { tokenHashOf, tokenParse } from './token.ts';

export { ArgumentError } from './argument-error.ts';

/** Takes known values of the described types. Throws `ArgumentError`. */
export type Computation = (values: readonly Value[]) => Value;

const COMPUTATIONS: Readonly<Record<string, Computation>> = {
  token_hash: tokenHashOf,
  token_parse: tokenParse,
  address,
};

/** What the function of that name computes. Throws a `RangeError` for an unknown one. */
export function functionNamed(name: string): Computation {
  const computation = COMPUTATIONS[name];
  if (computation === undefined) throw new RangeError(`there is no function ${name}`);
  return computation;
}
