import type { ProviderFunction } from '../provider-function.ts';

export const tokenParseFunction: ProviderFunction = {
  name: 'token_parse',
  summary: 'What a token says of itself',
  description:
    'What can be told from a well-formed token alone: `kind` is what is written in it (`sa`, `app`, `pat`, `scim`, `enrol`), ' +
    '`resource_type` the Terraform resource that such tokens belong to (null for an enrolment token), `secret_hash` its hash as ' +
    '`sha256:<hex>`. A text that is no well-formed token is an error, so `can(provider::accredit::token_parse(var.token))` ' +
    'tells whether one is. Whether the daemon knows it is not said.',
  parameters: [{ name: 'secret', type: 'string', description: 'The token. The result holds no part of its secret.' }],
  returns: ['object', { kind: 'string', resource_type: 'string', secret_hash: 'string' }],
};
