/** What a list keeps of the resources that the caller may see. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { timestampMs } from '../../terraform-provider-spec/formats.ts';
import type { Json, JsonObject, Kind, ListFilter } from '../../terraform-provider-spec/kind.ts';
import type { Filters } from './api.ts';
import { lifetimePolicy } from './kinds/token-rules.ts';
import { filterLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import type { Snapshot } from './snapshot.ts';
import { statusOf, tokenState } from './token-state.ts';

/** A row with what `?view=full` shows of it. */
export interface Candidate {
  readonly snapshot: Snapshot;
  readonly row: Resource;
  readonly shown: JsonObject;
  readonly now: number;
}

export type Filter = (candidate: Candidate) => boolean;

/** One filter for all that a request asks for. Throws `invalid-query` for what these kinds cannot be filtered by. */
export function filterOf(kinds: readonly Kind[], { labels = [], filters = {} }: Filters): Filter {
  const all = [
    ...labels.map(labelFilter),
    ...Object.entries(filters).map(([name, value]) => {
      const unable = kinds.find((kind) => !kind.filters?.some((filter) => filter === name));
      if (unable !== undefined) {
        throw new Problem('invalid-query', `A list of ${unable.collection} has no filter "${name}".`);
      }
      return MAKERS[name as ListFilter](value);
    }),
  ];
  return (candidate) => all.every((filter) => filter(candidate));
}

function labelFilter(label: string): Filter {
  const colon = label.indexOf(':');
  const key = colon < 0 ? label : label.slice(0, colon);
  const value = colon < 0 ? undefined : label.slice(colon + 1);
  return ({ shown }) => {
    const labels = shown.labels as Record<string, string>;
    return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  };
}

const MAKERS: Readonly<Record<ListFilter, (value: string) => Filter>> = {
  status: (value) => byAttribute('status', value),
  usage: (value) => byAttribute('usage', value),
  expires_before: (value) => {
    const end = instant('expires_before', value);
    return ({ row }) => row.valid_until !== null && row.valid_until < end;
  },
  never_expires: (value) => flag(value, ({ row }) => row.valid_until === null),
  unused_since: (value) => {
    const since = instant('unused_since', value);
    const isOlder = (use: Json | undefined) => typeof use !== 'string' || timestampMs(use) < since;
    // Whoever still goes by the former secret would be cut off too.
    return ({ shown }) => isOlder(shown.last_used_at) && isOlder(shown.previous_last_used_at);
  },
  without_successor: (value) => flag(value, (candidate) => !hasSuccessor(candidate)),
  exceeds_max_lifetime: (value) => flag(value, exceedsPolicy),
};

function byAttribute(name: string, value: string): Filter {
  return ({ shown }) => shown[name] === value;
}

function flag(value: string, filter: Filter): Filter {
  return (candidate) => filter(candidate) === (value === 'true');
}

/** Another active token of the same owner, for the same purpose, that goes on when this one has ended. */
function hasSuccessor({ snapshot, row, now }: Candidate): boolean {
  const { valid_until: end } = row;
  if (end === null) return false;
  const later = snapshot
    .children(row.parent)
    .filter(
      (other) =>
        other.address !== row.address &&
        (other.attributes.purpose ?? 'api') === (row.attributes.purpose ?? 'api') &&
        (other.valid_until === null || other.valid_until > end),
    );
  return filterLoaded(later, (other) => statusOf(snapshot, other, now).status === 'active').length > 0;
}

/** Only what still works, or would, can be against the policy: what has ended is no longer. */
function exceedsPolicy({ snapshot, row, now }: Candidate): boolean {
  const policy = lifetimePolicy(snapshot.resource(organizationOf(row.address)));
  if (policy === null || (row.valid_until !== null && row.valid_until <= now)) return false;
  if (statusOf(snapshot, row, now).status === 'revoked') return false;
  return row.valid_until === null || row.valid_until - tokenState(row).rotated_at > policy.longest;
}

function instant(name: string, text: string): number {
  try {
    return timestampMs(text);
  } catch (cause) {
    throw new Problem('invalid-query', `"${name}" must be a time such as 2027-01-31T00:00:00Z.`, { cause });
  }
}
