/** How a person gets in: an enrolment token, made by an administrator, opens the creation of the user's own tokens. */
import { ancestorsOf, organizationOf, parseAddress } from '../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import { durationMs, formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import { ENROLMENT_LIMIT, ENROLMENT_REQUEST } from '../../terraform-provider-spec/requests.ts';
import { tokenHash } from '../../terraform-provider-spec/token.ts';
import type { Answer, EnrolRequest } from './api.ts';
import { notFound, requireEveryRight, requirePermission, requirePowerOver, requireSameSight } from './authority.ts';
import { holderCarries } from './carried.ts';
import { invalid } from './convergence.ts';
import { withEnrolment } from './holder.ts';
import type { Ambient } from './identity.ts';
import { placeOf } from './scopes.ts';
import type { Operation } from './snapshot.ts';
import { writeOperation } from './write.ts';

/**
 * The operation of `POST …/users/{user}/enrolment`. It replaces an earlier enrolment that was not used. Whoever makes one
 * could act as the user, so they need every right of the user.
 */
export function enrolOperation(ambient: Ambient, request: EnrolRequest): Operation<Answer> {
  const { kind, text: address } = parseAddress(request.address);
  if (kind.kind !== 'user') throw notFound(`${address}/enrolment`);
  const body = readAttributes(ENROLMENT_REQUEST, request.body ?? {});
  return writeOperation(ambient, {
    method: 'POST',
    address,
    suffix: '/enrolment',
    action: 'enrol',
    body: request.body,
    options: request,
    needs: { resources: [address, ...ancestorsOf(address)] },
    authorize(snapshot, principal) {
      requirePermission(principal, address, placeOf(snapshot, address), 'users.enrol');
      const user = snapshot.resource(address);
      if (user !== undefined) requirePowerOver(snapshot, principal, user);
    },
    decide({ draft, principal, now }) {
      const user = draft.resource(address);
      if (user === undefined) throw notFound(address);
      if (!body.ok) throw invalid(body.violations);
      requireEveryRight(draft, principal, organizationOf(address), holderCarries(draft, user, user.attributes));
      requireSameSight(draft, principal, user, user.attributes);
      const lifetime = durationMs(body.desired.expires_in as string);
      if (lifetime > durationMs(ENROLMENT_LIMIT)) {
        throw invalid([{ pointer: '/expires_in', detail: `is longer than an enrolment can last, ${ENROLMENT_LIMIT}` }]);
      }
      const secret = ambient.mint('enrol');
      const hash = ambient.keyring.hashSecret(tokenHash(secret));
      const valid_until = now + lifetime;
      draft.put(withEnrolment(user, { hash, valid_until }));
      draft.addSecret({ hash, address, uid: user.uid, created_at: now, last_used_at: null, last_used_ip: null });
      return {
        answer: {
          outcome: 'created',
          resource: { user: address, secret, valid_until: formatTimestamp(valid_until) },
        },
        minted: { address, hash },
        touched: [],
        changed: ['/enrolment'],
        details: { valid_until: formatTimestamp(valid_until) },
      };
    },
  });
}
