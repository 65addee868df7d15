/** GET of a manifest, and the list of an organization's. */
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { MANIFEST } from '../../../terraform-provider-spec/manifest.ts';
import type { Caller, ManifestListRequest, Page } from '../api.ts';
import { notFound, requireOrganizationPermission } from '../authority.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Ambient } from '../identity.ts';
import { authenticated, existing, type Read } from '../read.ts';
import type { Operation, Reader } from '../snapshot.ts';
import { etagOf } from '../view.ts';
import { presentManifest } from './answer.ts';

type Found = { resource: JsonObject; etag: string };

/** The operation of a GET. */
export function getManifestOperation(
  ambient: Ambient,
  { caller, address }: { caller: Caller; address: string },
): Pick<Operation<Found>, 'needs' | 'decide'> {
  const needs = { resources: [address, organizationOf(address)] };
  return authenticated(ambient, caller, needs, (snapshot, principal) => {
    requireOrganizationPermission(principal, address, `${MANIFEST.noun}.read`);
    const manifest = snapshot.resource(address);
    if (manifest === undefined) throw notFound(existing(snapshot, address));
    return { resource: presentManifest(manifest), etag: etagOf(manifest) };
  });
}

/** A page of an organization's manifests, by address. Throws `invalid-query` for a cursor of another list. */
export async function manifestPage(
  ambient: Ambient,
  reader: Reader,
  read: Read,
  { caller, organization, limit, cursor }: ManifestListRequest,
): Promise<Page> {
  await read(
    authenticated(ambient, caller, { resources: [organization] }, (snapshot, principal) => {
      requireOrganizationPermission(principal, organization, `${MANIFEST.noun}.read`);
      if (snapshot.resource(organization) === undefined) throw notFound(organization);
    }),
  );
  const list = `manifest:${organization}`;
  const after = cursor === undefined ? undefined : (decodeCursor(cursor, list) as string);
  const rows = await reader.list({
    kinds: [MANIFEST.kind],
    parent: organization,
    limit: limit + 1,
    ...(after !== undefined && { after }),
  });
  const items = rows.slice(0, limit).map((row) => {
    const { declares: _many, ...shown } = presentManifest(row);
    return shown;
  });
  const last = items.at(-1);
  return { items, next_cursor: rows.length > limit ? encodeCursor(list, last?.address as string) : null };
}
