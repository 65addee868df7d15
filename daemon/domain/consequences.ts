/** What a change would stop, said to people before it happens. */
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import { childKinds, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { filterLoaded, mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import type { Snapshot } from './snapshot.ts';
import { livePrevious, slotOf, statusOf, tokenState } from './token-state.ts';

/** One sentence for each secret that works before and would not, or not for long, after. */
export function cutsOff(before: Snapshot, after: Snapshot, touched: readonly Resource[], now: number): string[] {
  const all = mapLoaded(touched, (resource) => tokensOf(before, resource)).flat();
  const tokens = new Map(all.map((token) => [token.address, token]));
  const active = filterLoaded([...tokens.values()], (token) => statusOf(before, token, now).status === 'active');
  return mapLoaded(active, (token) => {
    const previous = livePrevious(token, now);
    return [
      ...fate(before, after, token, tokenState(token).current.hash, 'the secret', now),
      ...(previous === null ? [] : fate(before, after, token, previous.hash, 'the previous secret', now)),
    ];
  }).flat();
}

function tokensOf(before: Snapshot, resource: Resource): readonly Resource[] {
  const kind = kindNamed(resource.kind);
  if (kind.token !== undefined) return [resource];
  if (!childKinds(kind).some((child) => child.token !== undefined)) return [];
  return before.children(resource.address).filter((child) => kindNamed(child.kind).token !== undefined);
}

function fate(before: Snapshot, after: Snapshot, token: Resource, hash: string, which: string, now: number): string[] {
  const next = after.resource(token.address);
  const alive = next !== undefined && next.uid === token.uid && statusOf(after, next, now).status === 'active';
  const slot = alive ? slotOf(next, hash, now) : undefined;
  const wasCurrent = tokenState(token).current.hash === hash;
  if (slot !== undefined && (slot === 'current' || !wasCurrent)) return [];
  const use = lastUse(before, hash, now);
  if (slot === undefined) return [`${token.address}: ${which}, ${use}, stops working at once`];
  const end = formatTimestamp(livePrevious(next as Resource, now)?.valid_until as number);
  return [`${token.address}: ${which}, ${use}, stops working at ${end}`];
}

function lastUse(before: Snapshot, hash: string, now: number): string {
  const at = before.secret(hash)?.last_used_at ?? null;
  return at === null ? 'never used' : `last used ${ago(now - at)} ago`;
}

function ago(milliseconds: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  for (const [unit, length] of units) {
    const count = Math.floor(milliseconds / length);
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}
