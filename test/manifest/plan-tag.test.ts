/** The entity tag of a plan: what it binds an apply to, and what makes no difference to it. */
import { expect } from 'chai';
import type { ManifestRequest } from '../../daemon/domain/api.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture, refused } from '../support/service.ts';

const D = 'organizations/default';
const SHOP = `${D}/manifests/shop`;

type Options = Partial<ManifestRequest>;

function tree(account: JsonObject, token: JsonObject = {}): JsonObject {
  return { accounts: { ci: { ...account, tokens: { deploy: token } } }, teams: { blue: {}, red: {} } };
}

const GRANTS = [{ role: 'viewer' }, { role: 'developer' }];
const SHOWN = tree({ grants: GRANTS, teams: ['blue', 'red'], labels: { a: '1', b: '2' } });
const hash = () => ({ secret_hash: `sha256:${tokenHash(mintToken('sa'))}` });

/** What somebody could send in place of what the plan has shown, with its entity tag. */
const OTHERS: Record<string, [JsonObject, Options?]> = {
  'another grant': [tree({ grants: [{ role: 'owner' }], teams: ['blue', 'red'], labels: { a: '1', b: '2' } })],
  'another attribute of a token': [
    tree({ grants: GRANTS, teams: ['blue', 'red'], labels: { a: '1', b: '2' } }, { expires_in: '1d' }),
  ],
  'one resource more': [{ ...SHOWN, apps: { till: {} } }],
  'one resource less': [{ teams: SHOWN.teams as JsonObject }],
  'an adoption that was not shown': [SHOWN, { adopt: true }],
  "the caller's own end that was not shown": [SHOWN, { allowSelf: true }],
};

/** The same in other words. */
const SAME: Record<string, JsonObject> = {
  'secrets that were made since': tree({ grants: GRANTS, teams: ['blue', 'red'], labels: { a: '1', b: '2' } }, hash()),
  'another order, defaults and read-only attributes written out': {
    teams: { red: { uid: 'x' }, blue: { description: null } },
    ...tree(
      { labels: { b: '2', a: '1' }, teams: ['red', 'blue'], grants: [...GRANTS].reverse() },
      { profile: 'standard', overlap: '0s' },
    ),
  },
};

describe('the entity tag of a plan', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const put = (body: JsonObject, options: Options = {}) =>
    f.service.putManifest({ caller: f.as(f.root), address: SHOP, body, ...options });
  const tagOf = async (body: JsonObject, options: Options = {}) =>
    (await put(body, { ...options, dryRun: true })).etag as string;

  for (const [name, [body, options]] of Object.entries(OTHERS)) {
    it(`applies nothing that it has not shown: ${name}`, async () => {
      for (const before of [undefined, { accounts: { ci: {} } }]) {
        if (before !== undefined) await put(before);
        const etag = await tagOf(SHOWN);
        await refused(put(body, { ...options, ifMatch: [etag] }), 'precondition-failed');
        expect(await tagOf(SHOWN)).to.equal(etag);
        await put(SHOWN, { ifMatch: [etag] });
        await refused(put(body, { ...options, ifMatch: [await tagOf(SHOWN)] }), 'precondition-failed');
      }
    });
  }

  for (const [name, body] of Object.entries(SAME)) {
    it(`is the same for the same in other words: ${name}`, async () => {
      const etag = await tagOf(SHOWN);
      expect(await tagOf(body)).to.equal(etag);
      expect((await put(body, { ifMatch: [etag] })).outcome).to.equal('created');
    });
  }

  it('binds options as it does the tree', async () => {
    const etag = await tagOf(SHOWN, { adopt: true });
    await refused(put(SHOWN, { ifMatch: [etag] }), 'precondition-failed');
    expect((await put(SHOWN, { ifMatch: [etag], adopt: true })).outcome).to.equal('created');
  });
});
