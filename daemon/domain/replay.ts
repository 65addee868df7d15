/**
 * Retries are safe: the first answer to a request with an Idempotency-Key is kept and given again, secret included.
 * The database holds only marks of key and request, and the answer sealed under a key that needs both the master key
 * and the Idempotency-Key.
 */
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Answer, WriteOptions } from './api.ts';
import { enrolmentOf } from './holder.ts';
import type { Ambient } from './identity.ts';
import { filterLoaded } from './loading.ts';
import { Problem } from './problem.ts';
import type { Snapshot } from './snapshot.ts';
import { slotOf } from './token-state.ts';
import { etagOf } from './view.ts';

const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Which request a key belongs to: an account's, to one method and address. */
export interface ReplayScope {
  /** The uid of the caller's account (another one under its name inherits nothing), or the hash of an enrolment. */
  readonly account: string;
  readonly method: string;
  /** The address with what of the query decides. */
  readonly target: string;
  readonly key: string;
}

/** A secret that an answer holds: its token, the hash, and the entity tag of the token when it was made. */
export interface Minted {
  readonly address: string;
  readonly hash: string;
  readonly etag?: string;
}

/** What is sealed: the answer, and which secret it holds, if any. */
export interface Recorded {
  readonly answer: Answer;
  /** Of an answer about many resources. */
  readonly allMinted?: readonly Minted[];
  readonly minted?: Minted;
  /** The hash of the caller's secret, when this very request retired it. */
  readonly retired?: string;
}

/** The row key of a scope. */
export function replayKey(ambient: Ambient, scope: ReplayScope): string {
  return ambient.keyring.mark('replay', ...contextOf(scope));
}

/** Everything that makes two requests the same. */
export function requestMark(ambient: Ambient, options: WriteOptions, body: Json): string {
  const { claim, manager, adopt, allowSelf, ifMatch, ifNoneMatch } = options;
  const contract = { claim, manager, adopt: adopt === true, allowSelf: allowSelf === true, ifMatch, ifNoneMatch };
  return ambient.keyring.mark('request', JSON.stringify(contract), JSON.stringify(body ?? null));
}

/**
 * The recorded answer to this request, or `undefined` when the key is new (or its 24 hours are over).
 * Throws `idempotency-key-reused` for another request under the same key, `superseded` when the recorded secret is no
 * longer live.
 */
export function findReplay(
  snapshot: Snapshot,
  ambient: Ambient,
  scope: ReplayScope,
  request: string,
): Recorded | undefined {
  const row = snapshot.replay(replayKey(ambient, scope));
  const now = ambient.now();
  if (row === undefined || row.expires_at <= now) return undefined;
  if (row.request !== request) {
    throw new Problem(
      'idempotency-key-reused',
      'This Idempotency-Key was used for another request to this address. Use a fresh key for every new request.',
    );
  }
  const recorded = JSON.parse(ambient.keyring.open(contextOf(scope), row.answer)) as Recorded;
  const { allMinted = [] } = recorded;
  const live = filterLoaded(allMinted, (minted) => stillLive(snapshot, minted, now));
  if (!stillLive(snapshot, recorded.minted, now, recorded.answer.etag) || (allMinted.length > 0 && live.length === 0)) {
    throw new Problem('superseded', 'The secret that this request made no longer works; its answer is not repeated.');
  }
  const answer = live.length === allMinted.length ? recorded.answer : withSecretsOf(recorded.answer, live);
  return { ...recorded, answer: { ...answer, replayed: true } };
}

/** An answer about many resources, with the secrets of these alone. */
function withSecretsOf(answer: Answer, live: readonly Minted[]): Answer {
  const kept = new Set(live.map(({ address }) => address));
  const changes = ((answer.resource?.changes ?? []) as JsonObject[]).map((change) => {
    if (kept.has(change.address as string)) return change;
    const { secret: _secret, ...rest } = change;
    return rest;
  });
  return { ...answer, resource: { ...answer.resource, changes } };
}

/** Keeps an answer, in the transaction of the change that it reports. */
export function recordReplay(
  snapshot: Snapshot,
  ambient: Ambient,
  scope: ReplayScope,
  request: string,
  recorded: Recorded,
): void {
  const now = ambient.now();
  snapshot.putReplay({
    key: replayKey(ambient, scope),
    request,
    answer: ambient.keyring.seal(contextOf(scope), JSON.stringify(recorded)),
    created_at: now,
    expires_at: now + LIFETIME_MS,
  });
}

function contextOf({ account, method, target, key }: ReplayScope): string[] {
  return [account, method, target, key];
}

/**
 * Whether the secret in the answer, if any, is still the token's, and nobody has stopped it. One that cannot be used yet, since its account is
 * disabled or it was made in the state `revoked`, is not lost for that.
 */
function stillLive(snapshot: Snapshot, minted: Minted | undefined, now: number, etag = minted?.etag): boolean {
  if (minted === undefined) return true;
  const token = snapshot.resource(minted.address);
  if (token !== undefined && kindNamed(token.kind).token === undefined) {
    const enrolment = enrolmentOf(token);
    return enrolment?.hash === minted.hash && enrolment.valid_until > now;
  }
  if (token === undefined || slotOf(token, minted.hash, now) === undefined) return false;
  if (snapshot.revocation(token.address) !== undefined) return false;
  const untouched = etag === etagOf(token);
  const expired = token.valid_until !== null && token.valid_until <= now;
  return !expired && (untouched || token.attributes.state === 'active');
}
