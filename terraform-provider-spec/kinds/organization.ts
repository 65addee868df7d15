import type { Kind } from '../kind.ts';

export const organization: Kind = {
  kind: 'organization',
  title: 'organization',
  collection: 'organizations',
  parameter: 'organization',
  noun: 'settings',
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
      settings: { domain: 'iam.example.com', purge_after: '90d' },
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
      { body: { settings: { color: 'red' } }, pointer: '/settings/color' },
      { body: { settings: [] }, pointer: '/settings' },
    ],
  },
};
