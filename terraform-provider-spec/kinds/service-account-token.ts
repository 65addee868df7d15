import type { Kind } from '../kind.ts';
import { TOKEN_ATTRIBUTES, TOKEN_EXAMPLES, TOKEN_FILTERS } from './token-attributes.ts';

export const serviceAccountToken: Kind = {
  kind: 'service_account_token',
  title: 'account token',
  collection: 'tokens',
  parameter: 'token',
  parent: 'service_account',
  noun: 'tokens',
  subcategory: 'Tokens',
  token: { secretKind: 'sa' },
  description: 'A secret by which a service account authenticates. It rotates in place, with an overlap if wanted.',
  attributes: {
    ...TOKEN_ATTRIBUTES,
    purpose: {
      type: 'string',
      enum: ['api', 'scim'],
      access: 'optional',
      default: 'api',
      immutable: true,
      description: 'What it opens: the API, or only `/scim/v2/`, for an identity provider.',
    },
  },
  filters: TOKEN_FILTERS,
  examples: {
    ...TOKEN_EXAMPLES,
    full: { ...TOKEN_EXAMPLES.full, purpose: 'api' },
    invalid: [...TOKEN_EXAMPLES.invalid, { body: { purpose: 'mail' }, pointer: '/purpose' }],
    immutable: { ...TOKEN_EXAMPLES.immutable, purpose: 'scim' },
  },
};
