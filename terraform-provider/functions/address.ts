import { AddressError, formatAddress, requireName } from '../../terraform-provider-spec/address.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import { closest } from '../../terraform-provider-spec/derive/closest.ts';
import { TYPE_PREFIX } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import type { Value } from '../values/value.ts';
import { ArgumentError } from './argument-error.ts';

/** `address` */
export function address([given, ...names]: readonly Value[]): Value {
  const kind = kindOf(String(given));
  const parameters = lineage(kind).map(({ parameter }) => parameter);
  if (names.length !== parameters.length) {
    // A missing argument has no place: the one that decides how many there must be has.
    const index = names.length > parameters.length ? parameters.length + 1 : 0;
    throw new ArgumentError(
      index,
      `The address of ${withArticle(kind.title)} takes ${parameters.length} names (${parameters.join(', ')}), not ${names.length}.`,
    );
  }
  for (const [index, parameter] of parameters.entries()) {
    try {
      requireName(parameter, String(names[index]));
    } catch (cause) {
      if (cause instanceof AddressError) throw new ArgumentError(index + 1, `${cause.message}.`);
      throw cause;
    }
  }
  return formatAddress(kind, Object.fromEntries(parameters.map((each, index) => [each, String(names[index])])));
}

function kindOf(text: string): Kind {
  const name = text.startsWith(TYPE_PREFIX) ? text.slice(TYPE_PREFIX.length) : text;
  const kind = KINDS.find((each) => each.kind === name);
  if (kind !== undefined) return kind;
  const all = KINDS.map((each) => each.kind);
  const meant = closest(name, all);
  throw new ArgumentError(
    0,
    meant === undefined
      ? `There is no such kind; the kinds are ${all.join(', ')}.`
      : `There is no such kind; did you mean "${meant}"?`,
  );
}
