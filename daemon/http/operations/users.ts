/** What users have besides the operations of every kind. */
import { DRY_RUN, WRITE_HEADERS } from '../contract.ts';
import type { Operation } from '../operation.ts';
import { contractHeaders, writeReply } from './replies.ts';

/** `POST …/users/{user}/enrolment`: the one secret that opens the creation of the user's own tokens. */
export function enrolUser(address: Operation['address']): Operation {
  return {
    writes: true,
    headers: WRITE_HEADERS,
    query: DRY_RUN,
    body: 'optional',
    address,
    run: async (service, { caller, address, options, body }) => {
      const answer = await service.enrol({ ...options, caller, address, body });
      if (answer.plan !== undefined) return writeReply(address, answer);
      return { status: 201, headers: contractHeaders(answer), body: answer.resource ?? {} };
    },
  };
}
