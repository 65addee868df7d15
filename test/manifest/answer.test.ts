/** What the answer to a manifest tells of its resources besides what becomes of them, on both databases. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Bench, onEveryDatabase, uniqueName } from '../contract/bench.ts';
import { accepts } from '../spec/document.ts';
import { fakeClock } from '../support/daemon.ts';
import { changesOf, ownSecret } from './answers.ts';

const DAY = 86_400_000;
const clock = fakeClock();

onEveryDatabase(
  'the answer to a manifest',
  (bench: () => Bench) => {
    let organization: string;
    let manifest: string;
    beforeEach(async () => {
      organization = `organizations/${uniqueName()}`;
      manifest = `${organization}/manifests/shop`;
      await bench().api.put(organization, {});
    });

    const ci = (token: JsonObject, account: JsonObject = {}) => ({
      accounts: { ci: { ...account, tokens: { deploy: token } } },
    });

    it('says which of its tokens were revoked or have expired, unless it declares that, and in a plan what will have', async () => {
      const { api } = bench();
      const token = (more: JsonObject = {}) => ({ secret_hash: ownSecret().secret_hash, ...more });
      const tokens = {
        expiring: token({ expires_in: '1d' }),
        renewed: token({ expires_in: '1d' }),
        revoked: token(),
        declared: token({ state: 'revoked' }),
        living: token(),
      };
      const wanted = { accounts: { ci: { tokens } } };
      expect((await api.put(manifest, wanted)).body.ended).to.deep.equal([]);
      await api.put(`${organization}/accounts/ci/tokens/revoked/revocation`, { reason: 'compromised' });
      clock.advance(DAY);
      const next = { ...tokens, renewed: { ...tokens.renewed, expires_in: '2d' } };
      const { body } = await api.put(manifest, { accounts: { ci: { tokens: next } } }, { query: 'dry_run=true' });
      const at = `${organization}/accounts/ci/tokens`;
      expect(body.ended).to.have.deep.members([
        { address: `${at}/expiring`, status: 'expired', reason: null },
        { address: `${at}/revoked`, status: 'revoked', reason: 'revoked as compromised' },
      ]);
    });

    it('names from whom it takes something over, once, and nothing of what it has already', async () => {
      const { api } = bench();
      const adopt = { headers: { 'Accredit-Adopt': 'true' } };
      await api.put(`${organization}/teams/hand`, {});
      await api.put(`${organization}/teams/other`, {}, { headers: { 'Accredit-Manager': 'terraform' } });
      const wanted = { teams: { hand: {}, other: { description: 'x' }, fresh: {} } };
      const taken = (body: JsonObject) =>
        Object.fromEntries(changesOf(body).map((one) => [String(one.address).split('/').at(-1), one.taken_over_from]));
      const plan = await api.put(manifest, wanted, { ...adopt, query: 'dry_run=true' });
      expect(taken(plan.body)).to.deep.equal({ hand: null, other: 'terraform', fresh: undefined });
      expect(accepts('ManifestChanges', plan.body)).to.equal(true);
      expect(taken((await api.put(manifest, wanted, adopt)).body)).to.deep.equal(taken(plan.body));
      const next = { teams: { ...wanted.teams, hand: { description: 'y' } } };
      expect(taken((await api.put(manifest, next, adopt)).body)).to.deep.equal({ hand: undefined });
    });

    it('a plan has what was there before of every attribute that would change; nothing of a secret', async () => {
      const { api } = bench();
      const token = { ...ownSecret(), rotation: 'a', overlap: '1h' };
      const { secret: _first, ...declared } = token;
      await api.put(manifest, ci(declared, { grants: [{ role: 'viewer' }], labels: { a: '1' } }));
      const { secret: _second, ...next } = { ...token, ...ownSecret(), rotation: 'b' };
      const wanted = { accounts: { ...ci(next, { disabled: true }).accounts, other: {} } };
      const plan = await api.put(manifest, wanted, { query: 'dry_run=true' });
      const changes = changesOf(plan.body);
      const befores = Object.fromEntries(
        changes.map(({ address, before }) => [String(address).slice(organization.length + 1), before]),
      );
      const scoped = { role: 'viewer', scope: 'organization' };
      expect(befores).to.deep.equal({
        'accounts/ci': { grants: [scoped], labels: { a: '1' }, disabled: false },
        'accounts/ci/tokens/deploy': { rotation: 'a' },
        'accounts/other': undefined,
      });
      expect(accepts('ManifestChanges', plan.body)).to.equal(true);
      for (const change of changesOf((await api.put(manifest, wanted)).body))
        expect(change).to.not.have.property('before');
    });
  },
  clock,
);
