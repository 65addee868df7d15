/** What the daemon does by itself: remove what an organization asked to have removed. */
import { durationMs } from '../../terraform-provider-spec/formats.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Ambient } from './identity.ts';
import type { Resource } from './model.ts';
import type { Engine, Operation, Reader } from './snapshot.ts';

const BATCH = 100;

/**
 * Removes, in every organization with `purge_after`, tokens that nobody manages and that expired longer ago than that.
 * Their hashes and revocations stay. Resolves with how many were removed.
 */
export async function purgeExpired(ambient: Ambient, engine: Engine, reader: Reader): Promise<number> {
  let removed = 0;
  for (let after = ''; ; ) {
    const organizations = await reader.list({ kinds: ['organization'], parent: '', after, limit: BATCH });
    for (const organization of organizations) removed += await purgeOrganization(ambient, engine, reader, organization);
    const last = organizations.at(-1);
    if (last === undefined || organizations.length < BATCH) return removed;
    after = last.address;
  }
}

async function purgeOrganization(
  ambient: Ambient,
  engine: Engine,
  reader: Reader,
  organization: Resource,
): Promise<number> {
  const { purge_after: keep } = organization.attributes.settings as { purge_after: string | null };
  if (keep === null) return 0;
  const before = ambient.now() - durationMs(keep);
  let removed = 0;
  for (;;) {
    const due = await reader.expired({ organization: organization.address, before, limit: BATCH });
    const count = await engine.submit(purgeOperation(ambient, organization.address, due, before));
    removed += count;
    // Fewer than were found means that some changed in between; the next round of maintenance looks again.
    if (due.length < BATCH || count < due.length) return removed;
  }
}

/** Looks again at each token in the transaction that removes it: it may have been renewed or adopted meanwhile. */
function purgeOperation(
  ambient: Ambient,
  organization: string,
  due: readonly Resource[],
  before: number,
): Operation<number> {
  return {
    needs: { resources: due.map((token) => token.address) },
    organizations: [organization],
    decide(snapshot) {
      const stale = due
        .map((token) => snapshot.resource(token.address))
        .filter((token): token is Resource => token !== undefined && isStale(token, before));
      for (const token of stale) {
        snapshot.remove(token.address);
        snapshot.record({
          organization,
          at: ambient.now(),
          actor: 'accredit',
          actor_token: null,
          action: 'purge',
          address: token.address,
          outcome: 'deleted',
          request_id: 'maintenance',
          details: {},
        });
      }
      return stale.length;
    },
  };
}

function isStale(token: Resource, before: number): boolean {
  if (kindNamed(token.kind).token === undefined || token.managed_by !== null) return false;
  return token.valid_until !== null && token.valid_until < before;
}
