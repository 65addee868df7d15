/**
 * Access tokens for whoever holds a token: client credentials (RFC 6749, section 4.4) and token exchange (RFC 8693). One
 * opens no more than the token that it is issued for, and lives no longer.
 */

import {
  allowing,
  intersect,
  isWide,
  MOST_WIDE,
  PERMISSION_PATTERN,
} from '../../../terraform-provider-spec/permission.ts';
import { type AccessTokenClaims, signAccessToken } from '../../crypto/access-token.ts';
import type { Caller, Credential, Subject } from '../api.ts';
import type { Carried } from '../carried.ts';
import type { Ambient } from '../identity.ts';
import type { SigningKey } from '../model.ts';
import { accessTokenAudience, identify, neededBy, type Principal, secretId, subjectOf } from '../principal.ts';
import { Problem } from '../problem.ts';
import type { Engine } from '../snapshot.ts';
import type { Decision, Verifier } from '../verification.ts';
import { OAuthProblem } from './problem.ts';
import { genuineKeys, KEYS_NEEDED, nextActivation, scheduleKeysOperation, signingKeyAt } from './signing-keys.ts';

/** RFC 8693, section 2.2.2: whatever is wrong with a subject token. */
const SUBJECT_REFUSED = 'invalid_request';
/** In characters. Longer than any request needs, and short enough to be remembered with its answer. */
const LONGEST_SCOPE = 4096;

export interface TokenRequest {
  /** The client; with an exchange whoever asks for it, if they say. */
  readonly client?: Credential;
  /** What is exchanged, with an exchange. */
  readonly subject?: string;
  readonly ip: string | null;
  readonly requestId: string;
  /** The permissions that the access token is to carry, separated by spaces; all that it can if left out. */
  readonly scope?: string;
}

export interface IssuedToken {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  /** Whom it stands for. */
  readonly subject: Subject;
}

/** An access token that can be issued at once. */
export interface KnownIssue {
  /** Whom it would stand for. */
  readonly subject: Subject;
  /** As `issue`; undefined when it must be asked after all. */
  issue(): IssuedToken | undefined;
}

/** What an access token says apart from the moment at which it is issued. */
interface Grant {
  readonly subject: Subject;
  readonly claims: Omit<AccessTokenClaims, 'iss' | 'iat' | 'exp' | 'jti' | 'client_id'>;
  /** The end of what it is issued for, in milliseconds. */
  readonly end: number | null;
  readonly key: SigningKey | undefined;
}

export class Issuer {
  readonly #ambient: Ambient;
  readonly #verifier: Verifier;
  readonly #engine: Engine;

  constructor({ ambient, verifier, engine }: { ambient: Ambient; verifier: Verifier; engine: Engine }) {
    this.#ambient = ambient;
    this.#verifier = verifier;
    this.#engine = engine;
  }

  /** Issues an access token. Throws `OAuthProblem`. */
  async issue(request: TokenRequest): Promise<IssuedToken> {
    const client = await this.#authenticatedClient(request);
    const grant = await this.#grant(request);
    const issued = this.#issued(grant, client);
    if (issued !== undefined) return issued;
    const error = request.subject === undefined ? 'invalid_grant' : SUBJECT_REFUSED;
    throw new OAuthProblem(error, 'What the access token would be issued for is about to end.');
  }

  /**
   * The same for client credentials, where nothing has to be waited for: for whom it would be, and the token once it is
   * asked for. Undefined where `issue` must be asked.
   */
  known({ client, scope, ip }: { client: Credential; scope?: string; ip: string | null }): KnownIssue | undefined {
    const grant = this.#verifier.kept<Grant>(client, ip, grantQuestion({ scope, isExchange: false }));
    return grant && { subject: grant.subject, issue: () => this.#issued(grant) };
  }

  /** The access token, issued now; undefined when what it would be issued for ends within the second. */
  #issued(grant: Grant, client?: Subject): IssuedToken | undefined {
    const { issuer, lifetime } = this.#ambient.accessTokens;
    const now = this.#ambient.now();
    const iat = Math.floor(now / 1000);
    const exp = Math.floor(Math.min(now + lifetime, grant.end ?? Number.POSITIVE_INFINITY) / 1000);
    if (exp <= iat) return undefined;
    const claims: AccessTokenClaims = {
      iss: issuer(),
      ...grant.claims,
      client_id: client?.identifier ?? grant.subject.identifier,
      jti: this.#ambient.uid(),
      iat,
      exp,
    };
    const key = this.#ambient.openKey(grant.key as SigningKey);
    return {
      access_token: signAccessToken(claims, key),
      expires_in: exp - iat,
      scope: claims.scope,
      subject: grant.subject,
    };
  }

  /** Who asks for an exchange; nobody in particular where the token that is exchanged is all that was presented. */
  async #authenticatedClient({ client, subject, ip, requestId }: TokenRequest): Promise<Subject | undefined> {
    if (subject === undefined || client === undefined) return undefined;
    try {
      return await this.#verifier.signIn({ credential: client, ip, requestId }, ['api', 'app']);
    } catch (error) {
      throw error instanceof Problem && error.code === 'unauthenticated' ? invalidClient(error.internal) : error;
    }
  }

  async #grant(request: TokenRequest): Promise<Grant> {
    const { ip, requestId, subject, scope } = request;
    if (scope !== undefined && scope.length > LONGEST_SCOPE) {
      throw new OAuthProblem('invalid_scope', `A scope has at most ${LONGEST_SCOPE} characters.`);
    }
    const credential = subject === undefined ? request.client : ({ scheme: 'bearer', token: subject } as const);
    if (credential === undefined) throw missingClient();
    const caller: Caller = { credential, ip, requestId };
    const isExchange = subject !== undefined;
    const question = grantQuestion({ scope, isExchange });
    const decision = this.#granting(caller, { scope, isExchange });
    const grant = await this.#verifier.ask(caller, question, decision);
    if (grant.key !== undefined) return grant;
    await this.#engine.submit(scheduleKeysOperation(this.#ambient, { first: true }));
    return this.#verifier.ask(caller, question, decision);
  }

  #granting(
    { credential, ip }: Caller,
    { scope, isExchange }: { scope: string | undefined; isExchange: boolean },
  ): Decision<Grant> {
    const ambient = this.#ambient;
    return {
      needs: { ...neededBy(ambient, { credential }), ...KEYS_NEEDED },
      decide: (snapshot) => {
        const principal = requireGrantee(identify(snapshot, ambient, credential, ip), isExchange);
        const now = ambient.now();
        const keys = genuineKeys(snapshot, ambient);
        const key = signingKeyAt(keys, now);
        const subject = subjectOf(principal, now);
        const grant: Grant = {
          subject,
          claims: claimsOf(ambient, principal, requireScope(scope, principal.carried)),
          end: subject.valid_until,
          key,
        };
        const finding = this.#verifier.found(snapshot, principal, grant, true);
        if (key === undefined) return { ...finding, holds: undefined };
        const { holds } = finding;
        const until = Math.min(
          holds?.until ?? Number.POSITIVE_INFINITY,
          nextActivation(keys, now) ?? Number.POSITIVE_INFINITY,
        );
        return { ...finding, holds: holds && { ...holds, until: Number.isFinite(until) ? until : null } };
      },
    };
  }
}

/** The name under which such a decision is kept. */
function grantQuestion({ scope, isExchange }: { scope: string | undefined; isExchange: boolean }): string {
  return `${isExchange ? 'exchange' : 'issue'}${scope === undefined ? '' : `\n${scope}`}`;
}

function claimsOf(ambient: Ambient, principal: Principal, scope: readonly string[]): Grant['claims'] {
  const { token, holder, organization, identifier, hash } = principal;
  return {
    aud: accessTokenAudience(ambient.accessTokens.issuer(), organization.name),
    sub: identifier,
    scope: scope.join(' '),
    organization: organization.name,
    kind: holder.kind,
    address: holder.address,
    purpose: (token.attributes.purpose as string | undefined) ?? 'api',
    token: token.address,
    token_uid: token.uid,
    secret_id: secretId(ambient, hash),
  };
}

/** Throws unless it is somebody for whom access tokens are issued: not for what opens SCIM or an enrolment only. */
function requireGrantee(found: Principal | { readonly refused: string }, isExchange: boolean): Principal {
  if ('refused' in found) {
    if (!isExchange) throw invalidClient(found.refused);
    throw new OAuthProblem(SUBJECT_REFUSED, 'The subject token is not valid.', {
      internal: found.refused,
      refusesCredential: true,
    });
  }
  const { audience } = found;
  if (audience === 'api' || audience === 'app' || (isExchange && audience === 'services')) return found;
  const options = { internal: `presented ${found.token.address}, for ${audience}` };
  if (isExchange) throw new OAuthProblem(SUBJECT_REFUSED, 'The subject token cannot be exchanged.', options);
  throw new OAuthProblem('unauthorized_client', 'No access tokens are issued for this credential.', options);
}

/**
 * The permissions that an access token carries: those asked for, or without a question all that are carried anywhere.
 * Throws `invalid_scope` for one that is none or is not carried.
 */
function requireScope(scope: string | undefined, carried: readonly Carried[]): string[] {
  const all = [...new Set(carried.flatMap(({ permissions }) => permissions))].sort();
  if (scope === undefined) return all;
  // RFC 6749, section 3.3: separated by single spaces, in any order.
  const asked = [...new Set(scope.split(' '))];
  const isCarried = allowing(all);
  if (asked.filter(isWide).length > MOST_WIDE) {
    throw new OAuthProblem(
      'invalid_scope',
      `A scope has at most ${MOST_WIDE} permissions for many nouns, such as "*.read".`,
    );
  }
  for (const permission of asked) {
    if (!PERMISSION_PATTERN.test(permission)) {
      throw new OAuthProblem(
        'invalid_scope',
        'A scope is a list of permissions such as "builds.write", separated by spaces.',
      );
    }
    if (!isCarried(permission)) {
      throw new OAuthProblem('invalid_scope', `The credential does not carry the permission "${permission}".`);
    }
  }
  return intersect(asked, asked);
}

/** RFC 6749, section 5.2. It never says what was wrong: `internal` does, to the log. */
export function invalidClient(internal?: string): OAuthProblem {
  return new OAuthProblem('invalid_client', INVALID_CLIENT, { ...(internal !== undefined && { internal }) });
}

/** The same where none were presented. */
export function missingClient(): OAuthProblem {
  return new OAuthProblem('invalid_client', INVALID_CLIENT, {
    internal: 'no client credentials',
    refusesCredential: false,
  });
}

const INVALID_CLIENT = 'The client credentials are missing, wrong or no longer valid.';
