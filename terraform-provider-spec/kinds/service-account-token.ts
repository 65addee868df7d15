import type { Kind } from '../kind.ts';
import { TOKEN_ATTRIBUTES, TOKEN_EXAMPLES } from './token-attributes.ts';

export const serviceAccountToken: Kind = {
  kind: 'service_account_token',
  title: 'account token',
  collection: 'tokens',
  parameter: 'token',
  parent: 'service_account',
  noun: 'tokens',
  token: { secretKind: 'sa' },
  description: 'A secret by which a service account authenticates. It rotates in place, with an overlap if wanted.',
  attributes: TOKEN_ATTRIBUTES,
  filters: ['status', 'expires_before', 'unused_since'],
  examples: TOKEN_EXAMPLES,
};
