/** The four operations that every kind has. */
import type { Kind, ListFilter } from '../../../terraform-provider-spec/kind.ts';
import {
  DELETE_HEADERS,
  DELETE_QUERY,
  DRY_RUN,
  EXPIRES_BEFORE,
  LABEL,
  PAGE,
  PUT_HEADERS,
  type Rule,
  type Rules,
  statusRule,
  UNUSED_SINCE,
  VIEW,
} from '../contract.ts';
import type { Operation } from '../operation.ts';
import { entityTag, pageReply, removalReply, writeReply } from './replies.ts';

type AddressOf = Operation['address'];

/** How many items a page holds if the request does not say. */
export const DEFAULT_LIMIT = 100;

/** `GET` of one resource. */
export function getResource(address: AddressOf): Operation {
  return {
    writes: false,
    headers: {},
    query: VIEW,
    body: 'none',
    address,
    run: async (service, { caller, address, options }) => {
      const { resource, etag } = await service.get({ caller, address, view: options.view });
      return { status: 200, headers: { ETag: entityTag(etag) }, body: resource };
    },
  };
}

/** `PUT`: create or converge. */
export function putResource(address: AddressOf): Operation {
  return {
    writes: true,
    headers: PUT_HEADERS,
    query: DRY_RUN,
    body: 'required',
    address,
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.put({ ...options, caller, address, body })),
  };
}

/** `DELETE`, which succeeds whether or not there is something. */
export function deleteResource(address: AddressOf): Operation {
  return {
    writes: true,
    headers: DELETE_HEADERS,
    query: DELETE_QUERY,
    body: 'none',
    address,
    run: async (service, { caller, address, options }) =>
      removalReply(await service.delete({ ...options, caller, address })),
  };
}

/** `GET` of a collection: below one parent or, with `everywhere`, in a whole organization. */
export function listResources(kind: Kind, parent: AddressOf, scope: { everywhere?: true } = {}): Operation {
  return {
    writes: false,
    headers: {},
    query: { ...PAGE, ...VIEW, ...LABEL, ...filterRules(kind) },
    body: 'none',
    address: parent,
    run: async (service, { caller, address, options }) => {
      const limit = options.limit ?? DEFAULT_LIMIT;
      return pageReply(await service.list({ ...options, ...scope, caller, kind: kind.kind, parent: address, limit }));
    },
  };
}

function filterRules(kind: Kind): Rules {
  const status = kind.attributes.status;
  const rules: Record<ListFilter, Rule> = {
    status: statusRule(status?.type === 'string' ? (status.enum ?? []) : []),
    expires_before: EXPIRES_BEFORE,
    unused_since: UNUSED_SINCE,
  };
  return Object.fromEntries((kind.filters ?? []).map((filter) => [filter, rules[filter]]));
}
