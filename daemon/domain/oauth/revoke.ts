/** RFC 7009: whoever holds a token, or may revoke it, ends it by presenting it. */

import { kindNamed } from '../../../terraform-provider-spec/kinds/index.ts';
import { isAccessToken } from '../../crypto/access-token.ts';
import type { Caller } from '../api.ts';
import type { Ambient } from '../identity.ts';
import { presentedHash } from '../principal.ts';
import { Problem } from '../problem.ts';
import type { Read } from '../read.ts';
import { revokeOperation } from '../revocation.ts';
import type { Engine } from '../snapshot.ts';
import { slotOf } from '../token-state.ts';
import { OAuthProblem } from './problem.ts';

export interface TokenRevocation {
  /** The client that asks, already authenticated. */
  readonly caller: Caller;
  readonly token: string;
}

/**
 * Sets the emergency revocation of the token, for the reason "other". Of a token that does not work, or that the client
 * may not know of, it says nothing and does nothing (section 2.2). Throws `OAuthProblem`.
 */
export async function revokeToken(
  { ambient, read, engine }: { ambient: Ambient; read: Read; engine: Engine },
  { caller, token }: TokenRevocation,
): Promise<void> {
  if (isAccessToken(token)) {
    throw new OAuthProblem(
      'unsupported_token_type',
      'An access token ends with the token that it was issued for, or by itself: revoke that one.',
    );
  }
  const hash = presentedHash(ambient, { scheme: 'bearer', token });
  if (hash === undefined) return;
  const address = await read({
    needs: { secrets: [hash] },
    decide(snapshot) {
      const secret = snapshot.secret(hash);
      const row = secret && snapshot.resource(secret.address);
      if (row === undefined || row.uid !== secret?.uid) return undefined;
      if (kindNamed(row.kind).token === undefined) {
        throw new OAuthProblem('unsupported_token_type', 'An enrolment is ended by making another one for the user.');
      }
      return slotOf(row, hash, ambient.now()) && row.address;
    },
  });
  if (address === undefined) return;
  try {
    await engine.submit(revokeOperation(ambient, { caller, address, body: { reason: 'other' } }));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'not-found') return;
    if (error.code === 'forbidden') {
      throw new OAuthProblem('unauthorized_client', 'The client may not revoke this token.', {
        internal: error.message,
      });
    }
    throw new OAuthProblem('invalid_request', error.message);
  }
}
