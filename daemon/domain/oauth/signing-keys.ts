/**
 * The keys that sign access tokens: one signs, the next is published before it does, and former ones are accepted until
 * the last token that they signed has ended. Pure decisions, like everything that is written.
 */
import type { AuditAction, AuditOutcome } from '../../../terraform-provider-spec/audit.ts';
import { formatTimestamp } from '../../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { endSigningKey, isAccepted, makeSigningKey } from '../../crypto/signing-key.ts';
import type { Ambient } from '../identity.ts';
import type { SigningKey } from '../model.ts';
import { DEFAULT_ORGANIZATION } from '../principal.ts';
import { ALL, type Operation, type Snapshot } from '../snapshot.ts';

const MINUTE = 60_000;
/** For how long a key is published before it signs: longer than anybody may keep the published list. */
export const PUBLISHED_BEFORE = 60 * MINUTE;
/** For how long anybody may keep it. */
export const PUBLISHED_FOR = 5 * MINUTE;
/** The longest life of an access token. */
export const LONGEST_LIFE = 60 * MINUTE;
/** For how long a key is accepted after another one signs: the longest life, and what clocks may differ by. */
export const ACCEPTED_AFTER = LONGEST_LIFE + 5 * MINUTE;

/** Adds to `Needs` what reading the keys takes. */
export const KEYS_NEEDED = { signingKeys: [ALL] } as const;

/**
 * The keys that open, in the order in which they sign. A row that somebody changed or wrote into the database is not among
 * them: whoever verifies offline takes our word for what is published.
 */
export function genuineKeys(snapshot: Pick<Snapshot, 'signingKeys'>, ambient: Ambient): readonly SigningKey[] {
  return snapshot.signingKeys().filter((key) => isGenuine(key, ambient));
}

/** Whether the row is as it was sealed. */
export function isGenuine(key: SigningKey, ambient: Ambient): boolean {
  try {
    ambient.openKey(key);
    return true;
  } catch {
    return false;
  }
}

/** The key that signs at `now`; undefined when there is none. */
export function signingKeyAt(keys: readonly SigningKey[], now: number): SigningKey | undefined {
  const active = keys.filter((key) => key.activates_at <= now && isAccepted(key, now));
  // Two may have become active in the same millisecond: the one that was replaced has an end.
  return active.findLast(({ verifies_until }) => verifies_until === null) ?? active.at(-1);
}

/** When another key begins to sign, if that is known at `now`. */
export function nextActivation(keys: readonly SigningKey[], now: number): number | null {
  return keys.find(({ activates_at }) => activates_at > now)?.activates_at ?? null;
}

/**
 * The operation that makes the first key, or the next one when it is time to publish it, and removes those that are
 * accepted no more. Resolves with whether it changed anything. Without `first` it makes no first one.
 */
export function scheduleKeysOperation(ambient: Ambient, { first }: { first: boolean }): Operation<boolean> {
  return {
    needs: KEYS_NEEDED,
    organizations: [DEFAULT_ORGANIZATION],
    decide(snapshot) {
      const now = ambient.now();
      const writer = keyWriter(snapshot, ambient, { actor: 'accredit', actor_token: null, request_id: 'maintenance' });
      const keys = genuineKeys(snapshot, ambient);
      for (const key of keys.filter((one) => !isAccepted(one, now))) writer.remove(key);
      const current = signingKeyAt(keys, now);
      if (current === undefined) {
        if (first) writer.make(now);
        return writer.changed;
      }
      const end = current.activates_at + ambient.accessTokens.keyLifetime;
      if (nextActivation(keys, now) === null && end - PUBLISHED_BEFORE <= now) {
        // A daemon that was away publishes the next one late, but for as long as any.
        const activation = Math.max(end, now + PUBLISHED_BEFORE);
        writer.make(activation);
        writer.end(current, activation + ACCEPTED_AFTER);
      }
      return writer.changed;
    },
  };
}

/** Whether `scheduleKeysOperation` would change anything but make a first key. */
export function isScheduleDue(snapshot: Snapshot, ambient: Ambient): boolean {
  const now = ambient.now();
  const keys = genuineKeys(snapshot, ambient);
  if (keys.some((key) => !isAccepted(key, now))) return true;
  const current = signingKeyAt(keys, now);
  if (current === undefined || nextActivation(keys, now) !== null) return false;
  return current.activates_at + ambient.accessTokens.keyLifetime - PUBLISHED_BEFORE <= now;
}

/** Who a change is put down to in the audit log. */
export interface KeyActor {
  readonly actor: string;
  readonly actor_token: string | null;
  readonly request_id: string;
}

/** What `keyWriter` writes to. */
type KeySnapshot = Pick<Snapshot, 'putSigningKey' | 'removeSigningKey' | 'record'>;

/** Writes keys, each change with its audit event. */
export function keyWriter(snapshot: KeySnapshot, ambient: Ambient, by: KeyActor) {
  const record = (kid: string, action: AuditAction, outcome: AuditOutcome) =>
    snapshot.record({
      organization: DEFAULT_ORGANIZATION,
      at: ambient.now(),
      ...by,
      action,
      address: `${DEFAULT_ORGANIZATION}/signing-keys/${kid}`,
      outcome,
      details: {},
    });
  return {
    changed: false,
    /** Makes one that signs from then on. */
    make(activates_at: number): SigningKey {
      const key = makeSigningKey(ambient.keyring, { created_at: ambient.now(), activates_at });
      snapshot.putSigningKey(key);
      record(key.kid, 'create', 'created');
      this.changed = true;
      return key;
    },
    /** Sets how long what it signed is accepted. */
    end(key: SigningKey, verifies_until: number): SigningKey {
      const ended = endSigningKey(ambient.keyring, key, verifies_until);
      snapshot.putSigningKey(ended);
      record(key.kid, 'update', 'updated');
      this.changed = true;
      return ended;
    },
    remove(key: SigningKey): void {
      snapshot.removeSigningKey(key.kid);
      record(key.kid, 'delete', 'deleted');
      this.changed = true;
    },
  };
}

/** The keys with which somebody can verify access tokens now or soon, as a JWK Set (RFC 7517, section 5). */
export function keySet(keys: readonly SigningKey[], now: number): JsonObject {
  const published = keys.filter((key) => isAccepted(key, now));
  // Member by member: no other one of the row is sealed.
  return {
    keys: published.map(({ kid, public_key: { kty = null, crv = null, x = null, y = null } }) => {
      return { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' };
    }),
  };
}

/** A key as whoever rotates them sees it. */
export function presentKey(key: SigningKey, keys: readonly SigningKey[], now: number): JsonObject {
  const { kid, created_at, activates_at, verifies_until, public_key } = key;
  const signs = signingKeyAt(keys, now)?.kid === kid;
  return {
    kid,
    use: signs ? 'signs' : activates_at > now ? 'next' : 'former',
    created_at: formatTimestamp(created_at),
    activates_at: formatTimestamp(activates_at),
    verifies_until: verifies_until === null ? null : formatTimestamp(verifies_until),
    public_key,
  };
}
