/** An OAuth client library that knows nothing of Accredit finds everything, and is answered as the RFCs say. */
import { expect } from 'chai';
import * as oauth from 'oauth4webapi';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { INSECURE, Stage } from './stage.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

describe('an OAuth client', () => {
  let stage: Stage;
  let secret: string;

  before(async () => {
    stage = await Stage.open();
    secret = await stage.account('ci', ['builds.read', 'builds.write', 'logs.*']);
  });
  after(() => stage.daemon.close());

  /** The error that a request is refused with. */
  const refusal = async (run: Promise<unknown>): Promise<{ error: string; status: number }> => {
    try {
      await run;
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError) return { error: error.error, status: error.status };
      if (error instanceof oauth.WWWAuthenticateChallengeError) {
        const body = (await error.response.json()) as { error: string };
        return { error: body.error, status: error.status };
      }
      throw error;
    }
    throw new Error('it was not refused');
  };
  const exchange = async (subject: string, parameters: Record<string, string> = {}, auth = oauth.None()) => {
    const client = { client_id: 'ci' };
    const all = { subject_token: subject, subject_token_type: ACCESS_TOKEN, ...parameters };
    const answer = await oauth.genericTokenEndpointRequest(stage.server, client, auth, EXCHANGE, all, INSECURE);
    return oauth.processGenericTokenEndpointResponse(stage.server, client, answer);
  };
  const scopeOf = async (token: string) => String((await stage.introspect(token)).scope).split(' ');

  it('finds the endpoints, and all of them are there', async () => {
    expect(stage.server.issuer).to.equal(stage.daemon.url);
    const { token_endpoint, revocation_endpoint, introspection_endpoint, jwks_uri } = stage.server;
    for (const url of [token_endpoint, revocation_endpoint, introspection_endpoint]) {
      expect((await fetch(String(url), { method: 'POST' })).status).to.be.oneOf([401, 415]);
    }
    expect((await fetch(String(jwks_uri))).status).to.equal(200);
  });

  for (const [how, auth] of Object.entries({ header: oauth.ClientSecretBasic, body: oauth.ClientSecretPost })) {
    it(`gets an access token with its name and token in the ${how}, by name and by identifier`, async () => {
      for (const name of ['ci', 'ci@default.accredit.internal']) {
        const token = await stage.issue(name, secret, undefined, auth(secret));
        expect(await stage.introspect(token)).to.include({
          active: true,
          sub: 'ci@default.accredit.internal',
          client_id: 'ci@default.accredit.internal',
          token_type: 'Bearer',
          iss: stage.server.issuer,
          aud: `${stage.server.issuer}/v1/organizations/default`,
          purpose: 'api',
          kind: 'service_account',
          token: 'organizations/default/accounts/ci/tokens/t',
        });
      }
    });
  }

  it('gets all that its token carries, or the part that it asks for, and never more', async () => {
    expect(await scopeOf(await stage.issue('ci', secret))).to.have.members(['builds.read', 'builds.write', 'logs.*']);
    const narrow = await stage.issue('ci', secret, 'logs.read builds.read');
    expect(await scopeOf(narrow)).to.have.members(['builds.read', 'logs.read']);
    expect(await stage.authorize(narrow, '?permission=logs.read')).to.equal(200);
    expect(await stage.authorize(narrow, '?permission=logs.write')).to.equal(403);
    expect(await stage.authorize(narrow, '?permission=builds.write')).to.equal(403);
    for (const scope of ['builds.delete', 'builds.*', '*', 'builds', 'builds.read  logs.read', 'acr_sa_x', '"']) {
      expect(await refusal(stage.issue('ci', secret, scope)), scope).to.deep.equal({
        error: 'invalid_scope',
        status: 400,
      });
    }
  });

  it('is refused as invalid_client, in the same words, whatever is wrong with it', async () => {
    await stage.account('gone', ['builds.read']);
    const revoked = await stage.account('revoked', ['builds.read']);
    await stage.put('/accounts/revoked/tokens/t', { state: 'revoked' });
    const disabled = await stage.account('disabled', ['builds.read']);
    await stage.put('/accounts/disabled', { disabled: true });
    const elsewhere = await stage.account('elsewhere', ['builds.read'], { allowed_cidrs: ['192.0.2.0/24'] });
    const texts = new Set<string>();
    for (const [name, token] of [
      ['ci', mintToken('sa')],
      ['ci', 'nonsense'],
      ['other', secret],
      ['revoked', revoked],
      ['disabled', disabled],
      ['elsewhere', elsewhere],
    ] as const) {
      const answer = await fetch(String(stage.server.token_endpoint), {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa(`${name}:${token}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      expect(answer.status, name).to.equal(401);
      expect(answer.headers.get('www-authenticate'), name).to.include('Basic');
      texts.add(await answer.text());
    }
    expect([...texts]).to.deep.equal([
      '{"error":"invalid_client","error_description":"The client credentials are missing, wrong or no longer valid."}',
    ]);
  });

  it('is told by name what is wrong with a request, and no answer is kept', async () => {
    const post = (body: string, type = 'application/x-www-form-urlencoded', headers: Record<string, string> = {}) =>
      fetch(String(stage.server.token_endpoint), {
        method: 'POST',
        headers: { 'Content-Type': type, ...headers },
        body,
      });
    const client = `client_id=ci&client_secret=${secret}`;
    const basic = { Authorization: `Basic ${btoa(`ci:${secret}`)}` };
    const cases: [error: string, status: number, answer: Promise<Response>][] = [
      ['invalid_request', 400, post('')],
      ['invalid_request', 400, post(client)],
      ['unsupported_grant_type', 400, post(`grant_type=password&${client}`)],
      ['invalid_client', 401, post('grant_type=client_credentials')],
      ['invalid_request', 400, post(`grant_type=client_credentials&client_secret=${secret}`)],
      ['invalid_request', 400, post(`grant_type=client_credentials&${client}`, undefined, basic)],
      ['invalid_request', 400, post(`grant_type=client_credentials&grant_type=client_credentials&${client}`)],
      ['invalid_request', 415, post(`grant_type=client_credentials&${client}`, 'text/plain')],
      ['invalid_request', 400, post('{"grant_type": 1}', 'application/json')],
      ['invalid_request', 400, post('{', 'application/json')],
    ];
    for (const [error, status, sent] of cases) {
      const answer = await sent;
      const text = await answer.text();
      expect(answer.status, text).to.equal(status);
      expect(JSON.parse(text), text).to.include({ error });
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      expect(answer.headers.get('pragma')).to.equal('no-cache');
      expect(answer.headers.get('content-type')).to.equal('application/json');
      expect(text).to.not.match(/acr_/);
    }
    // What nobody knows, and what has no value, is passed over (RFC 6749, section 3.2); JSON is as good as a form.
    const extra = await post(`grant_type=client_credentials&${client}&scope=&resource_owner=x`);
    expect(extra.status).to.equal(200);
    expect(extra.headers.get('cache-control')).to.equal('no-store');
    const json = { grant_type: 'client_credentials', client_id: 'ci', client_secret: secret, scope: null };
    expect((await post(JSON.stringify(json), 'application/json')).status).to.equal(200);
    const get = await fetch(`${stage.server.token_endpoint}?${client}`);
    expect(get.status).to.equal(405);
    expect(get.headers.get('allow')).to.equal('POST');
  });

  it('is issued none for what opens SCIM or an enrolment', async () => {
    await stage.put('/accounts/idp', { grants: [{ role: 'admin' }] });
    const scim = (await stage.put('/accounts/idp/tokens/s', { purpose: 'scim' })).secret as string;
    expect(await refusal(stage.issue('idp', scim))).to.deep.equal({ error: 'unauthorized_client', status: 400 });
    await stage.put('/users/ann', {});
    const { body } = await stage.daemon.request.post('/v1/organizations/default/users/ann/enrolment').expect(201);
    expect(await refusal(stage.issue('ann', body.secret))).to.deep.equal({ error: 'unauthorized_client', status: 400 });
    expect((await refusal(exchange(scim))).error).to.equal('invalid_request');
  });

  it('exchanges a token that its profile lets nobody present with a name', async () => {
    const bearer = await stage.account('bearer', ['builds.read'], { profile: 'static' });
    for (const auth of [oauth.ClientSecretBasic(bearer), oauth.ClientSecretPost(bearer)]) {
      expect(await refusal(stage.issue('bearer', bearer, undefined, auth))).to.include({ error: 'invalid_client' });
    }
    const { access_token } = await exchange(bearer);
    expect(await stage.authorize(access_token, '?permission=builds.read')).to.equal(200);
  });

  it('exchanges a token for one that carries less and ends no later, and never for one that carries more', async () => {
    const first = await exchange(secret, { scope: 'logs.* builds.read' });
    expect(first).to.include({ token_type: 'bearer', issued_token_type: ACCESS_TOKEN });
    const second = await exchange(first.access_token, { scope: 'logs.read' });
    expect(await scopeOf(second.access_token)).to.deep.equal(['logs.read']);
    const [one, two] = [await stage.introspect(first.access_token), await stage.introspect(second.access_token)];
    expect(Number(two.exp)).to.be.at.most(Number(one.exp));
    for (const scope of ['builds.read', 'builds.write']) {
      expect((await refusal(exchange(second.access_token, { scope }))).error).to.equal('invalid_scope');
    }
    for (const subject of ['nonsense', mintToken('sa'), `${first.access_token}x`]) {
      expect((await refusal(exchange(subject))).error).to.equal('invalid_request');
    }
    expect((await refusal(exchange(secret, { actor_token: secret }))).error).to.equal('invalid_request');
    expect((await refusal(exchange(secret, { audience: 'https://x.test' }))).error).to.equal('invalid_target');
    expect((await refusal(exchange(secret, { subject_token_type: 'urn:x' }))).error).to.equal('invalid_request');
    // A client that presents itself must be one, and is named in the token.
    expect((await refusal(exchange(secret, {}, oauth.ClientSecretBasic(mintToken('sa'))))).error).to.equal(
      'invalid_client',
    );
    const gateway = await stage.account('gateway', []);
    const client = { client_id: 'gateway' };
    const parameters = { subject_token: secret, subject_token_type: ACCESS_TOKEN };
    const auth = oauth.ClientSecretBasic(gateway);
    const answer = await oauth.genericTokenEndpointRequest(stage.server, client, auth, EXCHANGE, parameters, INSECURE);
    const { access_token } = await oauth.processGenericTokenEndpointResponse(stage.server, client, answer);
    expect(await stage.introspect(access_token)).to.include({
      sub: 'ci@default.accredit.internal',
      client_id: 'gateway@default.accredit.internal',
    });
  });

  describe('revokes', () => {
    const revoke = async (token: string, name: string, own: string) => {
      const answer = await oauth.revocationRequest(
        stage.server,
        { client_id: name },
        oauth.ClientSecretBasic(own),
        token,
        INSECURE,
      );
      await oauth.processRevocationResponse(answer.clone());
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      return answer.text();
    };

    it('its own token, with a latch that only a restoration undoes', async () => {
      const own = await stage.account('own', ['builds.read']);
      expect(await stage.authorize(own)).to.equal(200);
      expect(await revoke(own, 'own', own)).to.equal('');
      expect(await stage.authorize(own)).to.equal(401);
      await stage.daemon.request.get('/v1/organizations/default/accounts/own/tokens/t/revocation').expect(200);
    });

    it('another one only if it may; of what does not work it learns nothing', async () => {
      const one = await stage.account('one', ['builds.read']);
      const weak = await stage.account('weak', ['builds.read']);
      const strong = await stage.account('strong', ['tokens.revoke', 'accounts.read', 'tokens.read']);
      expect(await refusal(revoke(one, 'weak', weak))).to.deep.equal({ error: 'unauthorized_client', status: 400 });
      expect(await stage.authorize(one)).to.equal(200);
      for (const unknown of ['nonsense', mintToken('sa'), mintToken('pat')]) {
        expect(await revoke(unknown, 'weak', weak)).to.equal('');
      }
      await revoke(one, 'strong', strong);
      expect(await stage.authorize(one)).to.equal(401);
      await revoke(one, 'strong', strong);
      expect((await refusal(revoke(one, 'one', one))).error).to.equal('invalid_client');
    });

    it('nothing of another organization, and is told nothing of it', async () => {
      await stage.daemon.request.put('/v1/organizations/acme').send({}).expect(201);
      await stage.daemon.request
        .put('/v1/organizations/acme/accounts/boss')
        .send({ grants: [{ role: 'owner' }] })
        .expect(201);
      const made = await stage.daemon.request.put('/v1/organizations/acme/accounts/boss/tokens/t').send({}).expect(201);
      const target = await stage.account('target', ['builds.read']);
      expect(await revoke(target, 'boss', made.body.secret)).to.equal('');
      expect(await stage.authorize(target)).to.equal(200);
    });

    it('not a former secret, and no access token: that ends with the one that it was issued for', async () => {
      const former = await stage.account('rotated', ['builds.read']);
      const { secret: next } = await stage.put('/accounts/rotated/tokens/t', { rotation: 'a' });
      expect(await revoke(former, 'rotated', next as string)).to.equal('');
      expect(await stage.authorize(next as string)).to.equal(200);
      const jwt = await stage.issue('rotated', next as string);
      expect((await refusal(revoke(jwt, 'rotated', next as string))).error).to.equal('unsupported_token_type');
    });
  });
});
