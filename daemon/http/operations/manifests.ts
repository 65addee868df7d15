/** Manifests: many resources as one tree. */
import type { Answer } from '../../domain/api.ts';
import { MANIFEST_BODY_LIMIT } from '../body.ts';
import { DELETE_HEADERS, DRY_RUN, PAGE, PUT_HEADERS, WRITE_HEADERS } from '../contract.ts';
import { withLittleMemory } from '../little-memory.ts';
import type { Operation } from '../operation.ts';
import type { Reply } from '../reply.ts';
import { contractHeaders, entityTag, pageReply, removalReply, writeReply } from './replies.ts';
import { DEFAULT_LIMIT } from './resources.ts';

type AddressOf = Operation['address'];

/** A claim belongs to the creation of one resource. */
const { 'accredit-claim': _claim, ...MANIFEST_HEADERS } = PUT_HEADERS;

/** `GET`: what the manifest declares. */
export function getManifest(address: AddressOf): Operation {
  return {
    writes: false,
    headers: {},
    query: {},
    body: 'none',
    address,
    run: async (service, { caller, address }) => {
      const { resource, etag } = await service.manifest({ caller, address });
      return { status: 200, headers: { ETag: entityTag(etag) }, body: resource };
    },
  };
}

/** `PUT`: converges the whole tree, or nothing of it. */
export function putManifest(address: AddressOf): Operation {
  return {
    writes: true,
    headers: MANIFEST_HEADERS,
    query: DRY_RUN,
    body: 'required',
    bodyLimit: MANIFEST_BODY_LIMIT,
    admit: (service, target) => service.admitManifest(target),
    address,
    run: async (service, input) => {
      const { caller, address, options } = input;
      const request = { ...options, caller, address, body: input.body };
      input.body = null;
      const answer = await withLittleMemory(() => service.putManifest(request));
      return answer.plan === undefined ? writeReply(address, answer) : planned(answer);
    },
  };
}

/** `DELETE`: removes what the manifest declared and still manages. */
export function deleteManifest(address: AddressOf): Operation {
  return {
    writes: true,
    headers: DELETE_HEADERS,
    query: DRY_RUN,
    body: 'none',
    address,
    run: async (service, { caller, address, options }) => {
      const answer = await withLittleMemory(() => service.deleteManifest({ ...options, caller, address, body: null }));
      return answer.plan === undefined ? removalReply(answer) : planned(answer);
    },
  };
}

/** `GET` of the collection. */
export function listManifests(organization: AddressOf): Operation {
  return {
    writes: false,
    headers: {},
    query: PAGE,
    body: 'none',
    address: organization,
    run: async (service, { caller, address: organization, options }) =>
      pageReply(await service.manifests({ ...options, caller, organization, limit: options.limit ?? DEFAULT_LIMIT })),
  };
}

/** `POST …/manifests/{manifest}/delivered`: many secrets at once. */
export function deliverAll(address: AddressOf): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'required',
    bodyLimit: MANIFEST_BODY_LIMIT,
    admit: (service, target) => service.admitManifest(target),
    address,
    run: async (service, { caller, address, options, body }) => {
      const answer = await withLittleMemory(() => service.deliverAll({ ...options, caller, address, body }));
      return answer.plan === undefined ? writeReply(address, answer) : planned(answer);
    },
  };
}

/** `POST …/delivered`: a secret that its maker has handed to those who need it. */
export function deliverToken(address: AddressOf): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'required',
    address,
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.deliver({ ...options, caller, address, body })),
  };
}

/** A dry run says the same as the write, under the entity tag of what it rests on. */
function planned(answer: Answer): Reply {
  const { ETag } = contractHeaders(answer);
  return { status: 200, ...(ETag !== undefined && { headers: { ETag } }), body: answer.resource ?? {} };
}
