/** The life of a token: minted, rotated in place, taken over by a new claim, revoked and restored as declared. */
import { organizationOf, parentOf } from '../../../terraform-provider-spec/address.ts';
import { COMMON_WRITABLE } from '../../../terraform-provider-spec/common.ts';
import { problemsTogether } from '../../../terraform-provider-spec/derive/together.ts';
import { changedAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import type { DeleteRequest } from '../api.ts';
import { canNotice, isOwnToken, requireTokenRights } from '../authority.ts';
import { requireManager } from '../contract.ts';
import { answerOf, type Convergence, changesHands, invalid, nextRow } from '../convergence.ts';
import { withEnrolment } from '../holder.ts';
import type { Resource, Revocation } from '../model.ts';
import { Problem } from '../problem.ts';
import { type Profile, profileOf, profileOfToken } from '../profiles.ts';
import { referenceProblems } from '../references.ts';
import {
  endOf,
  isUndelivered,
  livePrevious,
  overlapOf,
  rotatedState,
  statusOf,
  storedState,
  type TokenState,
  tokenState,
} from '../token-state.ts';
import { etagOf } from '../view.ts';
import type { Context, Effect } from '../write.ts';
import type { Behaviour } from './behaviour.ts';
import {
  policyWarnings,
  profileProblems,
  requireDeletable,
  requireFuture,
  requireLifetime,
  requireRegenerable,
  requireRestorable,
  requireRoom,
  requireUniqueDisplayName,
} from './token-rules.ts';
import { keepSecret, minted, newSecret, requireUnlatched, storedHash } from './token-secret.ts';

export const token: Behaviour = {
  holder: (snapshot, address) => snapshot.resource(parentOf(address)),
  needs: (address) => ({ revocations: [address] }),
  converge: convergeToken,
  dependants: mayGo,
  endReplaced: endClaimedSlot,
};

/** A token as a PUT declares it, under the profile that rules it. */
interface Declaration extends Convergence {
  /** Those that are stored; `secret_hash` is not among them. */
  readonly attributes: JsonObject;
  readonly clientHash: string | undefined;
  readonly profile: Profile;
  readonly latch: Revocation | undefined;
}

function convergeToken(context: Context, convergence: Convergence): Effect {
  const { draft, principal } = context;
  const { kind, address, stored, desired } = convergence;
  const { secret_hash: clientHash, ...declared } = desired;
  const attributes: JsonObject = { ...declared, rotation: declared.rotation ?? stored?.attributes.rotation ?? null };
  const profile = profileOf(draft, organizationOf(address), attributes);
  // Whoever may make their own tokens may do so under any profile, whatever else they may not know of.
  const isOwn = isOwnToken(principal, kind, address);
  const isVisible = (target: string) => isOwn || canNotice(draft, principal, target);
  const missing = referenceProblems(draft, kind, address, attributes, isVisible);
  const faults = [...missing, ...problemsTogether(kind, attributes)];
  if (profile === undefined || faults.length > 0) throw invalid(faults);
  const declaration = {
    ...convergence,
    attributes,
    profile,
    clientHash: clientHash as string | undefined,
    latch: draft.revocation(address),
  };
  return stored === undefined ? create(context, declaration) : update(context, { ...declaration, stored });
}

function create(context: Context, declaration: Declaration): Effect {
  const { kind, address, attributes, clientHash, profile, latch } = declaration;
  const { now, options, principal, draft } = context;
  const problems = profileProblems(profile, attributes);
  if (problems.length > 0) throw invalid(problems);
  requireUnlatched(address, latch);
  requireOwnRights(context, address, attributes);
  requireRoom(draft, address, profile);
  requireUniqueDisplayName(draft, address, profile, attributes);
  const end = endOf(attributes, now);
  const warnings = holdEnd(context, declaration, end);
  const secret = newSecret(context, { kind: kind.kind, attributes }, clientHash);
  const state: TokenState = {
    rotated_at: now,
    current: { hash: secret.hash, claim: options.claim ?? null },
    previous: null,
  };
  const fresh = { ...declaration, stored: undefined };
  const row = nextRow(context, fresh, { attributes, state: storedState(state), valid_until: end });
  draft.put(row);
  keepSecret(context, row, secret);
  endEnrolment(context);
  const changed = changedAttributes(kind, {}, attributes);
  return {
    ...minted(context, row, 'created', secret),
    touched: [],
    changed,
    warnings,
    details: { by: principal.token.address },
  };
}

function update(context: Context, declaration: Declaration & { stored: Resource }): Effect {
  const { kind, address, stored, desired, attributes, clientHash, profile, latch } = declaration;
  const { now, options, draft } = context;
  const before = tokenState(stored);
  const sameHash = clientHash !== undefined && storedHash(context, clientHash) === before.current.hash;
  const marked = desired.rotation !== undefined && desired.rotation !== (stored.attributes.rotation ?? null);
  const claimed = options.claim !== undefined && options.claim !== stored.claim;
  const rotates = marked || claimed || (clientHash !== undefined && !sameHash);
  if (rotates && sameHash) throw unchangedHash(marked ? 'rotation' : 'claim');

  const changed = changedAttributes(kind, stored.attributes, attributes);
  if (!rotates && changed.length === 0 && !changesHands(context, stored)) {
    return { answer: answerOf(context, stored, 'unchanged'), touched: [], changed };
  }
  const isLost = context.isPart === true && rotates && isUndelivered(stored);
  if ((claimed || isLost) && profile.regenerate === 'forbidden' && isUnused(context, stored)) {
    return { ...create(context, declaration), touched: [stored] };
  }
  const expiryMoved = changed.includes('/expires_at') || changed.includes('/expires_in');
  const restored = stored.attributes.state === 'revoked' && attributes.state === 'active';
  // A profile that became stricter asks nothing of what a request leaves as it is.
  const problems = profileProblems(profile, attributes).filter(
    ({ pointer }) => rotates || changed.includes(pointer) || (expiryMoved && pointer.startsWith('/expires_')),
  );
  if (problems.length > 0) throw invalid(problems);
  if (rotates || restored) requireUnlatched(address, latch);
  if (rotates || widens(changed, attributes)) requireOwnRights(context, address, attributes);
  if (rotates) requireRegenerable(address, profile);
  if (restored) requireRestorable(address, profile);
  if (changed.includes('/display_name')) requireUniqueDisplayName(draft, address, profile, attributes);

  const rotatedAt = rotates ? now : before.rotated_at;
  const end = rotates || expiryMoved ? endOf(attributes, rotatedAt) : stored.valid_until;
  const warnings = rotates || expiryMoved ? holdEnd(context, declaration, end) : [];
  if (!rotates && (restored || expiryMoved)) requireNotOver(stored, now);
  const secret = rotates ? newSecret(context, { kind: kind.kind, attributes }, clientHash) : undefined;
  const state =
    secret === undefined
      ? before
      : rotatedState(
          stored,
          { hash: secret.hash, claim: options.claim ?? stored.claim },
          { now, overlap: overlapOf(attributes), active: statusOf(draft, stored, now).status === 'active' },
        );
  const row = nextRow(context, declaration, { attributes, state: storedState(state), valid_until: end });
  draft.put(row);
  endEnrolment(context);
  if (secret === undefined) {
    return { answer: answerOf(context, row, 'updated'), touched: [stored], changed, expiryMoved, warnings };
  }
  keepSecret(context, row, secret);
  return {
    ...minted(context, row, 'rotated', secret),
    touched: [stored],
    changed: [...changed, '/secret'],
    expiryMoved,
    warnings,
  };
}

/** Whoever enrols makes the user's own token, which carries what the user holds; everybody else needs all of it. */
function requireOwnRights({ draft, principal }: Context, address: string, attributes: JsonObject): void {
  if (principal.audience === 'enrolment') return;
  requireTokenRights(draft, principal, address, attributes);
}

/** An enrolment is good for one write. */
function endEnrolment({ draft, principal }: Context): void {
  if (principal.audience === 'enrolment') draft.put(withEnrolment(principal.holder, null));
}

/** Holds an end that the request sets against the clock, the profile and the organization; answers the warnings. */
function holdEnd({ draft, now }: Context, { address, attributes, profile }: Declaration, end: number | null): string[] {
  requireFuture(attributes, end, now);
  requireLifetime(profile, attributes, end, now);
  return policyWarnings(draft, address, attributes, end, now);
}

/** A secret that was revoked and has ended comes back by no longer expiry: whoever needs one gets a new one. */
function requireNotOver({ address, attributes, valid_until: end }: Resource, now: number): void {
  if (attributes.state !== 'revoked' || end === null || end > now) return;
  throw new Problem(
    'expired',
    `${address} is revoked and has expired: its secret cannot come back. Rotate or replace it.`,
    {
      errors: [{ pointer: '/state', detail: 'the token has expired' }],
    },
  );
}

/** A creation whose answer, or whose secret on its way, was lost: nobody ever used it, and the same manager comes again. */
function isUnused({ draft, options }: Context, stored: Resource): boolean {
  if (stored.managed_by !== (options.manager ?? null)) return false;
  return draft.secret(tokenState(stored).current.hash)?.last_used_at === null;
}

/** Whether a change can make the token do or last more: all but texts, and stopping it. */
function widens(changed: readonly string[], attributes: JsonObject): boolean {
  const harmless = new Set(Object.keys(COMMON_WRITABLE).map((name) => `/${name}`));
  if (attributes.state === 'revoked') harmless.add('/state');
  return changed.some((pointer) => !harmless.has(`/${pointer.split('/')[1]}`));
}

function unchangedHash(cause: 'rotation' | 'claim'): Problem {
  return invalid([
    { pointer: '/secret_hash', detail: `is that of the present secret, while the changed ${cause} asks for a new one` },
  ]);
}

/** Nothing goes with a token; whether it may go itself is for its profile to say. */
function mayGo({ draft, now }: Context, stored: Resource, request: DeleteRequest): readonly Resource[] {
  if (request.revoke !== true) requireDeletable(draft, stored, profileOfToken(draft, stored), now);
  return [];
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
