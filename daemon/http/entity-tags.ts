/** The value of `If-Match` (RFC 9110, section 13.1.1). */

const TAG = /[ \t,]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|$)/y;
const REST = /^[ \t,]*$/;

/**
 * The strong entity tags in `value` without their quotes, `'*'` for any, or `undefined` when it is malformed. Weak tags
 * are left out: in the strong comparison that `If-Match` demands they equal nothing.
 */
export function entityTags(value: string): readonly string[] | '*' | undefined {
  if (value.trim() === '*') return '*';
  const strong: string[] = [];
  let found = 0;
  let end = 0;
  for (TAG.lastIndex = 0; ; found += 1) {
    const match = TAG.exec(value);
    if (match === null) break;
    end = TAG.lastIndex;
    if (match[1] === undefined) strong.push(match[2] as string);
  }
  return found > 0 && REST.test(value.slice(end)) ? strong : undefined;
}
