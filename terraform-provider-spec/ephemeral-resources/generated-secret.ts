import type { EphemeralResource } from '../ephemeral-resource.ts';
import type { Attribute } from '../kind.ts';
import { serviceAccountToken } from '../kinds/service-account-token.ts';
import { SEED_RULE } from '../seeded-token.ts';

export const generatedSecret: EphemeralResource = {
  name: 'generated_secret',
  title: 'generated secret',
  description:
    'The secret of a token, made on this machine: the daemon is not asked, and needs only its hash. Give `secret` or ' +
    '`secret_hash` to a token as `secret_wo` or `secret_hash_wo`, and `secret` to whatever is to store it, in write-only ' +
    'arguments: neither state nor plan nor daemon then ever holds it. With a `seed`, every opening gives the same secret for ' +
    'the same address and version, so that plan, apply and a repeated apply agree. Without one each opening makes another: ' +
    'after an apply that failed half-way, raise the version everywhere, so that token and store get the same secret again.',
  attributes: {
    address: {
      type: 'string',
      format: 'address',
      access: 'required',
      description:
        'The address of the token that it is for, which decides what kind of secret it is. Known beforehand, as ' +
        '`provider::accredit::address` makes it: the `id` of a token that takes this secret is known too late.',
    },
    purpose: {
      ...(serviceAccountToken.attributes.purpose as Attribute),
      description: 'The `purpose` of the account token that it is for.',
    },
    version: {
      type: 'string',
      maxLength: 256,
      access: 'optional',
      description:
        'Any text: with a seed, another one gives another secret. Needed with `seed`. Best one local value, which ' +
        '`secret_wo_version` and the version of whatever stores the secret are given too.',
    },
    seed: {
      type: 'string',
      access: 'optional',
      sensitive: true,
      description:
        `What the secret is derived from (HKDF-SHA256, RFC 5869), given as an ephemeral value: ${SEED_RULE}. Whoever holds it ` +
        'can make every secret that was derived from it, so keep it as you would keep those, and one for each installation.',
    },
    secret: {
      type: 'string',
      access: 'read-only',
      sensitive: true,
      description: 'The secret: a well-formed token.',
    },
    secret_hash: {
      type: 'string',
      format: 'secret-hash',
      access: 'read-only',
      description: 'Its SHA-256 as `sha256:<hex>`, as `secret_hash_wo` takes it.',
    },
  },
};
