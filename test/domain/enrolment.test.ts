import { expect } from 'chai';
import type { Caller } from '../../daemon/domain/api.ts';
import type { Problem } from '../../daemon/domain/problem.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Fixture, HOUR, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const ANN = `${ORGANIZATION}/users/ann`;
const LAPTOP = `${ANN}/tokens/laptop`;

describe('an enrolment', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ANN, { grants: [{ role: 'developer' }] });
  });
  afterEach(() => f.close());

  const enrol = (body: JsonObject | null = null, by = f.root, address = ANN) =>
    f.service.enrol({ caller: f.as(by), address, body });
  const enrolled = async (body: JsonObject | null = null) => secretOf(await enrol(body));
  const make = (secret: string, body: JsonObject = {}, address = LAPTOP, idempotencyKey?: string) =>
    f.put(address, body, { caller: f.as(secret), idempotencyKey });

  it('opens the creation of a token of that user, once', async () => {
    const secret = await enrolled();
    const token = secretOf(await make(secret));
    expect(await f.decision(token, { permission: 'builds.write' })).to.equal('allowed');
    await refused(make(secret), 'unauthenticated');
    await refused(make(secret, {}, `${ANN}/tokens/phone`), 'unauthenticated');
    expect(await f.decision(token)).to.equal('allowed');
  });

  it('opens nothing else', async () => {
    await f.put(`${ORGANIZATION}/users/ben`);
    const reason = { reason: 'other' };
    const attempts: Readonly<Record<string, (caller: Caller) => Promise<unknown>>> = {
      'read the user': (caller) => f.service.get({ caller, address: ANN }),
      'read its token': (caller) => f.service.get({ caller, address: LAPTOP }),
      'list its tokens': (caller) =>
        f.service.list({ caller, kinds: ['personal_access_token'], parent: ANN, limit: 10 }),
      'count tokens': (caller) => f.service.count({ caller, organization: ORGANIZATION }),
      'read the audit log': (caller) => f.service.audit({ caller, organization: 'default', limit: 1 }),
      'write the user': (caller) => f.put(ANN, {}, { caller }),
      'delete the user': (caller) => f.delete(ANN, { caller }),
      'delete its token': (caller) => f.delete(LAPTOP, { caller }),
      'make an account': (caller) => f.put(`${ORGANIZATION}/accounts/x`, {}, { caller }),
      "make another user's token": (caller) => f.put(`${ORGANIZATION}/users/ben/tokens/x`, {}, { caller }),
      'enrol again': (caller) => enrol(null, caller.credential.token),
      'enrol another user': (caller) => enrol(null, caller.credential.token, `${ORGANIZATION}/users/ben`),
      'rotate its token': (caller) => f.service.rotate({ caller, address: LAPTOP, body: null }),
      'rotate itself': (caller) => f.service.rotateSelf({ caller, body: null }),
      'revoke its token': (caller) => f.service.revoke({ caller, address: LAPTOP, body: reason }),
      'restore its token': (caller) => f.service.restore({ caller, address: LAPTOP }),
      'say who it is': (caller) => f.service.authenticate(caller),
      introspect: (caller) => f.service.introspect(caller, { credential: caller.credential, ip: null }),
    };
    const used = await enrolled();
    const first = secretOf(await make(used));
    const waiting = await enrolled();
    for (const [secret, code] of [
      [used, 'unauthenticated'],
      [waiting, 'forbidden'],
    ] as const) {
      for (const [what, attempt] of Object.entries(attempts)) {
        const error = await attempt(f.as(secret)).catch((thrown: Problem) => thrown);
        expect((error as Problem).code, what).to.equal(code);
      }
    }
    expect(await f.decision(waiting), 'for a service that asks it is no token').to.equal('unauthenticated');
    const question = { credential: { scheme: 'bearer', token: waiting } as const, ip: null };
    expect(await f.service.introspect(f.as(f.root), question)).to.deep.equal({ active: false });
    expect(await f.decision(first)).to.equal('allowed');
    expect((await make(waiting, {}, `${ANN}/tokens/phone`)).outcome, 'nothing of that used it up').to.equal('created');
  });

  it('lasts 24 hours at most, and ends to the millisecond', async () => {
    const longer = await refused(enrol({ expires_in: '25h' }), 'invalid');
    expect(longer.errors[0]?.pointer).to.equal('/expires_in');
    const day = await enrolled();
    f.clock.advance(24 * HOUR - 1);
    expect((await make(day)).outcome).to.equal('created');
    const hour = await enrol({ expires_in: '1h' });
    expect(hour.resource).to.include({ user: ANN, valid_until: '2030-01-02T00:59:59.999Z' });
    f.clock.advance(HOUR);
    await refused(make(secretOf(hour), { rotation: 'b' }), 'unauthenticated');
  });

  it('is replaced by a later one', async () => {
    const [first, second] = [await enrolled(), await enrolled()];
    await refused(make(first), 'unauthenticated');
    expect((await make(second)).outcome).to.equal('created');
  });

  it('is dead while the user is not active, and with the user', async () => {
    const secret = await enrolled();
    await f.put(ANN, { active: false });
    await refused(make(secret), 'unauthenticated');
    await f.put(ANN, { active: true });
    expect((await make(secret)).outcome).to.equal('created');
    const next = await enrolled();
    await f.delete(ANN);
    await refused(make(next), 'unauthenticated');
    await f.put(ANN);
    await refused(make(next), 'unauthenticated');
  });

  it('is not used up by a PUT that is refused, that changes nothing, or that only shows what it would do', async () => {
    const secret = await enrolled();
    await refused(make(secret, { expires_in: '0s' }), 'invalid');
    await refused(make(secret, { profile: 'none' }), 'invalid');
    const dry = await f.put(LAPTOP, {}, { caller: f.as(secret), dryRun: true });
    expect(dry.outcome).to.equal('created');
    await make(secret);
    const next = await enrolled();
    expect((await make(next)).outcome).to.equal('unchanged');
    expect((await make(next, { rotation: 'b' })).outcome).to.equal('rotated');
    await refused(make(next, { rotation: 'c' }), 'unauthenticated');
  });

  it('lets a lost answer be had again with the same Idempotency-Key and the very same enrolment, and opens nothing else', async () => {
    const secret = await enrolled();
    const first = await make(secret, {}, LAPTOP, 'k');
    expect(await make(secret, {}, LAPTOP, 'k')).to.deep.equal({ ...first, replayed: true });
    await refused(make(secret, {}, LAPTOP, 'other'), 'unauthenticated');
    await refused(make(secret), 'unauthenticated');
    await refused(make(secret, {}, `${ANN}/tokens/phone`, 'k'), 'unauthenticated');
    await refused(make(secret, { display_name: 'x' }, LAPTOP, 'k'), 'idempotency-key-reused');
    await refused(f.service.get({ caller: f.as(secret), address: LAPTOP }), 'unauthenticated');
    const again = await enrolled();
    const other = await make(again, {}, LAPTOP, 'k');
    expect(other.outcome, 'another enrolment is another caller').to.equal('unchanged');
    expect(JSON.stringify(other)).not.to.include(secretOf(first));
    const replaced = await enrolled();
    await refused(make(again, {}, LAPTOP, 'k'), 'unauthenticated');
    const rotated = await make(replaced, { rotation: 'b' });
    await refused(make(secret, {}, LAPTOP, 'k'), 'superseded');
    expect(await f.decision(secretOf(first))).to.equal('unauthenticated');
    expect(await f.decision(secretOf(rotated))).to.equal('allowed');
  });

  it('gives its replay no longer than 24 hours, and not to a user who is no longer there', async () => {
    const secret = await enrolled();
    await make(secret, {}, LAPTOP, 'k');
    f.clock.advance(24 * HOUR);
    await refused(make(secret, {}, LAPTOP, 'k'), 'unauthenticated');
    const next = await enrolled();
    await make(next, { rotation: 'b' }, LAPTOP, 'k');
    await f.delete(ANN);
    await f.put(ANN);
    await refused(make(next, { rotation: 'b' }, LAPTOP, 'k'), 'unauthenticated');
  });

  it('is itself had again with the same Idempotency-Key, while it waits to be used', async () => {
    const options = { caller: f.as(f.root), address: ANN, body: null, idempotencyKey: 'k' };
    const first = await f.service.enrol(options);
    expect(secretOf(await f.service.enrol(options))).to.equal(secretOf(first));
    await make(secretOf(first));
    await refused(f.service.enrol(options), 'superseded');
  });

  it('is made by somebody who may, and who holds every right of the user', async () => {
    const viewer = await f.account('viewer', ['viewer']);
    await refused(enrol(null, viewer), 'forbidden');
    await f.put(`${ORGANIZATION}/roles/host`, { permissions: ['users.enrol', '*.read'] });
    const host = await f.account('host', ['host']);
    await refused(enrol(null, host), 'forbidden');
    await f.put(ANN, { grants: [{ role: 'viewer' }] });
    expect((await enrol(null, host)).outcome).to.equal('created');
    await f.put(ANN, { grants: [{ role: 'owner' }] });
    const admin = await f.account('admin', ['admin']);
    await refused(enrol(null, admin), 'forbidden');
    expect((await enrol()).outcome).to.equal('created');
  });

  it('is for users that are there', async () => {
    await refused(enrol(null, f.root, `${ORGANIZATION}/users/none`), 'not-found');
    await refused(enrol(null, f.root, `${ORGANIZATION}/accounts/root`), 'not-found');
  });

  it('lets a user without any permission in, also under a profile of the organization', async () => {
    await f.put(`${ORGANIZATION}/token-profiles/laptops`, { expiry: 'required', max_lifetime: '30d' });
    await f.put(ANN);
    const made = await make(await enrolled(), { profile: 'laptops', expires_in: '30d' });
    expect(made.resource).to.include({ profile: 'laptops', status: 'active' });
  });

  it('is shown once: no answer, list or audit event holds it', async () => {
    const answer = await enrol();
    const secret = secretOf(answer);
    const caller = f.as(f.root);
    const seen = JSON.stringify([
      await f.service.get({ caller, address: ANN, view: 'full' }),
      await f.service.list({ caller, kinds: ['user'], parent: ORGANIZATION, limit: 10, view: 'full' }),
      await f.service.audit({ caller, organization: 'default', limit: 10 }),
      await f.put(ANN, { grants: [{ role: 'developer' }] }),
    ]);
    expect(seen).not.to.include(secret);
    expect(seen).to.include('"action":"enrol"');
    expect((await make(secret)).outcome, 'a PUT of the user leaves it as it is').to.equal('created');
  });
});
