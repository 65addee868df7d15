/** What tokens have besides the operations of every kind. */
import { TOKEN_KINDS } from '../../../terraform-provider-spec/kinds/index.ts';
import { DRY_RUN, filterRules, LABEL, WRITE_HEADERS } from '../contract.ts';
import type { Operation } from '../operation.ts';
import { removalReply, writeReply } from './replies.ts';

type AddressOf = Operation['address'];

/** `POST …/rotation`: a new secret under the same address, the declared marker untouched. */
export function rotateToken(address: AddressOf): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'optional',
    address,
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.rotate({ ...options, caller, address, body })),
  };
}

/** `POST /v1/self/rotate`: a new secret for whoever asks. */
export function rotateSelf(): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'optional',
    retiresCaller: true,
    address: () => '',
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.rotateSelf({ ...options, caller, body })),
  };
}

/** `PUT …/revocation`: the emergency revocation, which no declared state undoes. */
export function putRevocation(address: AddressOf): Operation {
  return {
    writes: true,
    // Whatever a token opens, whoever finds that it leaked can end it with the token itself.
    audiences: ['api', 'app', 'scim'],
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'required',
    address,
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.revoke({ ...options, caller, address, body })),
  };
}

/** `GET …/revocation`. */
export function getRevocation(address: AddressOf): Operation {
  return {
    writes: false,
    headers: {},
    query: {},
    body: 'none',
    address,
    run: async (service, { caller, address }) => ({
      status: 200,
      body: await service.revocation({ caller, address }),
    }),
  };
}

/** `DELETE …/revocation`: takes the emergency revocation back. */
export function restoreToken(address: AddressOf): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'none',
    address,
    run: async (service, { caller, address, options }) =>
      removalReply(await service.restore({ ...options, caller, address })),
  };
}

/** `GET …/token-counts`: how many tokens an organization has. */
export function countTokens(organization: AddressOf): Operation {
  return {
    writes: false,
    headers: {},
    query: { ...LABEL, ...filterRules(TOKEN_KINDS) },
    body: 'none',
    address: organization,
    run: async (service, { caller, address, options }) => ({
      status: 200,
      body: await service.count({ ...options, caller, organization: address }),
    }),
  };
}
