/** The records by which daemons that share a database tell each other what they changed. */
import { everythingIn, organizationOfKey, resourceKey, revocationKey, SIGNING_KEYS } from '../domain/change-feed.ts';
import type { Changes } from './changes.ts';
import type { Revision } from './tables.ts';

/** Which revision of an organization it is. With the same count and another `id`, history went another way. */
export type RevisionMark = Pick<Revision, 'organization' | 'revision' | 'id'>;

/** One that was just made, and the `id` of the one before it; `''` for the first. */
export interface MadeRevision extends RevisionMark {
  readonly before: string;
}

/** How many keys one record names; one with more says that anything may have changed. */
const MOST_KEYS = 2000;

/** The keys of all rows that changed and that decisions about credentials rest on. */
export function changedKeys({ resources, revocations, signingKeys }: Changes): string[] {
  return [
    ...[...resources.keys()].map(resourceKey),
    ...[...revocations.keys()].map(revocationKey),
    ...(signingKeys.size > 0 ? [SIGNING_KEYS] : []),
  ];
}

/** The changed keys of each organization in which there are any. */
export function keysByOrganization(changes: Changes): Pick<Revision, 'organization' | 'keys'>[] {
  const organizations = new Map<string, string[]>();
  for (const key of changedKeys(changes)) {
    const organization = organizationOfKey(key);
    const keys = organizations.get(organization);
    if (keys === undefined) organizations.set(organization, [key]);
    else keys.push(key);
  }
  return [...organizations].map(([organization, keys]) => ({
    organization,
    keys: keys.length > MOST_KEYS ? null : keys,
  }));
}

/** What a revision changed: its keys, or everything. */
export function keysOf({ organization, keys }: Pick<Revision, 'organization' | 'keys'>): readonly string[] {
  return keys ?? [everythingIn(organization)];
}

/** Marks as the driver answers them: it gives 64-bit integers as text. */
export function readMarks(rows: readonly unknown[]): RevisionMark[] {
  return (rows as { organization: string; revision: string; id: string }[]).map(({ organization, revision, id }) => ({
    organization,
    revision: Number(revision),
    id,
  }));
}

/** Like `readMarks`, for rows with the one before. */
export function readMade(rows: readonly unknown[]): MadeRevision[] {
  const marks = readMarks(rows);
  return (rows as { before: string }[]).map(({ before }, index) => ({ ...(marks[index] as RevisionMark), before }));
}

/** Like `readMarks`, for rows with their keys. */
export function readRevisions(rows: readonly unknown[]): Omit<Revision, 'at'>[] {
  const marks = readMarks(rows);
  return (rows as { keys: string }[]).map(({ keys }, index) => ({
    ...(marks[index] as RevisionMark),
    keys: JSON.parse(keys),
  }));
}
