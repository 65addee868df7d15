/** Reads: one resource, and pages of the audit log. */
import { ancestorsOf, organizationOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import type { AuditRequest, Caller, Page } from './api.ts';
import { notFound, requireOrganizationPermission, requireRead } from './authority.ts';
import { builtInResource } from './built-in.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Ambient } from './identity.ts';
import type { Resource, StoredAuditEvent } from './model.ts';
import { authenticate, neededBy, type Principal } from './principal.ts';
import type { Needs, Operation, Reader, Snapshot } from './snapshot.ts';
import { etagOf, present } from './view.ts';

/** The operation of a GET of one resource: a point read. */
export function getOperation(
  ambient: Ambient,
  request: { caller: Caller; address: string; view?: 'full' },
): Pick<Operation<{ resource: JsonObject; etag: string }>, 'needs' | 'decide'> {
  const { kind, text: address } = parseAddress(request.address);
  return authenticated(
    ambient,
    request.caller,
    { resources: [address, ...ancestorsOf(address)], ...(kind.token && { revocations: [address] }) },
    (snapshot, principal) => {
      requireRead(snapshot, principal, address);
      const resource = find(snapshot, kind, address);
      if (resource === undefined) throw notFound(existing(snapshot, address));
      return {
        resource: present(snapshot, resource, { now: ambient.now(), view: request.view }),
        etag: etagOf(resource),
      };
    },
  );
}

/** An operation on a read-only snapshot that begins with who asks. */
export function authenticated<T>(
  ambient: Ambient,
  caller: Caller,
  needs: Needs,
  decide: (snapshot: Snapshot, principal: Principal) => T,
): Pick<Operation<T>, 'needs' | 'decide'> {
  return {
    needs: { ...needs, ...neededBy(ambient, caller) },
    decide: (snapshot) => decide(snapshot, authenticate(snapshot, ambient, caller, [caller.audience ?? 'api'])),
  };
}

/** Runs a decision on a snapshot that cannot be changed. */
export type Read = <T>(operation: Pick<Operation<T>, 'needs' | 'decide'>) => Promise<T>;

/** A page of an organization's audit log, the newest events first. */
export async function auditPage(ambient: Ambient, reader: Reader, read: Read, request: AuditRequest): Promise<Page> {
  const organization = `organizations/${request.organization}`;
  const exists = await read(
    authenticated(ambient, request.caller, { resources: [organization] }, (snapshot, principal) => {
      requireOrganizationPermission(principal, organization, 'audit-events.read');
      return snapshot.resource(organization) !== undefined;
    }),
  );
  const list = `audit:${organization}:${request.address ?? ''}`;
  const before = request.cursor === undefined ? undefined : (decodeCursor(request.cursor, list) as number);
  const events = await reader.audit({
    organization,
    limit: request.limit + 1,
    ...(before !== undefined && { before }),
    ...(request.address !== undefined && { address: request.address }),
  });
  // What happened in an organization can still be read when it is gone; of one that never was, there is nothing.
  if (!exists && events.length === 0) throw notFound(organization);
  const items = events.slice(0, request.limit);
  const more = events.length > request.limit;
  return {
    items: items.map(presentEvent),
    next_cursor: more ? encodeCursor(list, (items.at(-1) as StoredAuditEvent).id) : null,
  };
}

function presentEvent({ id, at, organization, ...event }: StoredAuditEvent): JsonObject {
  return { id: String(id), at: formatTimestamp(at), ...event };
}

function find(snapshot: Snapshot, kind: Kind, address: string): Resource | undefined {
  if (!kind.hasBuiltIn) return snapshot.resource(address);
  const organization = snapshot.resource(organizationOf(address));
  return (organization && builtInResource(organization, kind, address)) ?? snapshot.resource(address);
}

/** What to name as missing: the organization if even that is not there, as for one that the caller may not see. */
export function existing(snapshot: Snapshot, address: string): string {
  const organization = organizationOf(address);
  return snapshot.resource(organization) === undefined ? organization : address;
}
