import { expect } from 'chai';
import type { Answer } from '../../daemon/domain/api.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { fakeClock, startTestDaemon } from '../support/daemon.ts';
import { DAY, type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const ACCOUNT = `${ORGANIZATION}/accounts/ci`;
const TOKEN = `${ACCOUNT}/tokens/deploy`;

const policy = (mode: string, duration = '30d') => ({ settings: { max_token_lifetime: { duration, mode } } });

/** Everything that sets the end of a token, for one that was made for ever before there was a policy. */
const MOMENTS: Readonly<Record<string, (f: Fixture, token: string, secret: string) => Promise<Answer>>> = {
  'a creation': (f) => f.put(`${ACCOUNT}/tokens/new`),
  'a creation with a longer lifetime': (f) => f.put(`${ACCOUNT}/tokens/new`, { expires_in: '31d' }),
  'a rotation by marker': (f, token) => f.put(token, { rotation: 'b' }),
  'a takeover by another claim': (f, token) => f.put(token, { rotation: 'a' }, { claim: 'two' }),
  'a change of expiry': (f, token) => f.put(token, { rotation: 'a', expires_in: '60d' }),
  'a change to another time': (f, token) => f.put(token, { rotation: 'a', expires_at: '2031-01-01T00:00:00Z' }),
  'a rotation by hand': (f, token) => f.service.rotate({ caller: f.as(f.root), address: token, body: null }),
  'a rotation by its holder': (f, _token, secret) => f.service.rotateSelf({ caller: f.as(secret), body: null }),
};

describe("the organization's longest lifetime of tokens", () => {
  let f: Fixture;
  let secret: string;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
    secret = secretOf(await f.put(TOKEN, { rotation: 'a' }, { claim: 'one' }));
  });
  afterEach(() => f.close());

  const stored = async (address = TOKEN) => (await f.service.get({ caller: f.as(f.root), address })).resource;

  for (const [moment, act] of Object.entries(MOMENTS)) {
    it(`in the mode "block" refuses ${moment}, and names the expiry`, async () => {
      await f.put(ORGANIZATION, policy('block'));
      const { errors, message } = await refused(act(f, TOKEN, secret), 'invalid');
      expect(errors.map(({ pointer }) => pointer)).to.deep.equal([
        moment === 'a change to another time' ? '/expires_at' : '/expires_in',
      ]);
      expect(message).to.include('30d');
      expect(await f.decision(secret)).to.equal('allowed');
    });

    it(`in the mode "warn" lets through ${moment}, with a warning that names the token`, async () => {
      await f.put(ORGANIZATION, policy('warn'));
      const { warnings, resource } = await act(f, TOKEN, secret);
      expect(warnings).to.have.length(1);
      expect(warnings?.[0]).to.include(`${resource?.address}: `).and.to.include('30d');
    });
  }

  it('is no longer than what it names, counted from that moment', async () => {
    await f.put(ORGANIZATION, policy('block'));
    const create = (name: string, body: JsonObject) => f.put(`${ACCOUNT}/tokens/${name}`, body);
    expect((await create('days', { expires_in: '30d' })).warnings).to.equal(undefined);
    await refused(create('seconds', { expires_in: '2592001s' }), 'invalid');
    await create('time', { expires_at: '2030-01-31T00:00:00Z' });
    await refused(create('later', { expires_at: '2030-01-31T00:00:01Z' }), 'invalid');
    f.clock.advance(10 * DAY);
    await create('later', { expires_at: '2030-02-10T00:00:00Z' });
    expect((await create('days', { expires_in: '30d', rotation: 'b' })).outcome).to.equal('rotated');
  });

  for (const mode of ['block', 'warn']) {
    it(`in the mode "${mode}" says nothing about what leaves the expiry and the secret alone, and shortens nothing`, async () => {
      await f.put(`${ACCOUNT}/tokens/year`, { expires_in: '365d' });
      const before = [await stored(), await stored(`${ACCOUNT}/tokens/year`)];
      await f.put(ORGANIZATION, policy(mode));
      expect([await stored(), await stored(`${ACCOUNT}/tokens/year`)]).to.deep.equal(before);
      const same: JsonObject[] = [{ rotation: 'a' }, { rotation: null }, {}];
      for (const body of same) {
        const again = await f.put(TOKEN, body);
        expect(again.outcome).to.equal('unchanged');
        expect(again.warnings).to.equal(undefined);
      }
      const changes: JsonObject[] = [
        { display_name: 'x' },
        { overlap: '1h' },
        { permissions: ['a.b'] },
        { state: 'revoked' },
        { state: 'active' },
      ];
      for (const body of changes) {
        const changed = await f.put(TOKEN, body);
        expect(changed.outcome, JSON.stringify(body)).to.equal('updated');
        expect(changed.warnings).to.equal(undefined);
      }
      expect((await stored()).valid_until).to.equal(null);
      f.clock.advance(300 * DAY);
      expect(await f.decision(secret)).to.equal('allowed');
      expect((await f.put(`${ACCOUNT}/tokens/year`, { expires_in: '365d' })).outcome).to.equal('unchanged');
    });
  }

  it('is met by bringing an expiry within it, in place', async () => {
    await f.put(ORGANIZATION, policy('block'));
    const shorter = await f.put(TOKEN, { expires_in: '30d' });
    expect(shorter.outcome).to.equal('updated');
    expect(shorter.resource?.valid_until).to.equal('2030-01-31T00:00:00Z');
  });

  it('holds for the tokens of apps and of people, and in its own organization only', async () => {
    await f.put(ORGANIZATION, policy('block'));
    await f.put(`${ORGANIZATION}/apps/till`);
    await refused(f.put(`${ORGANIZATION}/apps/till/tokens/t`), 'invalid');
    await f.put(`${ORGANIZATION}/users/ann`);
    const enrolment = await f.service.enrol({ caller: f.as(f.root), address: `${ORGANIZATION}/users/ann`, body: null });
    const caller = f.as(secretOf(enrolment));
    await refused(f.put(`${ORGANIZATION}/users/ann/tokens/t`, {}, { caller }), 'invalid');
    expect((await f.put(`${ORGANIZATION}/users/ann/tokens/t`, { expires_in: '1d' }, { caller })).outcome).to.equal(
      'created',
    );
    await f.put('organizations/acme');
    await f.put('organizations/acme/accounts/ci');
    expect((await f.put('organizations/acme/accounts/ci/tokens/t')).outcome).to.equal('created');
  });

  it('warns in a dry run as well, and in the replay of a lost answer', async () => {
    await f.put(ORGANIZATION, policy('warn'));
    const dry = await f.put(TOKEN, { rotation: 'b' }, { dryRun: true });
    expect(dry.plan?.warnings).to.have.length(1);
    const first = await f.put(TOKEN, { rotation: 'b' }, { idempotencyKey: 'k' });
    expect(first.warnings).to.deep.equal(dry.plan?.warnings);
    expect(await f.put(TOKEN, { rotation: 'b' }, { idempotencyKey: 'k' })).to.deep.equal({ ...first, replayed: true });
    const within = await f.put(TOKEN, { rotation: 'c', expires_in: '1d' }, { dryRun: true });
    expect(within.plan?.warnings).to.deep.equal([]);
  });

  it('has its violators listed: what lives on and longer, and nothing that is over', async () => {
    const make = (name: string, body: JsonObject) => f.put(`${ACCOUNT}/tokens/${name}`, body);
    await make('day', { expires_in: '1d' });
    await make('month', { expires_in: '30d' });
    await make('quarter', { expires_in: '90d' });
    await make('revoked', { state: 'revoked' });
    await make('latched', {});
    await f.service.revoke({ caller: f.as(f.root), address: `${ACCOUNT}/tokens/latched`, body: { reason: 'other' } });
    const listed = async (value: string) => {
      const filters = { exceeds_max_lifetime: value };
      const kinds = ['service_account_token'];
      const page = await f.service.list({ caller: f.as(f.root), kinds, parent: ACCOUNT, limit: 100, filters });
      return page.items.map((item) => item.name);
    };
    expect(await listed('true'), 'without a policy').to.deep.equal([]);
    for (const mode of ['block', 'warn']) {
      await f.put(ORGANIZATION, policy(mode));
      expect(await listed('true')).to.deep.equal(['deploy', 'quarter']);
      expect(await listed('false')).to.deep.equal(['day', 'latched', 'month', 'revoked']);
    }
    f.clock.advance(90 * DAY);
    expect(await listed('true')).to.deep.equal(['deploy']);
    const filters = { exceeds_max_lifetime: 'true' };
    const count = await f.service.count({ caller: f.as(f.root), organization: ORGANIZATION, filters });
    expect(count.total, 'with the first owner token').to.equal(2);
  });
});

describe('a warning over HTTP', () => {
  it('stands in the header Accredit-Warning of what it is about, and in the body of a dry run', async () => {
    const daemon = await startTestDaemon({ clock: fakeClock() });
    try {
      const { request } = daemon;
      await request.put(`/v1/${ACCOUNT}`).send({}).expect(201);
      await request.put(`/v1/${TOKEN}`).send({}).expect(201);
      await request.put(`/v1/${ORGANIZATION}`).send(policy('warn')).expect(200);
      const warning = `${TOKEN}: expires_in without an end it would live longer than the organization allows, 30d`;
      const dry = await request.put(`/v1/${TOKEN}?dry_run=true`).send({ rotation: 'b' }).expect(200);
      expect(dry.body.warnings).to.deep.equal([warning]);
      const rotated = await request.put(`/v1/${TOKEN}`).send({ rotation: 'b' }).expect(200);
      expect(rotated.headers['accredit-warning']).to.equal(warning);
      const byHand = await request.post(`/v1/${TOKEN}/rotation`).expect(200);
      expect(byHand.headers['accredit-warning']).to.equal(warning);
      const same = await request.put(`/v1/${TOKEN}`).send({ rotation: 'b' }).expect(200);
      expect(same.headers).not.to.have.property('accredit-warning');
    } finally {
      await daemon.close();
    }
  });
});
