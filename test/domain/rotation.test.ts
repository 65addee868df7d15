import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { DAY, type Fixture, HOUR, openFixture, refused, secretOf } from '../support/service.ts';

const ACCOUNT = 'organizations/default/accounts/ci';
const TOKEN = `${ACCOUNT}/tokens/deploy`;

describe('rotation in place', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT);
  });
  afterEach(() => f.close());

  it('mints a new secret under the same uid and ends the old one at once without an overlap', async () => {
    const first = await f.put(TOKEN, { rotation: 'a' });
    const second = await f.put(TOKEN, { rotation: 'b' });
    expect(second.outcome).to.equal('rotated');
    expect(second.resource?.uid).to.equal(first.resource?.uid);
    expect(secretOf(second)).not.to.equal(secretOf(first));
    expect(await f.decision(secretOf(first))).to.equal('unauthenticated');
    expect(await f.decision(secretOf(second))).to.equal('allowed');
  });

  it('never rotates for a marker that is left out or null', async () => {
    const first = await f.put(TOKEN, { rotation: 'a' });
    const bodies: JsonObject[] = [{}, { rotation: null }, { rotation: 'a' }];
    for (const body of bodies) {
      const again = await f.put(TOKEN, body);
      expect(again.outcome).to.equal('unchanged');
      expect(again.resource?.rotation).to.equal('a');
      expect(again.etag).to.equal(first.etag);
    }
    expect(await f.decision(secretOf(first))).to.equal('allowed');
  });

  it('keeps the previous secret until the overlap of that moment ends, whatever the overlap becomes', async () => {
    const first = secretOf(await f.put(TOKEN, { rotation: 'a', overlap: '0s' }));
    const second = secretOf(await f.put(TOKEN, { rotation: 'b', overlap: '2h' }));
    await f.put(TOKEN, { rotation: 'b', overlap: '30d' });
    f.clock.advance(2 * HOUR - 1);
    expect(await f.decision(first)).to.equal('allowed');
    f.clock.advance(1);
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect(await f.decision(second)).to.equal('allowed');
  });

  it('leaves at most two secrets alive', async () => {
    const secrets: string[] = [];
    for (const rotation of ['a', 'b', 'c', 'd']) {
      secrets.push(secretOf(await f.put(TOKEN, { rotation, overlap: '1d' })));
    }
    const alive = await Promise.all(secrets.map((secret) => f.decision(secret)));
    expect(alive).to.deep.equal(['unauthenticated', 'unauthenticated', 'allowed', 'allowed']);
  });

  it('never prolongs the previous secret past its own end', async () => {
    const first = secretOf(await f.put(TOKEN, { rotation: 'a', expires_in: '1h', overlap: '10d' }));
    f.clock.advance(HOUR / 2);
    const second = secretOf(await f.put(TOKEN, { rotation: 'b', expires_in: '1h', overlap: '10d' }));
    f.clock.advance(HOUR / 2 - 1);
    expect(await f.decision(first)).to.equal('allowed');
    f.clock.advance(1);
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect(await f.decision(second)).to.equal('allowed');
  });

  it('revives nothing: the secret of a revoked token does not outlive a rotation', async () => {
    const first = secretOf(await f.put(TOKEN, { rotation: 'a', overlap: '1d', state: 'revoked' }));
    const second = secretOf(await f.put(TOKEN, { rotation: 'b', overlap: '1d', state: 'active' }));
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect(await f.decision(second)).to.equal('allowed');
  });

  it('ends the previous secret at the first use of the new one, where asked', async () => {
    const body = { overlap: '1d', retire_previous: 'on_first_use' };
    const first = secretOf(await f.put(TOKEN, { ...body, rotation: 'a' }));
    const second = secretOf(await f.put(TOKEN, { ...body, rotation: 'b' }));
    expect(await f.decision(first), 'before the first use').to.equal('allowed');
    expect(await f.decision(second)).to.equal('allowed');
    expect(await f.decision(first), 'after the first use').to.equal('unauthenticated');
    const { resource } = await f.service.get({ caller: f.as(f.root), address: TOKEN });
    expect(resource.previous).to.equal(null);
  });

  it('restarts an expires_in, and an identical PUT later moves nothing', async () => {
    const first = await f.put(TOKEN, { expires_in: '10d' });
    f.clock.advance(DAY);
    expect((await f.put(TOKEN, { expires_in: '10d' })).resource?.valid_until).to.equal(first.resource?.valid_until);
    const rotated = await f.put(TOKEN, { expires_in: '10d', rotation: 'x' });
    expect(rotated.resource?.valid_until).to.equal('2030-01-12T00:00:00Z');
  });

  it('by hand keeps the declared marker, so the next declared PUT does not rotate again', async () => {
    const first = secretOf(await f.put(TOKEN, { rotation: 'a' }));
    const rotated = await f.service.rotate({ caller: f.as(f.root), address: TOKEN, body: null });
    expect(await f.decision(first)).to.equal('unauthenticated');
    expect((await f.put(TOKEN, { rotation: 'a' })).outcome).to.equal('unchanged');
    expect(await f.decision(secretOf(rotated))).to.equal('allowed');
  });

  it('by hand goes ahead only from the rotated_at that the caller has seen', async () => {
    const first = await f.put(TOKEN);
    const seen = first.resource?.rotated_at as string;
    f.clock.advance(HOUR);
    const rotate = () => f.service.rotate({ caller: f.as(f.root), address: TOKEN, body: { if_rotated_at: seen } });
    expect((await rotate()).outcome).to.equal('rotated');
    await refused(rotate(), 'rotation-conflict');
  });

  it('with client-made secrets never shows one, and rotates for another hash only', async () => {
    const [mine, next] = [mintToken('sa'), mintToken('sa')];
    const hash = (token: string) => ({ secret_hash: `sha256:${tokenHash(token)}` });
    const created = await f.put(TOKEN, hash(mine));
    expect(created.outcome).to.equal('created');
    expect(created.resource).not.to.have.property('secret');
    expect(created.resource).not.to.have.property('secret_hash');
    expect(await f.decision(mine)).to.equal('allowed');
    expect((await f.put(TOKEN, hash(mine))).outcome).to.equal('unchanged');
    expect((await f.put(TOKEN, {})).outcome).to.equal('unchanged');
    expect((await f.put(TOKEN, hash(next))).outcome).to.equal('rotated');
    expect(await f.decision(mine)).to.equal('unauthenticated');
    expect(await f.decision(next)).to.equal('allowed');
  });

  it('with a client-made secret of another kind of token makes one that nothing accepts', async () => {
    const mine = mintToken('app');
    await f.put(TOKEN, { secret_hash: `sha256:${tokenHash(mine)}` });
    expect(await f.decision(mine)).to.equal('unauthenticated');
  });

  it('refuses a hash that was ever a secret, here or elsewhere, without saying whose', async () => {
    const mine = mintToken('sa');
    const body = { secret_hash: `sha256:${tokenHash(mine)}` };
    await f.put(TOKEN, body);
    const elsewhere = await refused(f.put(`${ACCOUNT}/tokens/other`, body), 'secret-in-use');
    expect(elsewhere.message).not.to.include('deploy');
    await f.put(TOKEN, { rotation: 'new' });
    await refused(f.put(TOKEN, body), 'secret-in-use');
    await f.delete(TOKEN);
    await refused(f.put(TOKEN, body), 'secret-in-use');
    expect(await f.decision(mine)).to.equal('unauthenticated');
  });

  it('refuses a changed marker or claim that comes with the present hash', async () => {
    const body = { secret_hash: `sha256:${tokenHash(mintToken('sa'))}` };
    await f.put(TOKEN, { ...body, rotation: 'a' }, { claim: 'one' });
    const marker = await refused(f.put(TOKEN, { ...body, rotation: 'b' }, { claim: 'one' }), 'invalid');
    expect(marker.errors.map((error) => error.pointer)).to.deep.equal(['/secret_hash']);
    await refused(f.put(TOKEN, { ...body, rotation: 'a' }, { claim: 'two' }), 'invalid');
  });
});
