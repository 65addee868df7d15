import type { JsonObject } from '../kind.ts';
import { KINDS } from '../kinds/index.ts';
import { MANIFEST } from '../manifest.ts';
import { TOKEN_PATTERN } from '../token.ts';
import { fixedPaths, type OptionalPaths } from './openapi/fixed-paths.ts';
import { allKindPaths } from './openapi/kind-paths.ts';
import { manifestPaths, manifestSchemas } from './openapi/manifest-paths.ts';
import { OAUTH_RESPONSES, OAUTH_SCHEMAS, oauthPaths } from './openapi/oauth-paths.ts';
import { PARAMETERS } from './openapi/parameters.ts';
import { registryPaths } from './openapi/registry-paths.ts';
import { ANSWER_HEADERS, PROBLEM_RESPONSES } from './openapi/responses.ts';
import { schemas } from './openapi/schemas.ts';
import { SCIM_RESPONSES, SCIM_SCHEMAS, scimPaths } from './openapi/scim-paths.ts';

const EVERY_PATH: OptionalPaths = { recycleKey: true };

/**
 * The OpenAPI 3.1 document of the whole API, or of what a daemon serves of it, derived from the kinds. The same each
 * time, key order included.
 */
export function openApi(served: OptionalPaths = EVERY_PATH): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Accredit',
      version: '1',
      description:
        'Issues, rotates, verifies and revokes the credentials of machines. Every resource is converged by PUT on an ' +
        'address that the client chooses.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { basic: [] }, { apiKey: [] }],
    tags: [
      ...KINDS.map(({ title, description }) => ({ name: title, description })),
      { name: MANIFEST.title, description: MANIFEST.description },
      { name: 'tokens', description: 'All tokens of an organization.' },
      { name: 'audit', description: 'What happened, and who did it.' },
      { name: 'verification', description: 'Whether a token is good, and what for.' },
      { name: 'access tokens', description: 'Short-lived JWTs for tokens, and the keys that sign them.' },
      { name: 'SCIM', description: 'Users and teams as an identity provider keeps them (RFC 7643, RFC 7644).' },
      { name: 'provider', description: 'What `terraform init` installs the provider from.' },
      { name: 'health', description: 'Whether the daemon works.' },
    ],
    paths: {
      ...allKindPaths(),
      ...manifestPaths(),
      ...fixedPaths(served),
      ...oauthPaths(),
      ...scimPaths(),
      ...registryPaths(),
    },
    components: {
      schemas: { ...schemas(), ...manifestSchemas(), ...OAUTH_SCHEMAS, ...SCIM_SCHEMAS },
      parameters: PARAMETERS,
      responses: { ...PROBLEM_RESPONSES, ...OAUTH_RESPONSES, ...SCIM_RESPONSES },
      headers: ANSWER_HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: `A token: \`${TOKEN_PATTERN.source}\`.` },
        basic: {
          type: 'http',
          scheme: 'basic',
          description: "The name or identifier of the token's owner, and the token as the password.",
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A token.' },
      },
    },
  };
}
