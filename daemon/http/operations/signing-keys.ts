/** The keys that access tokens are signed with. */
import { DRY_RUN } from '../contract.ts';
import type { Operation } from '../operation.ts';
import { writeReply } from './replies.ts';

/** `POST /v1/signing-keys/rotation`: another key signs from now on. */
export function rotateSigningKeys(): Operation {
  return {
    writes: true,
    headers: {},
    query: DRY_RUN,
    body: 'optional',
    address: () => 'organizations/default',
    run: async (service, { caller, address, options, body }) =>
      writeReply(address, await service.rotateSigningKeys({ ...options, caller, body })),
  };
}
