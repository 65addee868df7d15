/** The life of a token: minted, rotated in place, taken over by a new claim, revoked and restored as declared. */
import { parentOf } from '../../../terraform-provider-spec/address.ts';
import { COMMON_WRITABLE } from '../../../terraform-provider-spec/common.ts';
import { changedAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { durationMs } from '../../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { tokenHash } from '../../../terraform-provider-spec/token.ts';
import { requireTokenRights } from '../authority.ts';
import { requireManager } from '../contract.ts';
import { answerOf, type Convergence, changesHands, invalid, nextRow } from '../convergence.ts';
import type { Resource, Revocation } from '../model.ts';
import { Problem, type ProblemDetail } from '../problem.ts';
import {
  endOf,
  livePrevious,
  rotatedState,
  statusOf,
  storedState,
  type TokenState,
  tokenState,
} from '../token-state.ts';
import { etagOf } from '../view.ts';
import type { Context, Effect } from '../write.ts';
import type { Behaviour } from './behaviour.ts';

/** A secret that is about to become a token's. `text` is missing when the caller made it. */
export interface NewSecret {
  readonly hash: string;
  readonly text?: string;
}

export const token: Behaviour = {
  account: (snapshot, address) => snapshot.resource(parentOf(address)),
  needs: (address) => ({ revocations: [address] }),
  converge: convergeToken,
  endReplaced: endClaimedSlot,
};

function convergeToken(context: Context, convergence: Convergence): Effect {
  const { address, stored, desired } = convergence;
  const { secret_hash: clientHash, ...declared } = desired;
  const attributes: JsonObject = { ...declared, rotation: declared.rotation ?? stored?.attributes.rotation ?? null };
  const problems = attributeProblems(attributes);
  if (problems.length > 0) throw invalid(problems);
  const latch = context.draft.revocation(address);
  return stored === undefined
    ? create(context, convergence, attributes, clientHash as string | undefined, latch)
    : update(context, { ...convergence, stored }, attributes, clientHash as string | undefined, latch);
}

/** The secret of a rotation or creation: the caller's own, by its hash, or a fresh one. Throws `secret-in-use`. */
export function newSecret(context: Context, convergence: Pick<Convergence, 'kind'>, clientHash?: string): NewSecret {
  const { ambient, draft } = context;
  if (clientHash === undefined) {
    const text = ambient.mint(convergence.kind.token?.secretKind ?? 'sa');
    return { hash: ambient.keyring.hashSecret(tokenHash(text)), text };
  }
  const hash = storedHash(context, clientHash);
  if (draft.secret(hash) === undefined) return { hash };
  throw new Problem('secret-in-use', 'This secret was used before. A secret is good for one token, once.', {
    errors: [{ pointer: '/secret_hash', detail: 'was used before' }],
  });
}

/** Refuses whatever would bring back an address that an emergency revocation latches. */
export function requireUnlatched(address: string, latch: Revocation | undefined): void {
  if (latch === undefined) return;
  throw new Problem(
    'revoked',
    `${address} was revoked as ${latch.reason} by ${latch.created_by}. ` +
      'Nothing brings it back until somebody with the permission "tokens.restore" deletes the revocation.',
  );
}

/** Throws `invalid` when the secret would end in the past: whoever sets an expiry or mints a secret means it to work. */
export function requireFuture(attributes: JsonObject, end: number | null, now: number): void {
  if (end === null || end > now) return;
  const pointer = typeof attributes.expires_at === 'string' ? '/expires_at' : '/expires_in';
  throw invalid([{ pointer, detail: 'ends in the past' }]);
}

/** Adds the hash of a secret that now belongs to `token`. */
export function keepSecret(context: Context, token: Resource, secret: NewSecret): void {
  const { draft, now } = context;
  draft.addSecret({
    hash: secret.hash,
    address: token.address,
    uid: token.uid,
    created_at: now,
    last_used_at: null,
    last_used_ip: null,
  });
}

/** How long the previous secret lives on under these attributes, in milliseconds. */
export function overlapOf(attributes: JsonObject): number {
  return durationMs(attributes.overlap as string);
}

function create(
  context: Context,
  convergence: Convergence,
  attributes: JsonObject,
  clientHash: string | undefined,
  latch: Revocation | undefined,
): Effect {
  const { now, options, principal, draft } = context;
  requireUnlatched(convergence.address, latch);
  requireTokenRights(draft, principal, convergence.address, attributes);
  const end = endOf(attributes, now);
  requireFuture(attributes, end, now);
  const secret = newSecret(context, convergence, clientHash);
  const state: TokenState = {
    rotated_at: now,
    current: { hash: secret.hash, claim: options.claim ?? null },
    previous: null,
  };
  const row = nextRow(context, convergence, { attributes, state: storedState(state), valid_until: end });
  draft.put(row);
  keepSecret(context, row, secret);
  const changed = changedAttributes(convergence.kind, {}, attributes);
  return { ...minted(context, row, 'created', secret), touched: [], changed, details: { by: principal.token.address } };
}

function update(
  context: Context,
  convergence: Convergence & { stored: Resource },
  attributes: JsonObject,
  clientHash: string | undefined,
  latch: Revocation | undefined,
): Effect {
  const { kind, address, stored, desired } = convergence;
  const { now, options, principal, draft } = context;
  const before = tokenState(stored);
  const sameHash = clientHash !== undefined && storedHash(context, clientHash) === before.current.hash;
  const marked = desired.rotation !== undefined && desired.rotation !== stored.attributes.rotation;
  const claimed = options.claim !== undefined && options.claim !== stored.claim;
  const rotates = marked || claimed || (clientHash !== undefined && !sameHash);
  if (rotates && sameHash) throw unchangedHash(marked ? 'rotation' : 'claim');

  const changed = changedAttributes(kind, stored.attributes, attributes);
  if (!rotates && changed.length === 0 && !changesHands(context, stored)) {
    return { answer: answerOf(context, stored, 'unchanged'), touched: [], changed };
  }
  const expiryMoved = changed.includes('/expires_at') || changed.includes('/expires_in');
  const restored = stored.attributes.state === 'revoked' && attributes.state === 'active';
  if (rotates || restored) requireUnlatched(address, latch);
  if (rotates || widens(changed, attributes)) requireTokenRights(draft, principal, address, attributes);

  const rotatedAt = rotates ? now : before.rotated_at;
  const end = rotates || expiryMoved ? endOf(attributes, rotatedAt) : stored.valid_until;
  if (rotates || expiryMoved) requireFuture(attributes, end, now);
  if (restored && end !== null && end <= now) {
    throw new Problem('expired', `${address} has expired: it cannot be restored, only renewed or rotated.`, {
      errors: [{ pointer: '/state', detail: 'the token has expired' }],
    });
  }
  const secret = rotates ? newSecret(context, convergence, clientHash) : undefined;
  const state =
    secret === undefined
      ? before
      : rotatedState(
          stored,
          { hash: secret.hash, claim: options.claim ?? stored.claim },
          { now, overlap: overlapOf(attributes), active: statusOf(draft, stored, now).status === 'active' },
        );
  const row = nextRow(context, convergence, { attributes, state: storedState(state), valid_until: end });
  draft.put(row);
  if (secret === undefined) {
    return { answer: answerOf(context, row, 'updated'), touched: [stored], changed, expiryMoved };
  }
  keepSecret(context, row, secret);
  return {
    ...minted(context, row, 'rotated', secret),
    touched: [stored],
    changed: [...changed, '/secret'],
    expiryMoved,
  };
}

/** The answer with the secret in it, and the mark by which a replay can tell whether that secret still lives. */
export function minted(
  context: Context,
  row: Resource,
  outcome: 'created' | 'rotated',
  secret: NewSecret,
): Pick<Effect, 'answer' | 'minted'> {
  const answer = answerOf(context, row, outcome, secret.text);
  return secret.text === undefined ? { answer } : { answer, minted: { address: row.address, hash: secret.hash } };
}

/** Whether a change can make the token do or last more: all but texts, and stopping it. */
function widens(changed: readonly string[], attributes: JsonObject): boolean {
  const harmless = new Set(Object.keys(COMMON_WRITABLE).map((name) => `/${name}`));
  if (attributes.state === 'revoked') harmless.add('/state');
  return changed.some((pointer) => !harmless.has(`/${pointer.split('/')[1]}`));
}

function attributeProblems(attributes: JsonObject): ProblemDetail[] {
  const problems: ProblemDetail[] = [];
  if (attributes.retire_previous === 'on_first_use' && overlapOf(attributes) === 0) {
    problems.push({ pointer: '/retire_previous', detail: '"on_first_use" needs an overlap above "0s"' });
  }
  const { rotate_before_expiry: before, expires_in: lifetime, expires_at: end } = attributes;
  if (typeof before === 'string') {
    if (lifetime === null && end === null) {
      problems.push({ pointer: '/rotate_before_expiry', detail: 'needs "expires_in" or "expires_at"' });
    } else if (typeof lifetime === 'string' && durationMs(before) >= durationMs(lifetime)) {
      problems.push({ pointer: '/rotate_before_expiry', detail: `must be shorter than "expires_in", ${lifetime}` });
    }
  }
  return problems;
}

function storedHash(context: Context, clientHash: string): string {
  return context.ambient.keyring.hashSecret(clientHash.slice('sha256:'.length));
}

function unchangedHash(cause: 'rotation' | 'claim'): Problem {
  return invalid([
    { pointer: '/secret_hash', detail: `is that of the present secret, while the changed ${cause} asks for a new one` },
  ]);
}

/** The late destroy of a replaced creation: it ends only the secret that this creation made, if that still lives. */
function endClaimedSlot(context: Context, token: Resource, claim: string | null): Effect | undefined {
  const previous = livePrevious(token, context.now);
  if (previous === null || previous.claim !== claim) return undefined;
  requireManager(token, context.options);
  const row: Resource = {
    ...token,
    state: storedState({ ...tokenState(token), previous: null }),
    revision: token.revision + 1,
    updated_at: context.now,
  };
  context.draft.put(row);
  return { answer: { outcome: 'slot-ended', etag: etagOf(row) }, touched: [token], changed: ['/previous'] };
}
