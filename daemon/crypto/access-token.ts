/** Access tokens as signed JWTs (RFC 9068): written, and read back with everything pinned that can be. */
import { createRequire } from 'node:module';
import type { decode, sign, verify } from 'jsonwebtoken';
import type { OpenedKey } from './signing-key.ts';

/** Loaded with the first access token: many a daemon never sees one, and it takes ten megabytes. */
function jwt(): { decode: typeof decode; sign: typeof sign; verify: typeof verify } {
  library ??= createRequire(import.meta.url)('jsonwebtoken');
  return library as ReturnType<typeof jwt>;
}

let library: ReturnType<typeof jwt> | undefined;

const ALGORITHM = 'ES256';
/** RFC 9068, section 2.1. */
const TYPE = 'at+jwt';

/** What an access token says. Times are in seconds (RFC 7519, section 2). */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly client_id: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** Permissions, separated by spaces (RFC 6749, section 3.3). */
  readonly scope: string;
  readonly organization: string;
  /** The kind and address of the holder. */
  readonly kind: string;
  readonly address: string;
  /** What the token behind it is for. */
  readonly purpose: string;
  /** The address and uid of the token behind it. */
  readonly token: string;
  readonly token_uid: string;
  /** Tells which secret of that token it was issued for, and nothing else about the secret. */
  readonly secret_id: string;
}

/** Whether `text` has the form of a signed JWT, good or bad (RFC 7515, section 7.1). */
export function isAccessToken(text: string): boolean {
  return FORM.test(text);
}

const FORM = /^eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+$/;

/** The token that says `claims`, signed with that key. */
export function signAccessToken(claims: AccessTokenClaims, { kid, privateKey }: OpenedKey): string {
  return jwt().sign(claims, privateKey, { algorithm: ALGORITHM, keyid: kid, header: { alg: ALGORITHM, typ: TYPE } });
}

/** The `kid` that a token names, whether or not it is any good. */
export function keyIdOf(text: string): string | undefined {
  try {
    return jwt().decode(text, { complete: true })?.header.kid;
  } catch {
    return undefined;
  }
}

/**
 * What a token says, if it was signed with the key that `open` opens by this issuer for the audience that it names, and has not ended at
 * `now` (milliseconds since 1970). Otherwise why not, for the log.
 */
export function readAccessToken(
  text: string,
  open: () => OpenedKey,
  { issuer, now, audience }: { issuer: string; now: number; audience(organization: string): string },
): AccessTokenClaims | { readonly refused: string } {
  try {
    const options = { issuer, clockTimestamp: now / 1000, complete: true } as const;
    const { header, payload } = jwt().verify(text, open().publicKey, { ...options, algorithms: [ALGORITHM] });
    if (header.typ !== TYPE) return { refused: `a JWT of the type ${header.typ}` };
    const claims = payload as unknown as AccessTokenClaims;
    if (claims.aud !== audience(claims.organization)) return { refused: 'a JWT for another audience' };
    if (typeof claims.exp !== 'number') return { refused: 'a JWT without an end' };
    return claims;
  } catch (error) {
    return { refused: `a JWT that is no good: ${(error as Error).message}` };
  }
}
