/** The manifest's own row: that it is there, and what it declared last. */
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import { MANIFEST, managerOf } from '../../../terraform-provider-spec/manifest.ts';
import type { Outcome } from '../api.ts';
import type { Resource } from '../model.ts';
import type { Context } from '../write.ts';

/** What a manifest declared when it was last applied, sorted. */
export function declaredBy(manifest: Resource | undefined): readonly string[] {
  return (manifest?.state.declares ?? []) as string[];
}

export interface Recorded {
  readonly outcome: Outcome;
  /** As it is afterwards; `undefined` for one that is not there. */
  readonly row: Resource | undefined;
}

/**
 * Drafts the manifest with what it declares now. Its revision counts the writes that changed something, of itself or of
 * what it declares; one that changed nothing is not drafted.
 */
export function recordDeclared(context: Context, address: string, addresses: readonly string[]): Recorded {
  const { draft, now, principal, ambient } = context;
  const stored = draft.resource(address);
  const declares = [...addresses].sort();
  const isSame = stored !== undefined && declares.join() === declaredBy(stored).join();
  if (isSame && !draft.changed) return { outcome: 'unchanged', row: stored };
  const organization = organizationOf(address);
  const row: Resource =
    stored === undefined
      ? {
          address,
          kind: MANIFEST.kind,
          organization,
          parent: organization,
          name: address.slice(address.lastIndexOf('/') + 1),
          uid: ambient.uid(),
          revision: 1,
          created_at: now,
          created_by: principal.identifier,
          updated_at: now,
          managed_by: managerOf(address),
          claim: null,
          attributes: {},
          state: { declares },
          owner: false,
          valid_until: null,
          keys: [],
        }
      : { ...stored, state: { declares }, revision: stored.revision + 1, updated_at: now };
  draft.put(row);
  return { outcome: stored === undefined ? 'created' : 'updated', row };
}

/** Drafts that the manifest is gone. */
export function recordGone({ draft }: Context, address: string): Recorded {
  const stored = draft.resource(address);
  if (stored === undefined) return { outcome: 'unchanged', row: undefined };
  draft.remove(address);
  return { outcome: 'deleted', row: undefined };
}
