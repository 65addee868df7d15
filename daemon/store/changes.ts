/** What decisions changed and nothing has written yet. */
import { Lookup } from '../domain/lookup.ts';
import type { AuditEvent, Replay, Resource, Revocation, Secret, SigningKey } from '../domain/model.ts';

/** When and from where a secret was last used. */
export interface Use {
  readonly last_used_at: number;
  readonly last_used_ip: string | null;
}

/** `null` stands for removed. */
export class Changes {
  readonly resources = new Map<string, Resource | null>();
  readonly secrets = new Map<string, Secret>();
  readonly uses = new Map<string, Use>();
  readonly revocations = new Map<string, Revocation | null>();
  readonly replays = new Map<string, Replay>();
  readonly signingKeys = new Map<string, SigningKey | null>();
  readonly events: AuditEvent[] = [];
  /** Where to look for changed resources by something else than their address. */
  readonly lookup = new Lookup();

  get empty(): boolean {
    return (
      this.resources.size === 0 &&
      this.secrets.size === 0 &&
      this.uses.size === 0 &&
      this.revocations.size === 0 &&
      this.replays.size === 0 &&
      this.signingKeys.size === 0 &&
      this.events.length === 0
    );
  }

  putResource(resource: Resource): void {
    this.resources.set(resource.address, resource);
    this.lookup.add(resource);
  }

  /** Takes over what a later decision changed. */
  merge(later: Changes): void {
    for (const [address, resource] of later.resources) {
      if (resource === null) this.resources.set(address, null);
      else this.putResource(resource);
    }
    for (const [hash, secret] of later.secrets) this.secrets.set(hash, secret);
    for (const [hash, use] of later.uses) this.uses.set(hash, use);
    for (const [address, revocation] of later.revocations) this.revocations.set(address, revocation);
    for (const [key, replay] of later.replays) this.replays.set(key, replay);
    for (const [kid, key] of later.signingKeys) this.signingKeys.set(kid, key);
    for (const event of later.events) this.events.push(event);
  }
}
