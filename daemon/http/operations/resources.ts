/** The four operations that every kind has. */
import type { Kind } from '../../../terraform-provider-spec/kind.ts';
import {
  DELETE_HEADERS,
  DELETE_QUERY,
  DELETE_TOKEN_QUERY,
  DRY_RUN,
  filterRules,
  LABEL,
  NAMES,
  PAGE,
  PUT_HEADERS,
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
export function putResource(kind: Kind, address: AddressOf): Operation {
  return {
    writes: true,
    // A user's first own token is made with an enrolment, which that retires.
    ...(kind.token?.selfService && { audiences: ['api', 'enrolment'], retiresCaller: true }),
    headers: PUT_HEADERS,
    query: DRY_RUN,
    body: 'required',
    address,
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.put({ ...options, caller, address, body })),
  };
}

/** `DELETE`, which succeeds whether or not there is something. */
export function deleteResource(kind: Kind, address: AddressOf): Operation {
  return {
    writes: true,
    headers: DELETE_HEADERS,
    query: kind.token === undefined ? DELETE_QUERY : DELETE_TOKEN_QUERY,
    body: 'none',
    address,
    run: async (service, { caller, address, options }) =>
      removalReply(await service.delete({ ...options, caller, address })),
  };
}

/** `GET` of a collection: below one parent or, with `everywhere`, in a whole organization. */
export function listResources(kinds: readonly Kind[], parent: AddressOf, scope: { everywhere?: true } = {}): Operation {
  const names = kinds.map(({ kind }) => kind);
  return {
    writes: false,
    headers: {},
    query: { ...PAGE, ...VIEW, ...LABEL, ...(scope.everywhere ? {} : NAMES), ...filterRules(kinds) },
    body: 'none',
    address: parent,
    run: async (service, { caller, address, options }) => {
      const limit = options.limit ?? DEFAULT_LIMIT;
      return pageReply(await service.list({ ...options, ...scope, caller, kinds: names, parent: address, limit }));
    },
  };
}
