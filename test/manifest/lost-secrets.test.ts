/** Secrets that a manifest brought by their hash and nobody has confirmed: when they are due, and when they are in nobody's way. */
import { expect } from 'chai';
import type { Answer, ManifestRequest } from '../../daemon/domain/api.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { DAY, type Fixture, openFixture, refused, START } from '../support/service.ts';

const D = 'organizations/default';
const SHOP = `${D}/manifests/shop`;
const TOKEN = `${D}/accounts/ci/tokens/deploy`;

interface Made {
  readonly secret: string;
  readonly body: JsonObject;
}

function made(token: JsonObject = {}): Made {
  const secret = mintToken('sa');
  return { secret, body: { ...token, secret_hash: `sha256:${tokenHash(secret)}` } };
}

function tree(token: JsonObject, others: JsonObject = {}): JsonObject {
  return { accounts: { ci: { tokens: { deploy: token } } }, ...others };
}

describe('a secret that was lost before anybody confirmed it', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const apply = (body: JsonObject, options: Partial<ManifestRequest> = {}) =>
    f.service.putManifest({ caller: f.as(f.root), address: SHOP, body, ...options });
  const plan = (body: JsonObject) => apply(body, { dryRun: true });
  const outcomes = ({ resource }: Answer) =>
    ((resource?.changes ?? []) as JsonObject[]).map(({ address, outcome }) => `${outcome} ${address}`);
  const read = async () => (await f.service.get({ caller: f.as(f.root), address: TOKEN })).resource;

  /** Expects that nothing asks for another secret, so that the rest of the manifest can be applied. */
  async function expectLeftAlone(token: JsonObject): Promise<void> {
    const planned = await plan(tree(token));
    expect(planned.resource).to.deep.include({ due: [], undelivered: [TOKEN] });
    const done = await apply(tree(token, { teams: { blue: {} } }));
    expect(outcomes(done)).to.deep.equal([`created ${D}/teams/blue`]);
  }

  for (const profile of ['static', 'revocable']) {
    it(`is replaced together with its token under the profile "${profile}", which allows no other secret`, async () => {
      const first = made({ profile });
      await apply(tree(first.body));
      const { uid } = await read();
      expect((await plan(tree({ profile }))).resource).to.deep.include({ due: [TOKEN], undelivered: [TOKEN] });
      const second = made({ profile });
      const planned = await plan(tree(second.body));
      const done = await apply(tree(second.body), { ifMatch: [planned.etag as string] });
      expect(outcomes(done)).to.deep.equal([`created ${TOKEN}`]);
      const [change] = (done.resource?.changes ?? []) as JsonObject[];
      expect(change?.effects).to.deep.equal([`${TOKEN}: the secret, never used, stops working at once`]);
      expect(done.resource).to.deep.include({ undelivered: [TOKEN] });
      expect((await read()).uid).to.not.equal(uid);
      expect(await f.decision(first.secret)).to.not.equal('allowed');
      expect(await f.decision(second.secret)).to.equal('allowed');
    });

    it(`stays if somebody uses it under the profile "${profile}": it was delivered after all`, async () => {
      const { secret, body } = made({ profile });
      await apply(tree(body));
      expect(await f.decision(secret)).to.equal('allowed');
      await expectLeftAlone({ profile });
      await refused(apply(tree(made({ profile }).body)), 'rotation-forbidden');
      expect(await f.decision(secret)).to.equal('allowed');
    });
  }

  it('that was confirmed is not replaced under a profile that allows no other', async () => {
    const { body } = made({ profile: 'static' });
    await apply(tree(body));
    const { rotated_at } = await read();
    await f.service.deliver({ caller: f.as(f.root), address: TOKEN, body: { rotated_at: rotated_at as string } });
    await refused(apply(tree(made({ profile: 'static' }).body)), 'rotation-forbidden');
  });

  it('is not due while the token is revoked, in an emergency or as declared', async () => {
    await apply(tree(made().body));
    await apply(tree({ state: 'revoked' }));
    await expectLeftAlone({ state: 'revoked' });
    await apply(tree({}));
    await f.service.revoke({ caller: f.as(f.root), address: TOKEN, body: { reason: 'compromised' } });
    await expectLeftAlone({});
    await f.service.restore({ caller: f.as(f.root), address: TOKEN });
    expect((await plan(tree({}))).resource).to.deep.include({ due: [TOKEN] });
  });

  it('is not due while its account is disabled, and is once the manifest enables it', async () => {
    await apply(tree(made().body));
    const disabled = { accounts: { ci: { disabled: true, tokens: { deploy: {} } } } };
    expect((await apply(disabled)).resource).to.deep.include({ due: [], undelivered: [TOKEN] });
    expect((await plan(tree({}))).resource).to.deep.include({ due: [TOKEN] });
  });

  it('is not due when the token has come to a fixed end, and is when it gets a later one', async () => {
    const until = (days: number) => ({ expires_at: new Date(START + days * DAY).toISOString() });
    await apply(tree(made(until(1)).body));
    f.clock.advance(2 * DAY);
    await expectLeftAlone(until(1));
    expect((await plan(tree(until(3)))).resource).to.deep.include({ due: [TOKEN] });
  });

  it('is due after a lifetime of its own has ended: another secret begins a new one', async () => {
    await apply(tree(made({ expires_in: '1d' }).body));
    f.clock.advance(2 * DAY);
    expect((await plan(tree({ expires_in: '1d' }))).resource).to.deep.include({ due: [TOKEN] });
  });

  it('is not due where the rules have become stricter than what is declared', async () => {
    await apply(tree(made({ expires_in: '90d' }).body));
    const settings = { settings: { max_token_lifetime: { duration: '30d', mode: 'block' } } };
    await f.put(D, settings);
    await expectLeftAlone({ expires_in: '90d' });
    expect((await plan(tree({ expires_in: '30d' }))).resource).to.deep.include({ due: [TOKEN] });
  });
});
