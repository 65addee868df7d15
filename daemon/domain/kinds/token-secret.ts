/** The secret of a token: where it comes from, how it is kept, and who learns it. */
import { parseAddress } from '../../../terraform-provider-spec/address.ts';
import { tokenHash } from '../../../terraform-provider-spec/token.ts';
import { answerOf } from '../convergence.ts';
import type { Resource, Revocation } from '../model.ts';
import { Problem } from '../problem.ts';
import { secretKindOf } from '../token-state.ts';
import { etagOf } from '../view.ts';
import type { Context, Effect } from '../write.ts';

/** A secret that is about to become a token's. `text` is missing when the caller made it. */
export interface NewSecret {
  readonly hash: string;
  readonly text?: string;
}

/** The secret of a rotation or creation: the caller's own, by its hash, or a fresh one. Throws `secret-in-use`. */
export function newSecret(
  context: Context,
  token: Pick<Resource, 'kind' | 'attributes'>,
  clientHash?: string,
): NewSecret {
  const { ambient, draft } = context;
  if (clientHash === undefined) {
    const text = ambient.mint(secretKindOf(token));
    return { hash: ambient.keyring.hashSecret(tokenHash(text)), text };
  }
  const hash = storedHash(context, clientHash);
  if (draft.secret(hash) === undefined) return { hash };
  throw new Problem('secret-in-use', 'This secret was used before. A secret is good for one token, once.', {
    errors: [{ pointer: '/secret_hash', detail: 'was used before' }],
  });
}

/** The stored form of a hash that a client sends. */
export function storedHash({ ambient }: Context, clientHash: string): string {
  return ambient.keyring.hashSecret(clientHash.slice('sha256:'.length));
}

/** Adds the hash of a secret that now belongs to `token`. */
export function keepSecret({ draft, now }: Context, token: Resource, secret: NewSecret): void {
  draft.addSecret({
    hash: secret.hash,
    address: token.address,
    uid: token.uid,
    created_at: now,
    last_used_at: null,
    last_used_ip: null,
  });
}

/** The answer with the secret in it, and the mark by which a replay can tell whether that secret still lives. */
export function minted(
  context: Context,
  row: Resource,
  outcome: 'created' | 'rotated',
  secret: NewSecret,
): Pick<Effect, 'answer' | 'minted'> {
  const answer = answerOf(context, row, outcome, secret.text);
  return secret.text === undefined
    ? { answer }
    : { answer, minted: { address: row.address, hash: secret.hash, etag: etagOf(row) } };
}

/** Refuses whatever would bring back an address that an emergency revocation latches. */
export function requireUnlatched(address: string, latch: Revocation | undefined): void {
  if (latch === undefined) return;
  const { noun } = parseAddress(address).kind;
  throw new Problem(
    'revoked',
    `${address} was revoked as ${latch.reason} by ${latch.created_by}. ` +
      `Nothing brings it back until somebody with the permission "${noun}.restore" deletes the revocation.`,
  );
}
