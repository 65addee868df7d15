import type { Attribute } from '../kind.ts';
import type { ProviderAction } from '../provider-action.ts';
import { ROTATION_REQUEST } from '../requests.ts';

export const rotate: ProviderAction = {
  name: 'rotate',
  title: 'rotation',
  description:
    'Replaces the secret of a token now, besides what its resource declares: the next apply rotates no further. An action gives ' +
    'nothing back, so the secret is one that you make, and only its hash is sent; its former one works until the overlap ends. ' +
    'Where the secret is in the state of a resource, rotate by its `rotation_triggers` instead.',
  attributes: {
    address: {
      type: 'string',
      format: 'address',
      access: 'required',
      description: 'The address of the token: the `id` of its resource.',
    },
    secret_hash: {
      ...(ROTATION_REQUEST.secret_hash as Attribute),
      access: 'required',
      description: 'The SHA-256 of the new secret, as `sha256:<hex>`: `provider::accredit::token_hash` gives it.',
    },
    overlap: ROTATION_REQUEST.overlap as Attribute,
  },
};
