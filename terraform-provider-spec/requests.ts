import type { Attributes } from './kind.ts';
import { TOKEN_ATTRIBUTES } from './kinds/token-attributes.ts';
import { MOST_DECLARED } from './manifest.ts';

/** The names under which clients declare what they own: the header `Accredit-Manager`. */
export const MANAGER = { pattern: /^[A-Za-z0-9._/-]{1,128}$/, shape: '1 to 128 of A-Z, a-z, 0-9, ".", "_", "/", "-"' };

/** The body of `POST …/rotation` and `POST /v1/self/rotate`; none is the same as an empty one. */
export const ROTATION_REQUEST: Attributes = {
  if_rotated_at: {
    type: 'string',
    format: 'timestamp',
    access: 'optional',
    description: 'Rotate only if this is still the `rotated_at` of the token.',
  },
  overlap: {
    type: 'string',
    format: 'duration-or-zero',
    access: 'optional',
    description: 'The overlap of this rotation alone; the declared one if left out.',
  },
  secret_hash: { ...(TOKEN_ATTRIBUTES.secret_hash as Attributes[string]), writeOnly: undefined, keeps: undefined },
};

/** The body of `PUT …/revocation`. */
export const REVOCATION_REQUEST: Attributes = {
  reason: {
    type: 'string',
    enum: ['compromised', 'leaver', 'other'],
    access: 'required',
    description: 'Why the token is revoked; it shows in the status of the token.',
  },
};

/** The body of `POST /v1/signing-keys/rotation`; none is the same as an empty one. */
export const KEY_ROTATION_REQUEST: Attributes = {
  overlap: {
    type: 'string',
    format: 'duration-or-zero',
    access: 'optional',
    description:
      'For how long access tokens that former keys signed are still accepted; "0s", for a key that leaked, ends them at ' +
      'once. By default as long as the last of them could live.',
  },
};

/** The longest that an enrolment can last. */
export const ENROLMENT_LIMIT = '24h';

/** The body of `POST …/enrolment`; none is the same as an empty one. */
export const ENROLMENT_REQUEST: Attributes = {
  expires_in: {
    type: 'string',
    format: 'duration',
    access: 'optional',
    default: '24h',
    description: `How long the enrolment token works if it is not used before; at most ${ENROLMENT_LIMIT}.`,
  },
};

/** The body of `POST …/delivered`. */
export const DELIVERY_REQUEST: Attributes = {
  rotated_at: {
    type: 'string',
    format: 'timestamp',
    access: 'required',
    description: 'The `rotated_at` of the token whose secret has reached everybody who needs it.',
  },
};

/** The body of `POST …/manifests/{manifest}/delivered`. */
export const DELIVERIES_REQUEST: Attributes = {
  tokens: {
    type: 'set',
    maxItems: MOST_DECLARED,
    access: 'required',
    description: 'The tokens whose secrets have reached everybody who needs them.',
    items: {
      type: 'object',
      attributes: {
        address: {
          type: 'string',
          format: 'address',
          access: 'required',
          description: 'A token that the manifest declares.',
        },
        secret_hash: {
          type: 'string',
          format: 'secret-hash',
          access: 'required',
          description: 'The hash of the secret that was delivered, as the manifest brought it.',
        },
      },
    },
  },
};
