/** `POST /v1/signing-keys/rotation`: another key signs from now on. */
import { readAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { durationMs } from '../../../terraform-provider-spec/formats.ts';
import type { Json } from '../../../terraform-provider-spec/kind.ts';
import { KEY_ROTATION_REQUEST } from '../../../terraform-provider-spec/requests.ts';
import { isAccepted } from '../../crypto/signing-key.ts';
import type { Answer, WriteOptions } from '../api.ts';
import { requireOrganizationPermission } from '../authority.ts';
import { invalid } from '../convergence.ts';
import type { Ambient } from '../identity.ts';
import type { SigningKey } from '../model.ts';
import { DEFAULT_ORGANIZATION } from '../principal.ts';
import type { Operation } from '../snapshot.ts';
import { writeOperation } from '../write.ts';
import { ACCEPTED_AFTER, isGenuine, KEYS_NEEDED, keyWriter, presentKey } from './signing-keys.ts';

export interface RotateKeysRequest extends WriteOptions {
  /** `{ overlap? }`; `null` for no body. */
  readonly body: Json;
}

/** The operation. Its answer's resource is the list of keys as they are then. */
export function rotateKeysOperation(ambient: Ambient, request: RotateKeysRequest): Operation<Answer> {
  const body = readAttributes(KEY_ROTATION_REQUEST, request.body ?? {});
  return writeOperation(ambient, {
    method: 'POST',
    address: DEFAULT_ORGANIZATION,
    suffix: '/signing-keys/rotation',
    action: 'rotate',
    body: request.body,
    options: request,
    needs: KEYS_NEEDED,
    authorize: (_snapshot, principal) =>
      requireOrganizationPermission(principal, DEFAULT_ORGANIZATION, 'signing-keys.rotate'),
    decide({ draft, principal, now }) {
      if (!body.ok) throw invalid(body.violations);
      const { overlap } = body.desired;
      const acceptedFor = typeof overlap === 'string' ? durationMs(overlap) : ACCEPTED_AFTER;
      const writer = keyWriter(draft, ambient, {
        actor: principal.identifier,
        actor_token: principal.token.address,
        request_id: request.caller.requestId,
      });
      const left: SigningKey[] = [];
      for (const key of draft.signingKeys()) {
        // One that has not signed yet has nothing to be accepted for, nor has one that is not ours.
        const isUsed = key.activates_at <= now && isAccepted(key, now) && isGenuine(key, ambient);
        const end = Math.min(now + acceptedFor, key.verifies_until ?? Number.POSITIVE_INFINITY);
        if (!isUsed || end <= now) writer.remove(key);
        else left.push(end === key.verifies_until ? key : writer.end(key, end));
      }
      const made = writer.make(now);
      const keys = [...left, made];
      return {
        answer: { outcome: 'rotated', resource: { keys: keys.map((key) => presentKey(key, keys, now)) } },
        touched: [],
        changed: [],
        address: `${DEFAULT_ORGANIZATION}/signing-keys/${made.kid}`,
        details: { overlap: overlap ?? null },
      };
    },
  });
}
