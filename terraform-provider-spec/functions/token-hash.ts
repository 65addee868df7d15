import type { ProviderFunction } from '../provider-function.ts';

export const tokenHashFunction: ProviderFunction = {
  name: 'token_hash',
  summary: 'The hash of a token, as the daemon takes it',
  description:
    'The SHA-256 of a token as `sha256:<hex>`, which `secret_hash_wo` takes in place of the token itself. ' +
    'A text that is no well-formed token is an error: nobody could ever use it.',
  parameters: [{ name: 'secret', type: 'string', description: 'A token, as `npx accredit token` prints one.' }],
  returns: 'string',
};
