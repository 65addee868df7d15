import type { Kind } from '../kind.ts';

export const organization: Kind = {
  kind: 'organization',
  title: 'organization',
  collection: 'organizations',
  parameter: 'organization',
  noun: 'settings',
  subcategory: 'Organization',
  description:
    'A tenant. Everything else belongs to exactly one organization, and no credential of one reaches into another.',
  attributes: {
    settings: {
      type: 'object',
      access: 'optional',
      default: {},
      description: 'Rules that hold for the whole organization.',
      attributes: {
        domain: {
          type: 'string',
          format: 'domain',
          access: 'optional',
          default: 'accredit.internal',
          description:
            "The end of the identifiers of the organization's accounts: `{account}@{organization}.{domain}`.",
        },
        team_isolation: {
          type: 'boolean',
          access: 'optional',
          default: false,
          description:
            'When true, accounts and users with a team see only the apps of their teams; those without one see all.',
        },
        max_token_lifetime: {
          type: 'object',
          access: 'optional',
          description:
            'The longest lifetime of tokens; null for no limit. It is looked at when a token is created, rotated or given ' +
            'another expiry, and ends no token by itself.',
          attributes: {
            duration: {
              type: 'string',
              format: 'duration',
              access: 'required',
              description: 'The longest lifetime, counted from that moment.',
            },
            mode: {
              type: 'string',
              enum: ['warn', 'block'],
              access: 'optional',
              default: 'block',
              description: '`block` refuses a token that would live longer or for ever, `warn` says so in the answer.',
            },
          },
        },
        purge_after: {
          type: 'string',
          format: 'duration',
          access: 'optional',
          description:
            'How long after its end an expired token that no manager declares is removed; null keeps it for ever.',
        },
      },
    },
  },
  examples: {
    full: {
      display_name: 'Acme',
      description: 'Rockets and anvils',
      labels: { tier: 'gold' },
      settings: {
        domain: 'iam.example.com',
        team_isolation: true,
        max_token_lifetime: { duration: '365d', mode: 'warn' },
        purge_after: '90d',
      },
    },
    changed: {
      display_name: 'Acme Corporation',
      description: 'Rockets and anvils',
      labels: { tier: 'gold', region: 'eu' },
      settings: { domain: 'iam.example.com' },
    },
    invalid: [
      { body: { settings: { domain: 'not a domain' } }, pointer: '/settings/domain' },
      { body: { settings: { purge_after: '0d' } }, pointer: '/settings/purge_after' },
      { body: { settings: { team_isolation: 'yes' } }, pointer: '/settings/team_isolation' },
      {
        body: { settings: { max_token_lifetime: { mode: 'warn' } } },
        pointer: '/settings/max_token_lifetime/duration',
      },
      {
        body: { settings: { max_token_lifetime: { duration: '1d', mode: 'off' } } },
        pointer: '/settings/max_token_lifetime/mode',
      },
      { body: { settings: { color: 'red' } }, pointer: '/settings/color' },
      { body: { settings: [] }, pointer: '/settings' },
    ],
  },
};
