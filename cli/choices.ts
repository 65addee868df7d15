/** Flags that take one of a few words. */
import { InvalidArgumentError, type Option } from 'commander';
import { closest } from '../terraform-provider-spec/derive/closest.ts';

/** The option, which refuses every value but these, and says which of them may have been meant. */
export function oneOf(option: Option, values: readonly string[]): Option {
  return option.choices(values).argParser((value) => {
    if (values.includes(value)) return value;
    const meant = closest(value, values);
    throw new InvalidArgumentError(
      `Allowed choices are ${values.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
  });
}
