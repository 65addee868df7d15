/**
 * Attributes that only the daemon sets. An API client may send back what it got; in a file somebody would believe that
 * they do something, and a secret would lie in it.
 */
import { readOnlyAttributes } from '../../terraform-provider-spec/derive/attributes.ts';
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Member } from '../../terraform-provider-spec/manifest.ts';
import { masked } from '../masking.ts';
import type { Finding } from './finding.ts';
import type { Merged } from './merge.ts';

/** An error for each attribute of the body that is the daemon's, at its key. None holds the value of a secret. */
export function readOnlyFindings(
  { kind, pointer, body }: Member & { readonly body: JsonObject },
  locate: Merged['locate'],
): Finding[] {
  return Object.entries(readOnlyAttributes(kind))
    .filter(([name]) => Object.hasOwn(body, name))
    .map(([name, { once }]): Finding => {
      const place = locate(pointerTo(pointer, name), 'key');
      const isSecret = once === true;
      return {
        severity: 'error',
        message: isSecret
          ? aboutSecret(name, body[name] as Json)
          : `"${name}" is set by the daemon alone: leave it out`,
        place,
        ...(isSecret && place !== undefined && { hides: place }),
      };
    });
}

function aboutSecret(name: string, value: Json): string {
  if (typeof value === 'string' && masked(value) !== value) {
    return (
      `"${name}" holds a token, and whoever can read this file has it: revoke it (accredit revoke ADDRESS), and give the ` +
      'hash of another as "secret_hash"'
    );
  }
  return `"${name}" is set by the daemon alone: to give a secret of your own, give its hash as "secret_hash"`;
}
