import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { refusing, stubApp } from './stub.ts';

describe('authorize', () => {
  for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const) {
    it(`answers ${method.toUpperCase()}, with the identity and never with the token`, async () => {
      const { agent, given } = stubApp();
      const answer = await agent[method]('/v1/authorize?organization=acme&permission=builds.write&scope=projects/x');
      expect(answer.status).to.equal(200);
      expect(answer.headers).to.include({
        'accredit-subject': 'root@default.accredit.internal',
        'accredit-account': 'organizations/default/accounts/root',
        'accredit-organization': 'default',
        'accredit-token': 'organizations/default/accounts/root/tokens/bootstrap',
        'cache-control': 'no-store',
      });
      expect(given('verify')).to.deep.include({
        credential: { scheme: 'bearer', token: 'secret' },
        ip: '127.0.0.1',
        organization: 'acme',
        permission: 'builds.write',
        scope: 'projects/x',
      });
    });
  }

  it('answers 401 and 403 without saying why; the log says it', async () => {
    const { agent: bad, lines } = stubApp({ verify: () => ({ decision: 'unauthenticated', reason: 'rotated away' }) });
    const unauthenticated = await bad.get('/v1/authorize').expect(401);
    expect(unauthenticated.headers['www-authenticate']).to.include('error="invalid_token"');
    expect(unauthenticated.text).to.not.include('rotated');
    expect(lines.join('')).to.include('rotated away');
    const subject = { identifier: 'ci@x' };
    const { agent: weak } = stubApp({ verify: () => ({ decision: 'forbidden', reason: 'no grant', subject }) });
    const asked = await weak.get('/v1/authorize?permission=builds.write').expect(403);
    expect(asked.headers['www-authenticate']).to.equal(
      'Bearer realm="accredit", error="insufficient_scope", scope="builds.write"',
    );
    const forbidden = await weak.get('/v1/authorize').expect(403);
    expect(forbidden.headers['www-authenticate']).to.equal('Bearer realm="accredit", error="insufficient_scope"');
    expect(forbidden.body.code).to.equal('forbidden');
    expect(forbidden.text).to.not.include('grant');
    expect(forbidden.body.detail).to.include('log says why');
    expect(forbidden.headers).to.not.have.property('accredit-subject');
  });

  for (const query of [
    'permision=accounts.read',
    'permission=',
    'permission=everything',
    'permission=a.b&permission=a.c',
    'organization=',
    'organization=UPPER',
    'scope=..%2F%00',
    'scope=shop',
    'scope=project/shop',
    'scope=projects/shop/',
    'scope=projects/-shop',
    'organization=default&scope=organizations/acme',
    'organization=default&scope=organizations/acme/apps/x',
    'organization=default&scope=organizations/default.acme/apps/x',
    'access_token=x',
  ]) {
    it(`refuses a question that could mean less than it says: ?${query}`, async () => {
      const { agent, given } = stubApp();
      const { body } = await agent.get(`/v1/authorize?${query}`).expect(400);
      expect(body.code).to.equal('invalid-query');
      expect(given('verify')).to.equal(undefined);
    });
  }

  it('takes a full address with the organization that it lies in, and without one', async () => {
    for (const organization of ['organization=acme&', '']) {
      for (const scope of ['organizations/acme', 'organizations/acme/apps/x']) {
        const { agent, given } = stubApp();
        await agent.get(`/v1/authorize?${organization}scope=${scope}`).expect(200);
        expect(given('verify')).to.include({ scope });
      }
    }
  });
});

describe('introspect', () => {
  const token = mintToken('sa');

  it('takes a form and JSON', async () => {
    const asked = { token, token_type_hint: 'access_token', permission: 'a.b', scope: 'apps/x', client_ip: '::1' };
    for (const type of ['form', 'json']) {
      const { agent, given } = stubApp();
      await agent.post('/v1/introspect').type(type).send(asked).expect(200, { active: false });
      const { credential, ip, permission, scope } = given('introspect') ?? {};
      expect({ credential, ip, permission, scope }).to.deep.equal({
        credential: { scheme: 'bearer', token },
        ip: '::1',
        permission: 'a.b',
        scope: 'apps/x',
      });
    }
  });

  it('does not take its own caller for the client of the token', async () => {
    const { agent, given } = stubApp();
    await agent.post('/v1/introspect').send({ token }).expect(200);
    expect(given('introspect')?.ip).to.equal(null);
  });

  it('asks who is asking before it reads what', async () => {
    const { agent, given } = stubApp({ authenticate: refusing('unauthenticated', 'No.') });
    await agent.post('/v1/introspect').type('json').send('{').expect(401);
    expect(given('introspect')).to.equal(undefined);
  });

  for (const [what, body, status] of [
    ['no token', {}, 422],
    ['a parameter that it does not know', { token, permision: 'a.b' }, 422],
    ['a permission that is none', { token, permission: 'all' }, 422],
    ['an address that is none', { token, client_ip: 'here' }, 422],
    ['two organizations', { token, organization: 'default', scope: 'organizations/acme/apps/x' }, 422],
    ['a token that is no string', { token: { a: 1 } }, 422],
    ['no object', [token], 422],
  ] as const) {
    it(`refuses ${what}, without repeating the token`, async () => {
      const { agent, given } = stubApp();
      const { text } = await agent.post('/v1/introspect').send(body).expect(status);
      expect(text).to.not.include(token.slice(8, 30));
      expect(given('introspect')).to.equal(undefined);
    });
  }

  it('refuses a scope that can be none, rather than answer that it is not allowed there', async () => {
    const { agent, given } = stubApp();
    const asked = { token, permission: 'a.b', scope: 'project/shop' };
    const { body } = await agent.post('/v1/introspect').type('form').send(asked).expect(422);
    expect(body.errors[0].pointer).to.equal('/scope');
    expect(body.detail).to.include('"projects/x"');
    expect(given('introspect')).to.equal(undefined);
  });

  it('refuses a parameter that is given twice', async () => {
    const { agent } = stubApp();
    const { body } = await agent.post('/v1/introspect').type('form').send('token=a&token=b').expect(422);
    expect(body.errors).to.deep.equal([{ pointer: '/token', detail: 'is given more than once' }]);
  });
});

describe('self', () => {
  it('says who asks', async () => {
    const { body } = await stubApp().agent.get('/v1/self').expect(200);
    expect(body).to.include({
      identifier: 'root@default.accredit.internal',
      issued_at: '1970-01-01T00:00:00Z',
      valid_until: null,
    });
  });

  it('takes no query', async () => {
    await stubApp().agent.get('/v1/self?verbose=1').expect(400);
  });

  it('rotates with the credential that the first try has retired only if an Idempotency-Key makes it a retry', async () => {
    const { agent, given } = stubApp({ authenticate: refusing('unauthenticated', 'No.') });
    await agent.post('/v1/self/rotate').expect(401);
    expect(given('rotateSelf')).to.equal(undefined);
    await agent.post('/v1/self/rotate').set('Idempotency-Key', 'k').expect(200);
    expect(given('rotateSelf')).to.include({ idempotencyKey: 'k' });
  });
});
