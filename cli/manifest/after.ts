/** What a plan makes of a resource, for programs that judge it before it is applied. */
import { readBody, writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { splitMember } from '../../terraform-provider-spec/manifest.ts';
import { masked } from '../masking.ts';
import { bodyAt, type Change, type Plan } from './plan.ts';

/**
 * Every attribute that can be declared of what is changed, as it is declared or by default; `undefined` for what is deleted. Left out are
 * secrets and their hashes, and what keeps its stored value since the manifest does not give it. Texts have no token in them.
 */
export function afterOf({ address, kind: name, outcome }: Change, { tree }: Plan): JsonObject | undefined {
  if (outcome === 'deleted') return undefined;
  const kind = kindNamed(name);
  const reading = readBody(kind, splitMember(kind, bodyAt(tree, address) ?? null).body);
  if (!reading.ok) return undefined;
  const after = Object.entries(writableAttributes(kind)).flatMap(
    ([attribute, { writeOnly, keeps }]): [string, Json][] => {
      const value = reading.desired[attribute] ?? null;
      return writeOnly || (keeps && value === null) ? [] : [[attribute, value]];
    },
  );
  return withoutTokens(Object.fromEntries(after));
}

/** The same with every token in it hidden. */
export function withoutTokens<Value extends Json>(value: Value): Value {
  return JSON.parse(masked(JSON.stringify(value))) as Value;
}
