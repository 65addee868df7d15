import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import type { Service } from '../../domain/api.ts';
import { PUBLISHED_FOR } from '../../domain/oauth/signing-keys.ts';
import type { Reply } from '../../http/reply.ts';
import { GRANT_TYPES } from './token.ts';

/** For how long the documents may be kept: a key is published for much longer before it signs. */
const KEPT = { 'Cache-Control': `public, max-age=${PUBLISHED_FOR / 1000}` };

/** `GET /.well-known/oauth-authorization-server` (RFC 8414, section 2). */
export function metadata(issuer: string): Reply {
  const body: JsonObject = {
    issuer,
    token_endpoint: `${issuer}/v1/oauth/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    revocation_endpoint: `${issuer}/v1/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    introspection_endpoint: `${issuer}/v1/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'Bearer'],
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: GRANT_TYPES,
    // Required, and none: there is no authorization endpoint.
    response_types_supported: [],
  };
  return { status: 200, headers: KEPT, body };
}

/** `GET /.well-known/jwks.json` (RFC 7517, section 5). */
export async function jwks(service: Service): Promise<Reply> {
  return { status: 200, headers: KEPT, body: await service.keySet() };
}
