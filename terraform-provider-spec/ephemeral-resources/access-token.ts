import type { EphemeralResource } from '../ephemeral-resource.ts';
import { TOKEN_ATTRIBUTES } from '../kinds/token-attributes.ts';

export const accessToken: EphemeralResource = {
  name: 'access_token',
  title: 'access token',
  description:
    'A JWT for the services of the organization (RFC 9068), which a token is exchanged for (RFC 8693). It carries the ' +
    'permissions of that token or fewer, and lives for minutes: as long as the daemon is configured to let it. Nothing has ' +
    'to be closed, and it cannot be prolonged: a longer apply takes an `accredit_token`. Plan and apply open one each.',
  attributes: {
    token: {
      type: 'string',
      maxLength: 8192,
      access: 'optional',
      sensitive: true,
      description: "The token that is exchanged, or an access token that is narrowed; the provider's own if left out.",
    },
    permissions: {
      ...(TOKEN_ATTRIBUTES.permissions as (typeof TOKEN_ATTRIBUTES)[string]),
      description: 'What it carries of what the token carries; null for all of it.',
    },
    access_token: {
      type: 'string',
      access: 'read-only',
      sensitive: true,
      description: 'The JWT itself, to be presented as `Authorization: Bearer`.',
    },
    valid_until: {
      type: 'string',
      format: 'timestamp',
      access: 'read-only',
      description: 'When it ends. Whoever verifies it offline learns of a revocation no earlier.',
    },
    scope: {
      type: 'string',
      access: 'read-only',
      description: 'The permissions that it carries, separated by spaces.',
    },
    subject: {
      type: 'string',
      access: 'read-only',
      description: 'The identifier of the account, user or app that it stands for: the claim `sub`.',
    },
    issuer: {
      type: 'string',
      access: 'read-only',
      description: "The installation's public URL, below which the keys are found: the claim `iss`.",
    },
    audience: {
      type: 'string',
      access: 'read-only',
      description: 'The services of the organization, as the claim `aud` names them. There is no other audience.',
    },
  },
};
