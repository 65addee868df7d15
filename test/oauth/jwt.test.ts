/** Access tokens as a JWT library verifies them offline, and as Accredit judges them when it is asked. */
import { expect } from 'chai';
import { base64url, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { fakeClock } from '../support/daemon.ts';
import { Stage } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('an access token', () => {
  let stage: Stage;
  let secret: string;

  before(async () => {
    stage = await Stage.open();
    secret = await stage.account('ci', ['builds.read', 'builds.write']);
  });
  after(() => stage.daemon.close());

  const rotate = (body: object = {}) => stage.daemon.request.post('/v1/signing-keys/rotation').send(body).expect(200);

  it('is verified offline by a library that knows the issuer alone', async () => {
    const token = await stage.issue('ci', secret, 'builds.read');
    const { payload, protectedHeader } = await stage.verify(token);
    expect(protectedHeader).to.deep.include({ alg: 'ES256', typ: 'at+jwt' });
    expect(payload).to.include({ sub: 'ci@default.accredit.internal', scope: 'builds.read', kind: 'service_account' });
    expect(Number(payload.exp) - Number(payload.iat)).to.equal(300);
    expect(JSON.stringify(payload)).to.not.include(secret.slice(7, 47));
    const [one, two] = [decodeJwt(token), decodeJwt(await stage.issue('ci', secret))];
    expect(one.jti).to.not.equal(two.jti);
  });

  it('outlives neither its token nor the previous secret that it was issued for', async () => {
    const clock = fakeClock();
    const timed = await Stage.open({ clock });
    try {
      const short = await timed.account('short', ['builds.read'], { expires_in: '2m', overlap: '1m' });
      clock.advance(30_500);
      const jwt = await timed.issue('short', short);
      expect(decodeJwt(jwt).exp).to.equal(Math.floor((clock.now() - 30_500 + 2 * MINUTE) / 1000));
      await timed.put('/accounts/short/tokens/t', { expires_in: '1h', overlap: '1m', rotation: 'a' });
      const late = await timed.issue('short', short);
      expect(Number(decodeJwt(late).exp) * 1000).to.be.at.most(clock.now() + MINUTE);
      expect(await timed.authorize(late)).to.equal(200);
      clock.advance(MINUTE);
      expect(await timed.authorize(late)).to.equal(401);
    } finally {
      await timed.daemon.close();
    }
  });

  it('is refused once it ends, offline and online', async () => {
    const clock = fakeClock();
    const timed = await Stage.open({ clock, env: { ACCREDIT_ACCESS_TOKEN_LIFETIME: '10m' } });
    try {
      const own = await timed.account('ci', ['builds.read']);
      const jwt = await timed.issue('ci', own);
      for (let time = 1; time <= 3; time += 1) expect(await timed.authorize(jwt)).to.equal(200);
      clock.advance(10 * MINUTE - 1);
      expect(await timed.authorize(jwt)).to.equal(200);
      clock.advance(1);
      expect(await timed.authorize(jwt)).to.equal(401);
      expect(await timed.introspect(jwt)).to.deep.equal({ active: false });
      const late = await timed.verify(jwt, timed.keys(), new Date(clock.now())).catch((error: Error) => error);
      expect(late).to.have.property('code', 'ERR_JWT_EXPIRED');
    } finally {
      await timed.daemon.close();
    }
  });

  it('that somebody else made is refused, however well it is made', async () => {
    const token = await stage.issue('ci', secret);
    const claims = decodeJwt(token);
    const { kid } = decodeProtectedHeader(token);
    const ours = (await (await fetch(String(stage.server.jwks_uri))).json()) as { keys: Record<string, string>[] };
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const typ = 'at+jwt';
    const signed = (header: object, payload: object = claims) =>
      new SignJWT(payload as never).setProtectedHeader({ alg: 'ES256', typ, ...header } as never).sign(privateKey);
    const unsigned = `${base64url.encode(JSON.stringify({ alg: 'none', typ, kid }))}.${token.split('.')[1]}.`;
    // The public key as if it were a shared secret (RFC 8725, section 2.1).
    const confused = await new SignJWT(claims as never)
      .setProtectedHeader({ alg: 'HS256', typ, kid: kid as string })
      .sign(new TextEncoder().encode(JSON.stringify(ours.keys[0])));
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const changed = base64url.encode(JSON.stringify({ ...claims, scope: '*', sub: 'root@default.accredit.internal' }));
    const forged = [
      await signed({ kid }),
      await signed({ kid: 'other' }),
      await signed({ kid, jwk: await exportJWK(publicKey) }),
      unsigned,
      confused,
      `${header}.${changed}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${header}.${payload}`,
      `${token}.x`,
    ];
    for (const one of forged) {
      expect(await stage.authorize(one), one).to.equal(401);
      expect(await stage.introspect(one), one).to.deep.equal({ active: false });
    }
    expect(await stage.authorize(token)).to.equal(200);
  });

  it('of another installation is refused: issuer and audience are pinned', async () => {
    const other = await Stage.open();
    try {
      const foreign = await other.issue('ci', await other.account('ci', ['builds.read']));
      expect(await other.authorize(foreign)).to.equal(200);
      expect(await stage.authorize(foreign)).to.equal(401);
      const error = await stage.verify(foreign, other.keys()).catch((thrown: Error) => thrown);
      expect(error).to.have.property('code', 'ERR_JWT_CLAIM_VALIDATION_FAILED');
    } finally {
      await other.daemon.close();
    }
  });

  it('opens nothing of Accredit itself', async () => {
    const jwt = await stage.issue('root', stage.daemon.adminToken);
    const api = stage.daemon.as(jwt);
    for (const path of [
      '/v1/self',
      '/v1/organizations/default',
      '/v1/organizations/default/accounts',
      '/scim/v2/Users',
    ]) {
      const { status } = await api.get(path);
      expect(status, path).to.equal(403);
    }
    await api.put('/v1/organizations/default/accounts/x').send({}).expect(403);
    await api.post('/v1/introspect').type('form').send({ token: jwt }).expect(403);
    await api.post('/v1/self/rotate').expect(403);
  });

  it('of an app opens that app only, and one of a user what the user may do', async () => {
    await stage.put('/apps/till');
    await stage.put('/apps/other');
    const app = (await stage.put('/apps/till/tokens/t')).secret as string;
    const jwt = await stage.issue('till', app);
    expect(await stage.introspect(jwt)).to.include({ kind: 'app', sub: 'apps/till@default.accredit.internal' });
    expect(await stage.authorize(jwt, '?permission=orders.read&scope=apps/till')).to.equal(200);
    expect(await stage.authorize(jwt, '?permission=orders.read&scope=apps/other')).to.equal(403);

    await stage.put('/roles/reader', { permissions: ['builds.read'] });
    await stage.put('/users/ann', { grants: [{ role: 'reader' }] });
    const users = '/v1/organizations/default/users/ann';
    const { body: enrolment } = await stage.daemon.request.post(`${users}/enrolment`).expect(201);
    const { body: own } = await stage.daemon.as(enrolment.secret).put(`${users}/tokens/laptop`).send({}).expect(201);
    const personal = await stage.issue('ann', own.secret);
    expect(await stage.introspect(personal)).to.include({ kind: 'user', sub: 'users/ann@default.accredit.internal' });
    expect(await stage.authorize(personal, '?permission=builds.read')).to.equal(200);
    expect(await stage.authorize(personal, '?permission=builds.write')).to.equal(403);
    await stage.put('/users/ann', { grants: [{ role: 'reader' }], active: false });
    expect(await stage.authorize(personal, '?permission=builds.read')).to.equal(401);
  });

  const EFFECTS: Readonly<Record<string, (name: string, path: string) => Promise<unknown>>> = {
    'its token is revoked': (_name, path) => stage.put(path, { state: 'revoked' }),
    'its token is revoked in an emergency': (_name, path) =>
      stage.daemon.request
        .put(`/v1/organizations/default${path}/revocation`)
        .send({ reason: 'compromised' })
        .expect(200),
    'its token is rotated': (_name, path) => stage.put(path, { rotation: 'again' }),
    'its token is deleted': (_name, path) =>
      stage.daemon.request.delete(`/v1/organizations/default${path}`).expect(204),
    'its token is made anew': async (_name, path) => {
      await stage.daemon.request.delete(`/v1/organizations/default${path}`).expect(204);
      await stage.put(path);
    },
    'its account is disabled': (name) =>
      stage.put(`/accounts/${name}`, { grants: [{ role: `for-${name}` }], disabled: true }),
    'its token may not be used from there any more': (_name, path) =>
      stage.put(path, { allowed_cidrs: ['192.0.2.0/24'] }),
  };
  for (const [what, change] of Object.entries(EFFECTS)) {
    it(`is dead as soon as ${what}`, async () => {
      const name = `e${Object.keys(EFFECTS).indexOf(what)}`;
      const jwt = await stage.issue(name, await stage.account(name, ['builds.read']));
      for (let time = 1; time <= 3; time += 1) expect(await stage.authorize(jwt)).to.equal(200);
      expect(await stage.introspect(jwt)).to.include({ active: true });
      await change(name, `/accounts/${name}/tokens/t`);
      expect(await stage.authorize(jwt)).to.equal(401);
      expect(await stage.introspect(jwt)).to.deep.equal({ active: false });
    });
  }

  it('loses what the role of its account loses, and gains nothing that it gains', async () => {
    const jwt = await stage.issue('role', await stage.account('role', ['builds.read', 'builds.write']));
    await stage.put('/roles/for-role', { permissions: ['builds.read', 'logs.read'] });
    expect(await stage.authorize(jwt, '?permission=builds.read')).to.equal(200);
    expect(await stage.authorize(jwt, '?permission=builds.write')).to.equal(403);
    expect(await stage.authorize(jwt, '?permission=logs.read')).to.equal(403);
    await stage.put('/accounts/role', { grants: [] });
    expect(await stage.authorize(jwt, '?permission=builds.read')).to.equal(403);
  });

  it('is inactive in introspection without the address where networks are limited', async () => {
    const jwt = await stage.issue(
      'net',
      await stage.account('net', ['builds.read'], { allowed_cidrs: ['127.0.0.0/8'] }),
    );
    expect(await stage.introspect(jwt)).to.deep.equal({ active: false });
    expect(await stage.introspect(jwt, { client_ip: '192.0.2.1' })).to.deep.equal({ active: false });
    expect(await stage.introspect(jwt, { client_ip: '127.0.0.1' })).to.include({ active: true });
  });

  describe('after the signing key was rotated', () => {
    it('works on, and new ones are verified by who had fetched the keys before', async () => {
      const keys = stage.keys();
      const before = await stage.issue('ci', secret);
      await stage.verify(before, keys);
      await rotate();
      const after = await stage.issue('ci', secret);
      expect(decodeProtectedHeader(after).kid).to.not.equal(decodeProtectedHeader(before).kid);
      for (const one of [before, after]) {
        await stage.verify(one, keys);
        expect(await stage.authorize(one)).to.equal(200);
      }
    });

    it('without overlap is dead at once, as for a key that leaked', async () => {
      const before = await stage.issue('ci', secret);
      for (let time = 1; time <= 2; time += 1) expect(await stage.authorize(before)).to.equal(200);
      const { body } = await rotate({ overlap: '0s' });
      expect(body.keys).to.have.length(1);
      expect(await stage.authorize(before)).to.equal(401);
      const error = await stage.verify(before).catch((thrown: Error) => thrown);
      expect(error).to.have.property('code', 'ERR_JWKS_NO_MATCHING_KEY');
      expect(await stage.authorize(await stage.issue('ci', secret))).to.equal(200);
    });

    it('ends with the overlap, to the millisecond, whoever asked about it before', async () => {
      const clock = fakeClock();
      const timed = await Stage.open({ clock });
      try {
        const jwt = await timed.issue('ci', await timed.account('ci', ['builds.read']));
        await timed.daemon.request.post('/v1/signing-keys/rotation').send({ overlap: '1m' }).expect(200);
        for (let time = 1; time <= 3; time += 1) expect(await timed.authorize(jwt)).to.equal(200);
        expect(await timed.introspect(jwt)).to.include({ active: true });
        clock.advance(MINUTE - 1);
        expect(await timed.authorize(jwt)).to.equal(200);
        clock.advance(1);
        expect(await timed.authorize(jwt)).to.equal(401);
        expect(await timed.introspect(jwt)).to.deep.equal({ active: false });
      } finally {
        await timed.daemon.close();
      }
    });

    it('says so in the audit log, which holds no key', async () => {
      await rotate();
      const { body, text } = await stage.daemon.request
        .get('/v1/organizations/default/audit-events?limit=20')
        .expect(200);
      const [event] = body.items.filter(({ action }: { action: string }) => action === 'rotate');
      expect(event.address).to.match(/^organizations\/default\/signing-keys\//);
      expect(text).to.not.include('PRIVATE');
    });
  });

  it('is signed by a key that is published before, and accepted after it has signed, on schedule', async () => {
    const clock = fakeClock();
    const timed = await Stage.open({ clock, env: { ACCREDIT_SIGNING_KEY_LIFETIME: '30d' } });
    try {
      const own = await timed.account('ci', ['builds.read']);
      const published = async () =>
        ((await (await fetch(String(timed.server.jwks_uri))).json()) as { keys: { kid: string }[] }).keys.map(
          ({ kid }) => kid,
        );
      const kidOf = async () => decodeProtectedHeader(await timed.issue('ci', own)).kid;
      const first = await kidOf();
      await timed.daemon.maintain();
      expect(await published()).to.deep.equal([first]);
      clock.advance(30 * DAY - HOUR);
      await timed.daemon.maintain();
      const [one, next] = await published();
      expect(one).to.equal(first);
      expect(next, 'the next one is published an hour before it signs').to.be.a('string');
      expect(await kidOf()).to.equal(first);
      const last = await timed.issue('ci', own);
      clock.advance(HOUR - 1);
      expect(await kidOf()).to.equal(first);
      clock.advance(1);
      expect(await kidOf(), 'at the millisecond').to.equal(next);
      expect(await timed.authorize(last)).to.equal(401);
      await timed.daemon.maintain();
      expect(await published()).to.deep.equal([first, next]);
      clock.advance(65 * MINUTE);
      await timed.daemon.maintain();
      expect(await published()).to.deep.equal([next]);
      // A daemon that was away for years publishes the next one for as long as any.
      clock.advance(1000 * DAY);
      await timed.daemon.maintain();
      expect(await kidOf()).to.equal(next);
      expect(await published()).to.have.length(2);
    } finally {
      await timed.daemon.close();
    }
  });
});
