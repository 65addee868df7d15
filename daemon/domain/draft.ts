import { Lookup } from './lookup.ts';
import type { AuditEvent, Replay, Resource, Revocation, Secret, SigningKey } from './model.ts';
import { type Snapshot, uidKey } from './snapshot.ts';

/**
 * Changes laid over a snapshot, not in it yet. What a write would lead to can be looked at (is an owner left? does the
 * caller's own token survive?) and shown, before `commit` hands it on or the draft is dropped, as in a dry run.
 */
export class Draft implements Snapshot {
  readonly #base: Snapshot;
  readonly #resources = new Map<string, Resource | null>();
  readonly #secrets = new Map<string, Secret>();
  readonly #touches: [hash: string, at: number, ip: string | null][] = [];
  readonly #revocations = new Map<string, Revocation | null>();
  readonly #signingKeys = new Map<string, SigningKey | null>();
  readonly #replays: Replay[] = [];
  readonly #events: AuditEvent[] = [];
  readonly #lookup = new Lookup();

  constructor(base: Snapshot) {
    this.#base = base;
  }

  /** What it is laid over: everything as it was. */
  get base(): Snapshot {
    return this.#base;
  }

  /** Whether anything would be written. */
  get changed(): boolean {
    const maps = [this.#resources, this.#secrets, this.#revocations, this.#signingKeys];
    return this.#touches.length > 0 || maps.some(({ size }) => size > 0);
  }

  resource(address: string): Resource | undefined {
    const drafted = this.#resources.get(address);
    return drafted === undefined ? this.#base.resource(address) : (drafted ?? undefined);
  }

  children(address: string): readonly Resource[] {
    return this.#overlay(this.#base.children(address), this.#lookup.below(address), (one) => one.parent === address);
  }

  referrers(address: string): readonly Resource[] {
    return this.#overlay(this.#base.referrers(address), this.#lookup.below(address), (one) => one.parent === address);
  }

  owners(organization: string): readonly Resource[] {
    return this.#overlay(
      this.#base.owners(organization),
      this.#lookup.owners(organization),
      (resource) => resource.owner && resource.organization === organization,
    );
  }

  withKey(key: string): readonly Resource[] {
    return this.#overlay(this.#base.withKey(key), this.#lookup.withKey(key), ({ keys }) => keys.includes(key));
  }

  withUid(organization: string, uid: string): Resource | undefined {
    for (const address of this.#lookup.withUid(uidKey(organization, uid))) {
      const drafted = this.#resources.get(address);
      if (drafted?.uid === uid && drafted.organization === organization) return drafted;
    }
    const found = this.#base.withUid(organization, uid);
    return found !== undefined && this.#resources.has(found.address) ? undefined : found;
  }

  secret(hash: string): Secret | undefined {
    return this.#secrets.get(hash) ?? this.#base.secret(hash);
  }

  revocation(address: string): Revocation | undefined {
    const drafted = this.#revocations.get(address);
    return drafted === undefined ? this.#base.revocation(address) : (drafted ?? undefined);
  }

  replay(key: string): Replay | undefined {
    return this.#base.replay(key);
  }

  /** As they were: nothing that is drafted asks for the keys that it drafts. */
  signingKeys(): readonly SigningKey[] {
    return this.#base.signingKeys();
  }

  put(resource: Resource): void {
    this.#resources.set(resource.address, resource);
    this.#lookup.add(resource);
  }

  remove(address: string): void {
    this.#resources.set(address, null);
  }

  addSecret(secret: Secret): void {
    this.#secrets.set(secret.hash, secret);
  }

  touchSecret(hash: string, at: number, ip: string | null): void {
    this.#touches.push([hash, at, ip]);
  }

  putRevocation(revocation: Revocation): void {
    this.#revocations.set(revocation.address, revocation);
  }

  removeRevocation(address: string): void {
    this.#revocations.set(address, null);
  }

  putReplay(replay: Replay): void {
    this.#replays.push(replay);
  }

  putSigningKey(key: SigningKey): void {
    this.#signingKeys.set(key.kid, key);
  }

  removeSigningKey(kid: string): void {
    this.#signingKeys.set(kid, null);
  }

  record(event: AuditEvent): void {
    this.#events.push(event);
  }

  /** Hands every change on to the snapshot below. */
  commit(): void {
    for (const [address, resource] of this.#resources) {
      if (resource === null) this.#base.remove(address);
      else this.#base.put(resource);
    }
    for (const secret of this.#secrets.values()) this.#base.addSecret(secret);
    for (const [hash, at, ip] of this.#touches) this.#base.touchSecret(hash, at, ip);
    for (const [address, revocation] of this.#revocations) {
      if (revocation === null) this.#base.removeRevocation(address);
      else this.#base.putRevocation(revocation);
    }
    for (const [kid, key] of this.#signingKeys) {
      if (key === null) this.#base.removeSigningKey(kid);
      else this.#base.putSigningKey(key);
    }
    for (const replay of this.#replays) this.#base.putReplay(replay);
    for (const event of this.#events) this.#base.record(event);
  }

  /** `rows` with what is drafted instead, and those of `named` that belong there too; by address, as `rows` are. */
  #overlay(
    rows: readonly Resource[],
    named: Iterable<string>,
    belongs: (resource: Resource) => boolean,
  ): readonly Resource[] {
    if (this.#resources.size === 0) return rows;
    const kept = rows.filter((row) => !this.#resources.has(row.address));
    let isSorted = true;
    for (const address of named) {
      const resource = this.#resources.get(address);
      if (!resource || !belongs(resource)) continue;
      kept.push(resource);
      isSorted = false;
    }
    return isSorted ? kept : kept.sort((left, right) => (left.address < right.address ? -1 : 1));
  }
}
