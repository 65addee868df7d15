/** `PUT /automate/recycle_key.json`: the self-rotation in the form in which scripts for another product send it. */
import { readAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { invalid } from '../../domain/convergence.ts';
import { Problem } from '../../domain/problem.ts';
import { IDEMPOTENCY_KEY } from '../contract.ts';
import type { Operation } from '../operation.ts';
import type { Reply } from '../reply.ts';
import { contractHeaders } from './replies.ts';

/**
 * A new key for whoever asks with the present one. The body has no say: the token's own overlap decides how long the old
 * key goes on working, which under the profile `self-recycling` is not at all. There is no dry run, since the answer has
 * no form for one.
 */
export function recycleKey(): Operation {
  return {
    writes: true,
    headers: IDEMPOTENCY_KEY,
    query: {},
    body: 'optional',
    // Command line clients announce a form whatever they send.
    anyMediaType: true,
    retiresCaller: true,
    address: () => '',
    run: async (service, { caller, options, body }): Promise<Reply> => {
      const read = readAttributes({}, body ?? {});
      if (!read.ok) throw invalid(read.violations);
      const answer = await service.rotateSelf({ ...options, caller, body: null });
      const { token: presented } = caller.credential;
      const made = answer.resource?.secret ?? null;
      // Who comes with the key that the first request made asks for that one to be replaced: another request.
      if (answer.replayed && made === presented) throw anotherKey();
      return { status: 200, headers: contractHeaders(answer), body: { old_key: presented, new_key: made } };
    },
  };
}

function anotherKey(): Problem {
  return new Problem(
    'idempotency-key-reused',
    'This Idempotency-Key was used to replace the key before this one. Use a fresh one for every key.',
  );
}
