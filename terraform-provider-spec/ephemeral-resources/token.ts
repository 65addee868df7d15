import { COMMON_WRITABLE } from '../common.ts';
import type { EphemeralResource } from '../ephemeral-resource.ts';
import type { Attribute, Attributes } from '../kind.ts';
import { serviceAccountToken } from '../kinds/service-account-token.ts';

/** The longest that an opened token may live without being prolonged. */
export const LONGEST_LIFE = '24h';

/** Marks what was opened, beside the labels that the configuration gives. */
export const OPENED_LABEL = { key: 'opened-by', value: 'terraform' } as const;

export const token: EphemeralResource = {
  name: 'token',
  title: 'short-lived token',
  description:
    'A token of a service account for the time of one plan or one apply. It is made beside the tokens that the account has, ' +
    'under a name of its own, and touches none of them; it is prolonged while Terraform runs, deleted when Terraform ends, ' +
    'and should Terraform be killed it ends with `expires_in`. Plan and apply open one each.',
  opens: serviceAccountToken,
  attributes: {
    account_uid: {
      type: 'string',
      access: 'optional',
      description:
        'The `uid` of the account, where the same configuration makes it: it is known once the account is there, and ' +
        'Terraform waits for it before it opens the token. Of an account with another one no token is opened.',
    },
    expires_in: {
      ...attribute(serviceAccountToken.attributes, 'expires_in'),
      conflictsWith: [],
      default: '15m',
      description:
        `How long it lives when nobody closes it, at most \`${LONGEST_LIFE}\`: all that a crash leaves behind. ` +
        'While Terraform runs, it is prolonged each time that half of this has passed.',
    },
    permissions: attribute(serviceAccountToken.attributes, 'permissions'),
    allowed_cidrs: attribute(serviceAccountToken.attributes, 'allowed_cidrs'),
    profile: attribute(serviceAccountToken.attributes, 'profile'),
    description: attribute(COMMON_WRITABLE, 'description'),
    labels: {
      ...attribute(COMMON_WRITABLE, 'labels'),
      description: `Free key-value pairs, by which lists can be filtered. \`${OPENED_LABEL.key}\` is added.`,
    },
    name: {
      type: 'string',
      access: 'read-only',
      description: 'The name under which it was made: another one at each opening.',
    },
    secret: {
      type: 'string',
      access: 'read-only',
      sensitive: true,
      description: 'The token itself.',
    },
    valid_until: {
      type: 'string',
      format: 'timestamp',
      access: 'read-only',
      description: 'When it ends unless it is prolonged or closed.',
    },
  },
};

function attribute(attributes: Attributes, name: string): Attribute {
  return attributes[name] as Attribute;
}
