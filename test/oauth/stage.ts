/** A daemon with an account in it, as an OAuth client and a verifier of JWTs see it. */
import { createRemoteJWKSet, type JWTVerifyResult, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type FakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';

export const INSECURE = { [oauth.allowInsecureRequests]: true } as const;
const ORGANIZATION = '/v1/organizations/default';

export class Stage {
  readonly daemon: TestDaemon;
  readonly server: oauth.AuthorizationServer;

  private constructor(daemon: TestDaemon, server: oauth.AuthorizationServer) {
    this.daemon = daemon;
    this.server = server;
  }

  /** Starts a daemon and discovers it as an OAuth client does. */
  static async open(options: { env?: Record<string, string>; clock?: FakeClock } = {}): Promise<Stage> {
    const daemon = await startTestDaemon(options);
    return new Stage(daemon, await discover(daemon.url));
  }

  /** PUT below the organization `default`, as the owner. */
  async put(path: string, body: JsonObject = {}): Promise<JsonObject> {
    const answer = await this.daemon.request.put(`${ORGANIZATION}${path}`).send(body);
    if (answer.status >= 300) throw new Error(`PUT ${path}: ${answer.text}`);
    return answer.body;
  }

  /** An account that may do that at the scope of the organization, and its token's secret. */
  async account(name: string, permissions: string[], token: JsonObject = {}): Promise<string> {
    await this.put(`/roles/for-${name}`, { permissions });
    await this.put(`/accounts/${name}`, { grants: [{ role: `for-${name}` }] });
    return (await this.put(`/accounts/${name}/tokens/t`, token)).secret as string;
  }

  /** An access token by client credentials. Throws what the library throws. */
  async issue(name: string, secret: string, scope?: string, auth = oauth.ClientSecretBasic(secret)): Promise<string> {
    const client = { client_id: name };
    const parameters = new URLSearchParams(scope === undefined ? {} : { scope });
    const answer = await oauth.clientCredentialsGrantRequest(this.server, client, auth, parameters, INSECURE);
    return (await oauth.processClientCredentialsResponse(this.server, client, answer)).access_token;
  }

  /** What `/v1/authorize` answers. */
  async authorize(token: string, query = ''): Promise<number> {
    const answer = await fetch(`${this.daemon.url}/v1/authorize${query}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** What introspection answers the owner. */
  async introspect(token: string, more: Record<string, string> = {}): Promise<JsonObject> {
    const client = { client_id: 'root' };
    const auth = oauth.ClientSecretBasic(this.daemon.adminToken);
    const options = { ...INSECURE, additionalParameters: more };
    const answer = await oauth.introspectionRequest(this.server, client, auth, token, options);
    return (await oauth.processIntrospectionResponse(this.server, client, answer)) as unknown as JsonObject;
  }

  /** Verifies offline, as a service does that never asks. */
  verify(token: string, keys = this.keys(), now = new Date()): Promise<JWTVerifyResult> {
    return jwtVerify(token, keys, {
      issuer: this.server.issuer,
      audience: `${this.server.issuer}/v1/organizations/default`,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      currentDate: now,
    });
  }

  /** The published keys, fetched when first needed and again for a key that is not among them. */
  keys() {
    return createRemoteJWKSet(new URL(String(this.server.jwks_uri)), { cooldownDuration: 0 });
  }
}

/** The metadata of the daemon at `url`. */
export async function discover(url: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(url);
  const answer = await oauth.discoveryRequest(issuer, { ...INSECURE, algorithm: 'oauth2' });
  return oauth.processDiscoveryResponse(issuer, answer);
}
