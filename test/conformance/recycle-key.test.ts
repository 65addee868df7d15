/** The published call of reference 002 by which the key of a service account replaces itself. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer, Api } from '../contract/api.ts';
import { expectProblem, pointersOf, uniqueName } from '../contract/bench.ts';
import { basic, DAY, type Tenant } from './support.ts';
import { HOUR, onWatchedDaemon, SECRET } from './watched.ts';

const PATH = '/automate/recycle_key.json';

const ENABLED = { ACCREDIT_RECYCLE_KEY_API: 'true' };

onWatchedDaemon('the published call that replaces a key (reference 002)', ENABLED, (stage) => {
  let tenant: Tenant;
  let owner: Api;

  before(async () => {
    tenant = await stage().tenant();
    owner = stage().api;
    for (const [name, regenerate] of Object.entries({ own: 'self', managed: 'admin', fixed: 'forbidden' })) {
      await tenant.make(`token-profiles/${name}`, { regenerate, max_overlap: '0s', schemes: ['basic'] });
    }
  });

  /** A new account with one key. */
  async function account(token: JsonObject = { profile: 'self-recycling' }, grants: JsonObject[] = []) {
    const name = uniqueName('ci');
    const { address, token: key, secret } = await tenant.account(name, grants, token);
    const { identifier } = (await owner.get(address)).body;
    return { name, address, token: key, identifier: String(identifier), key: secret };
  }

  /** The call as the published command line sends it; `headers` and `body` replace what that has. */
  function recycle(
    username: string,
    key: string,
    { headers = {}, body = '{}', query = '' }: { headers?: Record<string, string>; body?: string; query?: string } = {},
  ): Promise<Answer> {
    const sent = {
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: '*/*',
      ...basic(username, key).headers,
    };
    return owner.as(undefined).send('PUT', `${PATH}${query}`, body, { ...sent, ...headers });
  }

  const works = (key: string) => tenant.ask(key);

  it('the published call answers 200 with the old key and the new one, and nothing else', async () => {
    const { name, key } = await account();
    const answer = await recycle(name, key);
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(answer.headers['accredit-outcome']).to.equal('rotated');
    expect(Object.keys(answer.body)).to.deep.equal(['old_key', 'new_key']);
    expect(answer.body.old_key).to.equal(key);
    expect(answer.body.new_key).to.match(SECRET).and.not.equal(key);
  });

  it('the published call ends the old key at once, and a second call with it is 401', async () => {
    const { name, key } = await account();
    expect(await works(key)).to.equal(200);
    const { new_key: next } = (await recycle(name, key)).body;
    expect([await works(key), await works(String(next))]).to.deep.equal([401, 200]);
    const second = await recycle(name, key);
    expectProblem(second, 401, 'unauthenticated');
    expect(second.headers['www-authenticate']).to.include('Basic realm=');
    expect((await recycle(name, String(next))).status).to.equal(200);
  });

  it('the published call leaves the account, its rights and its token the same ones', async () => {
    const { name, address, token, key } = await account(undefined, [{ role: 'viewer' }]);
    const before = await Promise.all([address, token].map((each) => owner.get(each)));
    const { new_key: next } = (await recycle(name, key)).body;
    const after = await Promise.all([address, token].map((each) => owner.get(each)));
    expect(after.map(({ body }) => body.uid)).to.deep.equal(before.map(({ body }) => body.uid));
    expect(after[0]?.headers.etag).to.equal(before[0]?.headers.etag);
    expect(await tenant.ask(String(next), 'builds.read')).to.equal(200);
  });

  it('the published call takes name or identifier as the user name, and refuses any other with 401', async () => {
    const { identifier, key } = await account();
    const stranger = await account();
    for (const username of ['someone', '', stranger.name]) {
      expectProblem(await recycle(username, key), 401, 'unauthenticated');
    }
    expect(await works(key)).to.equal(200);
    expect((await recycle(identifier, key)).status).to.equal(200);
  });

  it('the published call takes an empty body and an empty object, under any media type', async () => {
    const { name, key } = await account();
    let current = key;
    for (const [type, body] of [
      ['application/x-www-form-urlencoded', ''],
      ['application/json', '{}'],
      ['text/plain; charset=latin1', ' {} \n'],
      ['application/octet-stream', ''],
    ] as const) {
      const answer = await recycle(name, current, { headers: { 'Content-Type': type }, body });
      expect(answer.status, `${type}: ${answer.text}`).to.equal(200);
      current = String(answer.body.new_key);
    }
  });

  it('the published call ignores nothing: another body, a query or a header that does not apply is refused', async () => {
    const { name, key } = await account();
    const faulty = await recycle(name, key, { body: '{"overlap": "1h"}' });
    expect(pointersOf(expectProblem(faulty, 422, 'invalid'))).to.deep.equal(['/overlap']);
    expectProblem(await recycle(name, key, { body: '[]' }), 422, 'invalid');
    expectProblem(await recycle(name, key, { body: 'key=value' }), 400, 'malformed-json');
    expectProblem(await recycle(name, key, { query: '?dry_run=true' }), 400, 'invalid-query');
    expectProblem(await recycle(name, key, { headers: { 'Accredit-Adopt': 'true' } }), 400, 'invalid-header');
    expectProblem(await recycle(name, key, { headers: { 'If-Match': '*' } }), 400, 'invalid-header');
    expect(await works(key)).to.equal(200);
  });

  describe('retries', () => {
    it('a retry of the published call gets the same answer by the retired key, which opens nothing else', async () => {
      const { name, key } = await account();
      const headers = { 'Idempotency-Key': uniqueName('key') };
      const first = await recycle(name, key, { headers });
      const again = await recycle(name, key, { headers, body: '' });
      expect(again.body).to.deep.equal(first.body);
      expect(again.headers).to.include({ 'idempotency-replayed': 'true', 'accredit-outcome': 'rotated' });
      expect(await works(key)).to.equal(401);
      expectProblem(await recycle(name, key, { headers: { 'Idempotency-Key': 'another' } }), 401, 'unauthenticated');
      const other = await account();
      expect((await recycle(other.name, other.key, { headers })).body.old_key).to.equal(other.key);
      stage().clock.advance(DAY + 1000);
      expectProblem(await recycle(name, key, { headers }), 401, 'unauthenticated');
      expect(await works(String(first.body.new_key))).to.equal(200);
    });

    it('an Idempotency-Key replaces one key: with the one that it made it is another request, 422', async () => {
      const { name, key } = await account();
      const headers = { 'Idempotency-Key': uniqueName('key') };
      const { new_key: next } = (await recycle(name, key, { headers })).body;
      expectProblem(await recycle(name, String(next), { headers }), 422, 'idempotency-key-reused');
      expect(await works(String(next))).to.equal(200);
    });

    it('a retry of the published call is 409 once the new key was replaced in its turn', async () => {
      const { name, key } = await account();
      const headers = { 'Idempotency-Key': uniqueName('key') };
      const { new_key: next } = (await recycle(name, key, { headers })).body;
      await recycle(name, String(next));
      expectProblem(await recycle(name, key, { headers }), 409, 'superseded');
    });

    it('published calls that come at once with one Idempotency-Key make one key', async () => {
      const { name, key } = await account();
      const headers = { 'Idempotency-Key': uniqueName('key') };
      const answers = await Promise.all(Array.from({ length: 8 }, () => recycle(name, key, { headers })));
      const made = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.new_key));
      expect(made.size).to.equal(1);
      for (const { status, body } of answers) if (status !== 200) expect(body.code).to.equal('request-in-progress');
      expect(await works(String([...made][0]))).to.equal(200);
    });

    it('the published call keeps the overlap that a token declares, in which the old key works on', async () => {
      const { name, key } = await account({ profile: 'standard', overlap: '1h' });
      const { old_key: old, new_key: next } = (await recycle(name, key)).body;
      expect(old).to.equal(key);
      expect([await works(key), await works(String(next))]).to.deep.equal([200, 200]);
      stage().clock.advance(HOUR);
      expect([await works(key), await works(String(next))]).to.deep.equal([401, 200]);
    });
  });

  describe('profiles', () => {
    const self = async (name: string, key: string) => (await owner.as(undefined).get('self', basic(name, key))).status;

    it('the published call serves a custom profile whose holder may regenerate', async () => {
      const { name, key } = await account({ profile: 'own' });
      const { status, body } = await recycle(name, key);
      expect([status, await self(name, key), await self(name, String(body.new_key))]).to.deep.equal([200, 401, 200]);
    });

    it('the published call is 409 where nobody may regenerate and 403 where only a manager may', async () => {
      for (const [profile, status, code] of [
        ['fixed', 409, 'rotation-forbidden'],
        ['managed', 403, 'forbidden'],
      ] as const) {
        const { name, key } = await account({ profile });
        expectProblem(await recycle(name, key), status, code);
        expect(await self(name, key)).to.equal(200);
      }
    });

    for (const [profile, byBasic, byBearer] of [
      ['standard', 200, 200],
      ['static', 401, 409],
      ['self-recycling', 200, 200],
      ['revocable', 401, 409],
      ['renewable', 401, 403],
    ] as const) {
      it(`the published call under ${profile} is answered like POST /v1/self/rotate: ${byBasic} by Basic, ${byBearer} by Bearer`, async () => {
        for (const [status, present] of [
          [byBasic, (name: string, key: string) => basic(name, key).headers],
          [byBearer, (_name: string, key: string) => ({ Authorization: `Bearer ${key}` })],
        ] as const) {
          const [one, other] = [await account({ profile }), await account({ profile })];
          const call = await recycle(one.name, one.key, { headers: present(one.name, one.key) });
          const rotated = await owner
            .as(undefined)
            .post('self/rotate', {}, { headers: present(other.name, other.key) });
          expect([call.status, call.body.code]).to.deep.equal([rotated.status, rotated.body.code]);
          expect(call.status).to.equal(status);
        }
      });
    }

    it('the published call is 403 for the token of an app, one for SCIM and an enrolment, which go on working', async () => {
      const { secret: ofApp } = await tenant.app('till', {});
      expectProblem(await recycle('till', ofApp), 403, 'forbidden');
      expect(await tenant.ask(ofApp, undefined, 'apps/till')).to.equal(200);

      const { name, token, key } = await account({ profile: 'standard', purpose: 'scim' });
      expectProblem(await recycle(name, key), 403, 'forbidden');
      expect((await owner.get(token)).body.revision).to.equal(1);

      const user = await tenant.make(`users/${name}`);
      const { secret } = (await owner.post(`${user}/enrolment`, {})).body;
      expectProblem(await recycle(name, String(secret)), 403, 'forbidden');
      expect((await owner.as(String(secret)).put(`${user}/tokens/own`, {})).status).to.equal(201);
    });
  });

  it('the published call is on record under the identifier of the account, done or refused', async () => {
    const { name, token, identifier, key } = await account();
    await recycle(name, key);
    const [rotated] = await owner.events(token);
    expect(rotated).to.include({ action: 'rotate', outcome: 'rotated', actor: identifier, actor_token: token });
    const managed = await account({ profile: 'managed' });
    await recycle(managed.name, managed.key);
    const [refused] = await owner.events(managed.token);
    expect(refused).to.include({ action: 'rotate', outcome: 'refused', actor: managed.identifier });
  });

  it('the published call leaves no key in the log or the audit events, old, new or wrong', async () => {
    const { name, key } = await account();
    const headers = { 'Idempotency-Key': uniqueName('key') };
    const { new_key: next } = (await recycle(name, key, { headers })).body;
    await recycle(name, key, { headers });
    await recycle(name, key);
    await recycle(name, String(next), { body: `{"${next}": 1}` });
    const written = [...stage().daemon.log, JSON.stringify(await owner.all(tenant.at('audit-events')))].join();
    expect(written).to.include(PATH).and.not.match(SECRET);
    for (const secret of [key, String(next)]) {
      const header = String(basic(name, secret).headers?.Authorization);
      expect(written).to.not.include(secret.slice(7)).and.not.include(header.slice('Basic '.length));
    }
  });

  it('the published call takes no other method, and is described where it is served', async () => {
    const answer = await owner.send('POST', PATH, '{}');
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.allow).to.equal('PUT');
    const { paths } = (await owner.send('GET', '/openapi.json')).body;
    expect(paths).to.have.property(PATH);
  });
});
