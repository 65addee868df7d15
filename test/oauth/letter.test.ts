/** Where the RFCs leave no choice, byte by byte and without a library that would forgive. */
import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { Stage } from './stage.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type';
const FORM = 'application/x-www-form-urlencoded';

describe('to the letter', () => {
  let stage: Stage;
  let secret: string;
  let jwt: string;

  before(async () => {
    stage = await Stage.open();
    secret = await stage.account('ci', ['builds.read', 'builds.write']);
    jwt = await stage.issue('ci', secret);
  });
  after(() => stage.daemon.close());

  interface Sent {
    readonly form?: Record<string, string>;
    readonly headers?: Record<string, string>;
    readonly query?: string;
  }
  const post = async (path: string, { form = {}, headers = {}, query = '' }: Sent) => {
    const answer = await fetch(`${stage.daemon.url}${path}${query}`, {
      method: 'POST',
      headers: { 'Content-Type': FORM, ...headers },
      body: new URLSearchParams(form).toString(),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: text === '' ? {} : JSON.parse(text) };
  };
  const basic = (name: string, password: string) => ({ Authorization: `Basic ${btoa(`${name}:${password}`)}` });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const exchange = (form: Record<string, string>) =>
    post('/v1/oauth/token', {
      form: { grant_type: EXCHANGE, subject_token_type: `${TYPE}:access_token`, ...form },
    });

  describe('RFC 6749', () => {
    it('takes a name and a token that were encoded like a form (section 2.3.1)', async () => {
      for (const name of ['ci', 'ci%40default.accredit.internal', '%63i']) {
        const { status, text } = await post('/v1/oauth/token', {
          form: { grant_type: 'client_credentials' },
          headers: basic(name, secret.replaceAll('_', '%5F')),
        });
        expect(status, text).to.equal(200);
      }
    });

    it('takes nothing from the URL, where credentials must not be (section 2.3.1)', async () => {
      const client = `client_id=ci&client_secret=${secret}`;
      for (const [path, form] of [
        ['/v1/oauth/token', { grant_type: 'client_credentials' }],
        ['/v1/oauth/revoke', { token: mintToken('sa') }],
      ] as const) {
        const { status, body, text } = await post(path, { form, query: `?${client}` });
        expect([status, body.error], path).to.deep.equal([400, 'invalid_request']);
        expect(text).to.not.include(secret.slice(7, 40));
        expect((await post(path, { form, query: '?', headers: basic('ci', secret) })).status, path).to.equal(200);
      }
      expect(stage.daemon.log.join('')).to.not.include(secret.slice(7, 40));
    });

    it('challenges a client only where it answers 401 (section 5.2)', async () => {
      const form = { grant_type: 'client_credentials' };
      const refused = await post('/v1/oauth/token', { form, headers: basic('ci', mintToken('sa')) });
      expect(refused.status).to.equal(401);
      expect(refused.headers.get('www-authenticate')).to.match(/Basic realm="accredit"/);
      const narrow = await post('/v1/oauth/token', { form: { ...form, scope: 'x.y' }, headers: basic('ci', secret) });
      expect([narrow.status, narrow.headers.get('www-authenticate')]).to.deep.equal([400, null]);
      // An access token is nobody's credential here.
      const again = await post('/v1/oauth/token', { form: { ...form }, headers: bearer(jwt) });
      expect([again.status, again.body.error]).to.deep.equal([400, 'unauthorized_client']);
      expect(again.headers.get('www-authenticate')).to.equal(null);
    });

    it('takes a client_id for what it says, however the client authenticates (section 2.3)', async () => {
      const issue = (client_id: string, headers: Record<string, string>) =>
        post('/v1/oauth/token', { form: { grant_type: 'client_credentials', client_id }, headers });
      for (let time = 1; time <= 2; time += 1) {
        for (const headers of [basic('ci', secret), bearer(secret), { 'X-Api-Key': secret }]) {
          expect((await issue('ci', headers)).status).to.equal(200);
          const { status, body } = await issue('root', headers);
          expect([status, body.error]).to.deep.equal(
            'Authorization' in headers && headers.Authorization.startsWith('Basic')
              ? [400, 'invalid_request']
              : [401, 'invalid_client'],
          );
        }
      }
      expect((await issue('ci@default.accredit.internal', bearer(secret))).status).to.equal(200);
    });

    it('keeps within a description to the characters of section 5.2', async () => {
      const { body } = await post('/v1/oauth/token', {
        form: { grant_type: 'client_credentials', 'a"\\\u00e9\n': '1', scope: 'é"\\' },
        headers: basic('ci', secret),
      });
      expect(body.error).to.equal('invalid_scope');
      expect(body.error_description).to.match(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    });

    it('takes a scope of any use, and none that is only long', async () => {
      const issue = (scope: string) =>
        post('/v1/oauth/token', { form: { grant_type: 'client_credentials', scope }, headers: basic('ci', secret) });
      const long = Array.from({ length: 400 }, () => 'builds.read').join(' ');
      expect(long.length).to.be.above(4096);
      expect((await issue(long.slice(0, 12 * 300 - 1))).body.scope).to.equal('builds.read');
      expect((await issue(long)).body).to.include({ error: 'invalid_scope' });
      const wide = (count: number) => Array.from({ length: count }, (_, number) => `*.read${number}`).join(' ');
      const root = (scope: string) =>
        post('/v1/oauth/token', {
          form: { grant_type: 'client_credentials', scope },
          headers: basic('root', stage.daemon.adminToken),
        });
      expect((await root(wide(16))).status).to.equal(200);
      expect((await root(wide(17))).body).to.include({ error: 'invalid_scope' });
    });
  });

  describe('RFC 8693', () => {
    it('calls whatever is wrong with a subject token an invalid request (section 2.2.2)', async () => {
      const [header, payload] = jwt.split('.');
      for (const subject_token of ['nonsense', mintToken('sa'), `${header}.${payload}.AAAA`, '']) {
        const { status, body, text } = await exchange({ subject_token });
        expect([status, body.error], text).to.deep.equal([400, 'invalid_request']);
      }
    });

    it('takes a subject token for what its type says (section 2.1)', async () => {
      const asJwt = { subject_token_type: `${TYPE}:jwt` };
      expect((await exchange({ subject_token: jwt, ...asJwt })).status).to.equal(200);
      const { status, body } = await exchange({ subject_token: secret, ...asJwt });
      expect([status, body.error]).to.deep.equal([400, 'invalid_request']);
      expect((await exchange({ subject_token: jwt })).status).to.equal(200);
    });

    it('says which type it issued, and ends no later than the subject token', async () => {
      const { body } = await exchange({ subject_token: jwt, requested_token_type: `${TYPE}:jwt` });
      expect(body).to.include({ issued_token_type: `${TYPE}:jwt`, token_type: 'Bearer' });
      expect(Number(decodeJwt(body.access_token).exp)).to.be.at.most(Number(decodeJwt(jwt).exp));
    });
  });

  describe('RFC 7662', () => {
    it('refuses a client in the words of OAuth, a bearer with a challenge (section 2.3)', async () => {
      const form = { token: secret };
      const client = await post('/v1/introspect', { form, headers: basic('root', mintToken('sa')) });
      expect([client.status, client.body.error]).to.deep.equal([401, 'invalid_client']);
      expect(client.headers.get('content-type')).to.equal('application/json');
      expect(client.headers.get('www-authenticate')).to.include('Basic realm="accredit"');
      const caller = await post('/v1/introspect', { form, headers: bearer(mintToken('sa')) });
      expect([caller.status, caller.body.code]).to.deep.equal([401, 'unauthenticated']);
      expect(caller.headers.get('www-authenticate')).to.include('Bearer realm="accredit", error="invalid_token"');
    });

    it('answers a caller who may not ask with what it lacks', async () => {
      const { status, headers } = await post('/v1/introspect', { form: { token: secret }, headers: bearer(secret) });
      expect(status).to.equal(403);
      expect(headers.get('www-authenticate')).to.equal(
        'Bearer realm="accredit", error="insufficient_scope", scope="tokens.introspect"',
      );
    });

    it('takes a hint of any value, and never a token from the URL', async () => {
      const headers = bearer(stage.daemon.adminToken);
      for (const token_type_hint of ['access_token', 'refresh_token', 'something']) {
        const { body } = await post('/v1/introspect', { form: { token: secret, token_type_hint }, headers });
        expect(body).to.include({ active: true, token_type: 'Bearer' });
      }
      // Also not where the answer to the same form is known.
      const { status, body, text } = await post('/v1/introspect', {
        form: { token: secret },
        headers,
        query: `?token=${secret}`,
      });
      expect([status, body.code]).to.deep.equal([400, 'invalid-query']);
      expect(text).to.not.include(secret.slice(7, 40));
    });
  });

  describe('RFC 7009', () => {
    it('takes a hint of any value, and says by name what it cannot revoke (sections 2.1, 2.2.1)', async () => {
      const headers = basic('ci', secret);
      const hinted = { token: mintToken('sa'), token_type_hint: 'something' };
      const unknown = await post('/v1/oauth/revoke', { form: hinted, headers });
      expect([unknown.status, unknown.text]).to.deep.equal([200, '']);
      const { status, body } = await post('/v1/oauth/revoke', { form: { token: jwt }, headers });
      expect([status, body.error]).to.deep.equal([400, 'unsupported_token_type']);
      const nobody = await post('/v1/oauth/revoke', { form: { token: secret } });
      expect([nobody.status, nobody.body.error]).to.deep.equal([401, 'invalid_client']);
    });
  });

  describe('RFC 8414', () => {
    it('says nothing that is not so', async () => {
      const answer = await fetch(`${stage.daemon.url}/.well-known/oauth-authorization-server`);
      const metadata = (await answer.json()) as Record<string, string[]>;
      const use = {
        client_secret_basic: (form: Record<string, string>, name: string, token: string) => ({
          form,
          headers: basic(name, token),
        }),
        client_secret_post: (form: Record<string, string>, client_id: string, client_secret: string) => ({
          form: { ...form, client_id, client_secret },
        }),
        Bearer: (form: Record<string, string>, _name: string, token: string) => ({ form, headers: bearer(token) }),
      };
      const { adminToken, url } = stage.daemon;
      const forms = {
        token: { grant_type: 'client_credentials' },
        revocation: { token: mintToken('sa') },
        introspection: { token: secret },
      };
      for (const [endpoint, form] of Object.entries(forms)) {
        const path = String(metadata[`${endpoint}_endpoint`]).slice(url.length);
        const methods = metadata[`${endpoint}_endpoint_auth_methods_supported`] as (keyof typeof use)[];
        expect(methods, endpoint).to.include('client_secret_basic');
        for (const method of methods) {
          expect((await post(path, use[method](form, 'root', adminToken))).status, `${endpoint}, ${method}`).to.equal(
            200,
          );
        }
      }
      for (const grant_type of metadata.grant_types_supported as string[]) {
        const { body } = await post('/v1/oauth/token', { form: { grant_type }, headers: basic('ci', secret) });
        expect(body.error, grant_type).to.not.equal('unsupported_grant_type');
      }
      expect(metadata.response_types_supported).to.deep.equal([]);
    });

    it('is kept for a shorter time than a key is published before it signs', async () => {
      for (const document of ['oauth-authorization-server', 'jwks.json']) {
        const { headers } = await fetch(`${stage.daemon.url}/.well-known/${document}`);
        const [, age] = /^public, max-age=([0-9]+)$/.exec(headers.get('cache-control') ?? '') ?? [];
        expect(Number(age), document).to.be.within(60, 1800);
      }
    });
  });

  it('a method that is not offered is answered 405, with those that are (RFC 9110, section 15.5.6)', async () => {
    for (const [path, allow] of [
      ['/v1/oauth/token', 'POST'],
      ['/v1/oauth/revoke', 'POST'],
      ['/v1/introspect', 'POST'],
      ['/v1/signing-keys/rotation', 'POST'],
      ['/v1/self', 'GET, HEAD'],
      ['/.well-known/jwks.json', 'GET, HEAD'],
      ['/.well-known/oauth-authorization-server', 'GET, HEAD'],
    ] as const) {
      const { status, headers } = await fetch(`${stage.daemon.url}${path}`, { method: 'DELETE' });
      expect([status, headers.get('allow'), headers.get('cache-control')], path).to.deep.equal([
        405,
        allow,
        'no-store',
      ]);
    }
  });

  it('an access token is repeated by no log and no refusal', async () => {
    const [, payload = '', signature = ''] = jwt.split('.');
    const answers = [
      await fetch(`${stage.daemon.url}/v1/organizations/${jwt}`, { headers: bearer(stage.daemon.adminToken) }),
      await fetch(`${stage.daemon.url}/v1/authorize?${jwt}=1`, { headers: bearer(secret) }),
      await fetch(`${stage.daemon.url}/v1/authorize?access_token=${jwt}`, { headers: bearer(secret) }),
      await fetch(`${stage.daemon.url}/v1/${jwt}`),
      await fetch(`${stage.daemon.url}/v1/%22${jwt}`),
      await fetch(`${stage.daemon.url}/v1/self`, {
        headers: { ...bearer(jwt), 'X-Request-Id': `eyJ0.${payload.slice(0, 50)}` },
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).to.be.within(400, 404);
      expect(await answer.text())
        .to.not.include(payload.slice(0, 30))
        .and.not.include(signature.slice(0, 30));
    }
    const log = stage.daemon.log.join('');
    expect(log).to.include('eyJ[redacted]');
    expect(log).to.not.include(payload.slice(0, 30));
  });
});
