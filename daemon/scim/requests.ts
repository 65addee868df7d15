/** What can be asked of Users and Groups: list, create, read, replace, patch, delete (RFC 7644, section 3). */
import type { IncomingMessage } from 'node:http';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Service } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import type { Provisioned, ProvisioningScope } from '../domain/provisioned.ts';
import { parseBody, readText, requireMediaType } from '../http/body.ts';
import type { Reply } from '../http/reply.ts';
import { type Collection, patched } from './collections.ts';
import { ScimError } from './errors.ts';
import { matches } from './filter.ts';
import { listResponse, pageOf, project, readListQuery, readProjection } from './list.ts';
import { namesVersion } from './resources.ts';

/** What an endpoint is given. */
export interface ScimRequest {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly scope: ProvisioningScope;
  readonly query: URLSearchParams;
  /** The address under which SCIM is served, as the client sees it. */
  readonly base: string;
}

/** What each method does; one that is missing is not offered. */
export interface Methods {
  readonly GET?: (request: ScimRequest) => Promise<Reply>;
  readonly POST?: (request: ScimRequest) => Promise<Reply>;
  readonly PUT?: (request: ScimRequest) => Promise<Reply>;
  readonly PATCH?: (request: ScimRequest) => Promise<Reply>;
  readonly DELETE?: (request: ScimRequest) => Promise<Reply>;
}

const MEDIA_TYPES = ['application/scim+json', 'application/json'];

/** The methods of `/Users` and `/Groups`. */
export function collectionRequests(collection: Collection): Methods {
  return {
    async GET({ service, scope, query, base }) {
      const { filter, projection, ...page } = readListQuery(collection.type, query);
      const present = (resource: Provisioned) => collection.present(resource, base);
      const found = await service.provisioned(scope, filter && collection.lookup(filter));
      const matching = filter === undefined ? found : found.filter((resource) => matches(filter, present(resource)));
      const resources = pageOf(matching, page).map((resource) =>
        project(collection.type, present(resource), projection),
      );
      return { status: 200, body: listResponse(resources, { total: matching.length, startIndex: page.startIndex }) };
    },
    async POST(asked) {
      const { service, scope, request } = asked;
      const show = shown(collection, asked);
      const desired = collection.read(await bodyOf(request));
      const made = await service.provision(scope, () => collection.names(desired), desired);
      const reply = show(made);
      return { ...reply, status: 201, headers: { ...reply.headers, Location: locationOf(collection, asked, made) } };
    },
  };
}

/** The methods of one User or Group. */
export function resourceRequests(collection: Collection, uid: string): Methods {
  const change = async (
    asked: ScimRequest,
    make: (body: Json, current: Provisioned) => ReturnType<Collection['read']>,
  ) => {
    const show = shown(collection, asked);
    const body = await bodyOf(asked.request);
    const target = { uid, check: precondition(collection, asked) };
    const now = await asked.service.reprovision(asked.scope, target, (current) => make(body, current));
    return show(now);
  };
  return {
    async GET(asked) {
      const show = shown(collection, asked);
      const [found] = await asked.service.provisioned(asked.scope, { by: 'uid', value: uid });
      if (found === undefined) throw new Problem('not-found', 'There is no such resource.');
      const reply = show(found);
      const known = asked.request.headers['if-none-match'];
      const isKnown = known !== undefined && namesVersion(known, String(reply.headers?.ETag));
      return isKnown ? { status: 304, headers: reply.headers } : reply;
    },
    PUT: (asked) => change(asked, (body, current) => collection.read(body, current)),
    PATCH: (asked) => change(asked, (body, current) => patched(collection, current, body, asked.base)),
    async DELETE(asked) {
      await asked.service.deprovision(asked.scope, { uid, check: precondition(collection, asked) });
      return { status: 204 };
    },
  };
}

/** `If-Match` (RFC 7644, section 3.14), looked at in the transaction of the change. */
function precondition(collection: Collection, { request, base }: ScimRequest): (current: Provisioned) => void {
  const wanted = request.headers['if-match'];
  return (current) => {
    if (wanted === undefined || namesVersion(wanted, versionOf(collection.present(current, base)))) return;
    throw new ScimError(412, undefined, 'The resource has changed: its version is another one by now.');
  };
}

/** How an answer shows a resource. A query that cannot be read is refused here, before anything is changed. */
function shown(collection: Collection, { query, base }: ScimRequest): (resource: Provisioned) => Reply {
  const projection = readProjection(collection.type, query);
  return (resource) => {
    const whole = collection.present(resource, base);
    return { status: 200, headers: { ETag: versionOf(whole) }, body: project(collection.type, whole, projection) };
  };
}

function versionOf({ meta }: JsonObject): string {
  return String((meta as JsonObject).version);
}

function locationOf(collection: Collection, { base }: ScimRequest, resource: Provisioned): string {
  return String((collection.present(resource, base).meta as JsonObject).location);
}

async function bodyOf(request: ScimRequest['request']): Promise<Json> {
  requireMediaType(request, MEDIA_TYPES);
  return parseBody(await readText(request));
}
