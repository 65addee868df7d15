import type { Attribute } from '../kind.ts';
import type { ProviderAction } from '../provider-action.ts';
import { REVOCATION_REQUEST } from '../requests.ts';

export const revoke: ProviderAction = {
  name: 'revoke',
  title: 'emergency revocation',
  description:
    'Revokes a token in an emergency: it stops at once, with its former secret, and no configuration brings it back. Only who ' +
    'may restore tokens can delete the revocation. To stop a token for a while, declare `state = "revoked"` instead.',
  attributes: {
    address: {
      type: 'string',
      format: 'address',
      access: 'required',
      description: 'The address of the token: the `id` of its resource.',
    },
    reason: REVOCATION_REQUEST.reason as Attribute,
  },
};
