/** The snapshot on which one decision is made: loaded rows, under the changes of decisions before it, under its own. */
import type { AuditEvent, Replay, Resource, Revocation, Secret, SigningKey } from '../domain/model.ts';
import { Problem } from '../domain/problem.ts';
import { ALL, NotLoaded, REFERRER_LIMIT, type Snapshot, uidKey } from '../domain/snapshot.ts';
import { Changes } from './changes.ts';
import { byAddress, type Rows } from './rows.ts';

/** The answer to whoever presents a hash that this installation has seen before; it does not say whose. */
export function secretInUse(cause?: unknown): Problem {
  return new Problem('secret-in-use', 'this secret is, or once was, in use in this installation; make a new one', {
    cause,
  });
}

export class Overlay implements Snapshot {
  /** What this decision changed. */
  readonly own = new Changes();
  readonly #rows: Rows;
  /** The latest first. */
  readonly #layers: readonly Changes[];

  /** `earlier`: what the decisions before this one changed. */
  constructor(rows: Rows, earlier: Changes) {
    this.#rows = rows;
    this.#layers = [this.own, earlier];
  }

  resource(address: string): Resource | undefined {
    const changed = this.#changedResource(address);
    if (changed !== undefined) return changed ?? undefined;
    const row = this.#rows.resources.get(address);
    if (row === undefined) throw new NotLoaded({ resources: [address] });
    return row ?? undefined;
  }

  children(address: string): readonly Resource[] {
    const rows = this.#rows.children.get(address);
    if (rows === undefined) throw new NotLoaded({ children: [address] });
    return this.#below(address, rows);
  }

  referrers(address: string): readonly Resource[] {
    const all = this.#rows.children.get(address);
    if (all !== undefined) return this.#below(address, all).slice(0, REFERRER_LIMIT);
    const rows = this.#rows.referrers.get(address);
    if (rows === undefined) throw new NotLoaded({ referrers: [address] });
    // Were some of a cut-off list removed, others that nobody loaded would have to move up.
    if (this.#rows.referrersCutOff(address) && rows.some((row) => this.#changedResource(row.address) === null)) {
      throw new NotLoaded({ children: [address] });
    }
    return this.#below(address, rows).slice(0, REFERRER_LIMIT);
  }

  owners(organization: string): readonly Resource[] {
    const rows = this.#rows.owners.get(organization);
    if (rows === undefined) throw new NotLoaded({ owners: [organization] });
    const owners = this.#withChanges(rows, (layer) => layer.lookup.owners(organization));
    return owners.filter((resource) => resource.owner && resource.organization === organization);
  }

  withKey(key: string): readonly Resource[] {
    const rows = this.#rows.keys.get(key);
    if (rows === undefined) throw new NotLoaded({ keys: [key] });
    return this.#withChanges(rows, (layer) => layer.lookup.withKey(key)).filter(({ keys }) => keys.includes(key));
  }

  withUid(organization: string, uid: string): Resource | undefined {
    const wanted = uidKey(organization, uid);
    for (const address of this.#layers.flatMap((layer) => [...layer.lookup.withUid(wanted)])) {
      const changed = this.#changedResource(address);
      if (changed?.uid === uid && changed.organization === organization) return changed;
    }
    const row = this.#rows.uids.get(wanted);
    if (row === undefined) throw new NotLoaded({ uids: [wanted] });
    // One that was changed and still has the uid has been found above.
    return row === null || this.#changedResource(row.address) !== undefined ? undefined : row;
  }

  secret(hash: string): Secret | undefined {
    let secret: Secret | undefined;
    for (const layer of this.#layers) secret ??= layer.secrets.get(hash);
    if (secret === undefined) {
      const row = this.#rows.secrets.get(hash);
      if (row === undefined) throw new NotLoaded({ secrets: [hash] });
      if (row === null) return undefined;
      secret = row;
    }
    for (const layer of this.#layers) {
      const use = layer.uses.get(hash);
      if (use !== undefined) return { ...secret, ...use };
    }
    return secret;
  }

  revocation(address: string): Revocation | undefined {
    for (const layer of this.#layers) {
      const changed = layer.revocations.get(address);
      if (changed !== undefined) return changed ?? undefined;
    }
    const row = this.#rows.revocations.get(address);
    if (row === undefined) throw new NotLoaded({ revocations: [address] });
    return row ?? undefined;
  }

  replay(key: string): Replay | undefined {
    for (const layer of this.#layers) {
      const changed = layer.replays.get(key);
      if (changed !== undefined) return changed;
    }
    const row = this.#rows.replays.get(key);
    if (row === undefined) throw new NotLoaded({ replays: [key] });
    return row ?? undefined;
  }

  signingKeys(): readonly SigningKey[] {
    const rows = this.#rows.signingKeys.get(ALL);
    if (rows === undefined) throw new NotLoaded({ signingKeys: [ALL] });
    const keys = new Map<string, SigningKey | null>(rows.map((row) => [row.kid, row]));
    for (const layer of this.#layers.toReversed()) for (const [kid, key] of layer.signingKeys) keys.set(kid, key);
    return [...keys.values()]
      .filter((key) => key !== null)
      .sort((left, right) => left.activates_at - right.activates_at || (left.kid < right.kid ? -1 : 1));
  }

  put(resource: Resource): void {
    this.own.putResource(resource);
  }

  remove(address: string): void {
    this.own.resources.set(address, null);
  }

  /** A hash that was not loaded is left for the database to refuse: a minted one is another on every attempt. */
  addSecret(secret: Secret): void {
    const known = this.#layers.some((layer) => layer.secrets.has(secret.hash)) || this.#rows.secrets.get(secret.hash);
    if (known) throw secretInUse();
    this.own.secrets.set(secret.hash, secret);
  }

  touchSecret(hash: string, at: number, ip: string | null): void {
    const secret = this.secret(hash);
    if (secret === undefined) throw new Error('the secret whose use was to be recorded does not exist');
    if (secret.last_used_at !== null && secret.last_used_at >= at) return;
    this.own.uses.set(hash, { last_used_at: at, last_used_ip: ip });
  }

  putRevocation(revocation: Revocation): void {
    this.own.revocations.set(revocation.address, revocation);
  }

  removeRevocation(address: string): void {
    this.own.revocations.set(address, null);
  }

  putReplay(replay: Replay): void {
    this.own.replays.set(replay.key, replay);
  }

  putSigningKey(key: SigningKey): void {
    this.own.signingKeys.set(key.kid, key);
  }

  removeSigningKey(kid: string): void {
    this.own.signingKeys.set(kid, null);
  }

  record(event: AuditEvent): void {
    this.own.events.push(event);
  }

  #changedResource(address: string): Resource | null | undefined {
    for (const layer of this.#layers) {
      const changed = layer.resources.get(address);
      if (changed !== undefined) return changed;
    }
    return undefined;
  }

  #below(address: string, rows: readonly Resource[]): Resource[] {
    return this.#withChanges(rows, (layer) => layer.lookup.below(address));
  }

  /** `rows` as they are now, with those that the layers name in addition, by address. */
  #withChanges(rows: readonly Resource[], named: (layer: Changes) => Iterable<string>): Resource[] {
    const addresses = new Set(this.#layers.flatMap((layer) => [...named(layer)]));
    const result: Resource[] = [];
    for (const row of rows) {
      if (addresses.has(row.address)) continue;
      const changed = this.#changedResource(row.address);
      if (changed === undefined) result.push(row);
      else if (changed !== null) result.push(changed);
    }
    let added = false;
    for (const address of addresses) {
      const changed = this.#changedResource(address);
      if (!changed) continue;
      result.push(changed);
      added = true;
    }
    return added ? result.sort(byAddress) : result;
  }
}

/** An overlay for a decision that only reads. */
export class ReadOnlyOverlay extends Overlay {
  constructor(rows: Rows) {
    super(rows, new Changes());
  }

  override put(): never {
    throw readOnly();
  }
  override remove(): never {
    throw readOnly();
  }
  override addSecret(): never {
    throw readOnly();
  }
  override touchSecret(): never {
    throw readOnly();
  }
  override putRevocation(): never {
    throw readOnly();
  }
  override removeRevocation(): never {
    throw readOnly();
  }
  override putReplay(): never {
    throw readOnly();
  }
  override putSigningKey(): never {
    throw readOnly();
  }
  override removeSigningKey(): never {
    throw readOnly();
  }
  override record(): never {
    throw readOnly();
  }
}

function readOnly(): Error {
  return new Error('a decision that only reads tried to change something');
}
