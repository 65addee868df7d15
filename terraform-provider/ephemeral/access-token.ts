/** A JWT in exchange for a token (RFC 8693). It ends by itself within minutes: there is nothing to close. */
import { parseObject, unexpected } from '../../client/errors.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Value } from '../values/value.ts';
import type { EphemeralBehaviour } from './behaviour.ts';
import { clientOf } from './client.ts';

export const accessToken: EphemeralBehaviour = {
  async open({ session, config, signal }) {
    const client = clientOf(session);
    const { token, permissions } = config;
    const { accessToken: jwt, scope } = await client.exchange(
      {
        subject: typeof token === 'string' ? token : (session.token as string),
        permissions: Array.isArray(permissions) ? permissions.map(String) : undefined,
      },
      { signal },
    );
    const { sub, iss, aud, exp } = claimsOf(jwt);
    const values: Record<string, Value> = {
      access_token: jwt,
      valid_until: formatTimestamp(Number(exp) * 1000),
      scope,
      subject: String(sub),
      issuer: String(iss),
      audience: String(aud),
    };
    return { values };
  },
};

/** What the JWT says (RFC 7519). It comes from the daemon itself: whoever is presented with it verifies it. */
function claimsOf(jwt: string): JsonObject {
  const claims = parseObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
  if (typeof claims?.exp !== 'number') throw unexpected(200, 'the access token that was answered is no JWT');
  return claims;
}
