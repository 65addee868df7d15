import type { Kind } from '../kind.ts';
import { TOKEN_ATTRIBUTES, TOKEN_EXAMPLES, TOKEN_FILTERS } from './token-attributes.ts';

export const personalAccessToken: Kind = {
  kind: 'personal_access_token',
  title: 'personal access token',
  collection: 'tokens',
  parameter: 'token',
  parent: 'user',
  noun: 'personal-tokens',
  subcategory: 'Tokens',
  token: { secretKind: 'pat', selfService: true },
  description:
    'A secret by which a person authenticates. The person makes it; administrators see that it is there and can end it.',
  attributes: TOKEN_ATTRIBUTES,
  filters: TOKEN_FILTERS,
  examples: TOKEN_EXAMPLES,
};
