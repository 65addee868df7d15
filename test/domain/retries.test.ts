import { expect } from 'chai';
import { DAY, type Fixture, HOUR, openFixture, refused, secretOf } from '../support/service.ts';

const ACCOUNT = 'organizations/default/accounts/ci';
const TOKEN = `${ACCOUNT}/tokens/deploy`;

describe('retries with an Idempotency-Key', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  const key = { idempotencyKey: 'k-1' };
  const events = async () =>
    (await f.service.audit({ caller: f.as(f.root), organization: 'default', limit: 100, address: TOKEN })).items;

  it('give the same secret, one effect and one audit event', async () => {
    const first = await f.put(TOKEN, {}, key);
    const again = await f.put(TOKEN, {}, key);
    expect(again).to.deep.equal({ ...first, replayed: true });
    expect(await events()).to.have.length(1);
    expect(await f.decision(secretOf(again))).to.equal('allowed');
  });

  it('refuse another body or other contract headers under the same key', async () => {
    await f.put(TOKEN, {}, key);
    await refused(f.put(TOKEN, { display_name: 'x' }, key), 'idempotency-key-reused');
    await refused(f.put(TOKEN, {}, { ...key, claim: 'c' }), 'idempotency-key-reused');
    await refused(f.put(TOKEN, {}, { ...key, manager: 'm' }), 'idempotency-key-reused');
  });

  it('give nothing of it to another caller with the same key', async () => {
    const admin = await f.account('admin', ['admin']);
    const first = secretOf(await f.put(TOKEN, {}, key));
    const other = await f.put(TOKEN, {}, { ...key, caller: f.as(admin) });
    expect(other.outcome).to.equal('unchanged');
    expect(JSON.stringify(other)).not.to.include(first);
  });

  it('give a narrow token of the same account no secret that it could not have made', async () => {
    const narrow = { permissions: ['tokens.read', 'tokens.write'] };
    const token = secretOf(await f.put('organizations/default/accounts/root/tokens/narrow', narrow));
    await f.put(ACCOUNT, { grants: [{ role: 'admin' }] });
    await f.put(TOKEN, {}, key);
    await refused(f.put(TOKEN, {}, { ...key, caller: f.as(token) }), 'forbidden');
  });

  it('refuse to repeat a secret that no longer works', async () => {
    await f.put(TOKEN, {}, key);
    await f.put(TOKEN, { rotation: 'x' });
    await refused(f.put(TOKEN, {}, key), 'superseded');
  });

  it('lose no secret that cannot be used yet: of a disabled account, or made in the state revoked', async () => {
    await f.put(ACCOUNT, { disabled: true });
    const first = secretOf(await f.put(TOKEN, {}, key));
    expect(secretOf(await f.put(TOKEN, {}, key))).to.equal(first);
    const other = `${ACCOUNT}/tokens/other`;
    const stopped = secretOf(await f.put(other, { state: 'revoked' }, key));
    expect(secretOf(await f.put(other, { state: 'revoked' }, key))).to.equal(stopped);
    await f.put(TOKEN, { state: 'revoked' });
    await refused(f.put(TOKEN, {}, key), 'superseded');
  });

  it('refuse to repeat a secret that was revoked in an emergency', async () => {
    await f.put(TOKEN, {}, key);
    await f.service.revoke({ caller: f.as(f.root), address: TOKEN, body: { reason: 'compromised' } });
    await refused(f.put(TOKEN, {}, key), 'superseded');
  });

  it('give nothing to another account under the name of the first', async () => {
    const first = await f.account('robot', ['admin']);
    await f.put(TOKEN, {}, { ...key, caller: f.as(first) });
    await f.delete('organizations/default/accounts/robot');
    const second = await f.account('robot', ['admin']);
    expect((await f.put(TOKEN, {}, { ...key, caller: f.as(second) })).outcome).to.equal('unchanged');
  });

  it('end after 24 hours', async () => {
    await f.put(TOKEN, {}, key);
    f.clock.advance(DAY - 1);
    expect((await f.put(TOKEN, {}, key)).replayed).to.equal(true);
    f.clock.advance(1);
    expect((await f.put(TOKEN, {}, key)).outcome).to.equal('unchanged');
  });

  it('record nothing for a dry run or for what changed nothing', async () => {
    await f.put(TOKEN, {}, { ...key, dryRun: true });
    expect((await f.put(TOKEN, {}, key)).outcome).to.equal('created');
    await f.put(TOKEN, {}, { idempotencyKey: 'k-2' });
    expect((await f.put(TOKEN, { display_name: 'x' }, { idempotencyKey: 'k-2' })).outcome).to.equal('updated');
  });

  it('let the holder of a token who lost the answer of its own rotation have it again, and nothing else', async () => {
    const first = secretOf(await f.put(TOKEN));
    const rotate = (token: string, idempotencyKey: string) =>
      f.service.rotateSelf({ caller: f.as(token), body: null, idempotencyKey });
    const second = secretOf(await rotate(first, 'r-1'));
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect(secretOf(await rotate(first, 'r-1'))).to.equal(second);
    await refused(rotate(first, 'r-2'), 'unauthenticated');
    await refused(f.service.authenticate(f.as(first)), 'unauthenticated');
    await f.put(TOKEN, { allowed_cidrs: ['127.0.0.0/8'] });
    const elsewhere = { caller: f.as(first, '10.0.0.1'), body: null, idempotencyKey: 'r-1' };
    await refused(f.service.rotateSelf(elsewhere), 'unauthenticated');
    f.clock.advance(HOUR);
    secretOf(await rotate(second, 'r-3'));
    await refused(rotate(first, 'r-3'), 'unauthenticated');
    await refused(rotate(first, 'r-1'), 'superseded');
  });
});

describe('a dry run', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  it('says what would happen and what it would cut off, and changes nothing', async () => {
    const secret = secretOf(await f.put(TOKEN, { rotation: 'a' }));
    await f.decision(secret);
    f.clock.advance(2 * 60_000);
    const plan = await f.put(TOKEN, { rotation: 'b', display_name: 'x' }, { dryRun: true });
    expect(plan.outcome).to.equal('rotated');
    expect(plan.plan?.changed).to.have.members(['/rotation', '/display_name', '/secret']);
    expect(plan.plan?.cuts_off).to.deep.equal([`${TOKEN}: the secret, last used 2 minutes ago, stops working at once`]);
    expect(plan.resource).not.to.have.property('secret');
    expect(await f.decision(secret)).to.equal('allowed');
    const gone = await f.delete(ACCOUNT, { dryRun: true });
    expect(gone.plan?.cuts_off).to.have.length(1);
    const softly = await f.put(TOKEN, { rotation: 'b', overlap: '1h' }, { dryRun: true });
    expect(softly.plan?.cuts_off[0]).to.include('stops working at 2030-01-01T01:02:00Z');
    const { resource } = await f.service.get({ caller: f.as(f.root), address: TOKEN });
    expect(resource).to.include({ rotation: 'a', revision: 1, display_name: null });
  });
});

describe('managers', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const terraform = { manager: 'terraform' };
  const manifest = { manager: 'manifest/ops' };

  it('own what they declare: another, or nobody, needs to adopt it, even without a change', async () => {
    await f.put(ACCOUNT, {}, terraform);
    await refused(f.put(ACCOUNT, {}, manifest), 'managed-by-another');
    await refused(f.put(ACCOUNT, {}), 'managed-by-another');
    await refused(f.delete(ACCOUNT, manifest), 'managed-by-another');
    expect((await f.put(ACCOUNT, {}, terraform)).outcome).to.equal('unchanged');
    const nameless = await f.put(ACCOUNT, { display_name: 'x' }, { adopt: true });
    expect(nameless.resource?.managed_by, 'a nameless client has no name to put there').to.equal('terraform');
    const adopted = await f.put(ACCOUNT, { display_name: 'x' }, { ...manifest, adopt: true });
    expect(adopted.outcome).to.equal('updated');
    expect(adopted.resource?.managed_by).to.equal('manifest/ops');
    await refused(f.put(ACCOUNT, {}, terraform), 'managed-by-another');
  });

  it('adopt what nobody manages only when they say so', async () => {
    await f.put(ACCOUNT);
    await refused(f.put(ACCOUNT, {}, terraform), 'managed-by-another');
    expect((await f.put(ACCOUNT, {}, { ...terraform, adopt: true })).resource?.managed_by).to.equal('terraform');
  });
});
