import type { Kind } from '../kind.ts';
import { TOKEN_ATTRIBUTES, TOKEN_EXAMPLES, TOKEN_FILTERS } from './token-attributes.ts';

export const appToken: Kind = {
  kind: 'app_token',
  title: 'app token',
  collection: 'tokens',
  parameter: 'token',
  parent: 'app',
  noun: 'app-tokens',
  subcategory: 'Tokens',
  token: { secretKind: 'app' },
  description:
    "A secret that opens one app for the services that serve it, and nothing else: not another app, not Accredit's own API.",
  attributes: TOKEN_ATTRIBUTES,
  filters: TOKEN_FILTERS,
  examples: TOKEN_EXAMPLES,
};
