/** The confirmation of everything that an apply of a manifest has delivered, in one request, on both databases. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import {
  type Bench,
  expectOutcome,
  expectProblem,
  onEveryDatabase,
  pointersOf,
  uniqueName,
} from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';

const clock = fakeClock();

function hash(): string {
  return `sha256:${tokenHash(mintToken('sa'))}`;
}

onEveryDatabase(
  'the confirmation of deliveries',
  (bench: () => Bench) => {
    let organization: string;
    let manifest: string;
    /** The hash of each token's secret, by its name. */
    let hashes: Record<string, string>;

    const addressOf = (name: string) => `${organization}/accounts/ci/tokens/${name}`;
    const declare = (tokens: JsonObject) => bench().api.put(manifest, { accounts: { ci: { tokens } } });
    const withHashes = () =>
      Object.fromEntries(Object.entries(hashes).map(([name, secret_hash]) => [name, { secret_hash, overlap: '1d' }]));
    const delivered = (given: Record<string, string>) => ({
      tokens: Object.entries(given).map(([name, secret_hash]) => ({ address: addressOf(name), secret_hash })),
    });
    const confirm = (given: Record<string, string>, options?: { query?: string; headers?: Record<string, string> }) =>
      bench().api.post(`${manifest}/delivered`, delivered(given), options);
    const undelivered = async () =>
      ((await bench().api.put(manifest, { accounts: { ci: { tokens: withoutSecrets() } } }, { query: 'dry_run=true' }))
        .body.undelivered ?? []) as string[];
    const withoutSecrets = () => Object.fromEntries(Object.keys(hashes).map((name) => [name, { overlap: '1d' }]));

    beforeEach(async () => {
      organization = `organizations/${uniqueName()}`;
      manifest = `${organization}/manifests/shop`;
      hashes = { one: hash(), three: hash(), two: hash() };
      await bench().api.put(organization, {});
      expectOutcome(await declare(withHashes()), 201, 'created');
    });

    it('confirms all of them, once and for all', async () => {
      expect(await undelivered()).to.deep.equal(Object.keys(hashes).map(addressOf));
      const done = expectOutcome(await confirm(hashes), 200, 'updated');
      expect(done).to.deep.equal({ outcome: 'updated', confirmed: 3, refused: [] });
      expect(await undelivered()).to.deep.equal([]);
      const before = await bench().api.all(`${organization}/audit-events`);
      const again = expectOutcome(await confirm(hashes), 200, 'unchanged');
      expect(again).to.deep.equal({ outcome: 'unchanged', confirmed: 3, refused: [] });
      expect(await bench().api.all(`${organization}/audit-events`)).to.deep.equal(before);
    });

    it('is an event of each token, and one of the manifest', async () => {
      await confirm(hashes);
      const events = (await bench().api.all(`${organization}/audit-events`)).slice(0, 4);
      expect(events.map(({ action, outcome, address }) => `${action} ${outcome} ${address}`)).to.deep.equal([
        `deliver updated ${manifest}`,
        ...['two', 'three', 'one'].map((name) => `deliver updated ${addressOf(name)}`),
      ]);
      expect(events[0]?.details).to.include({ confirmed: 3 });
    });

    it('is planned without being done, and a retry with its key is answered again', async () => {
      const plan = await confirm(hashes, { query: 'dry_run=true' });
      expect(plan.body).to.deep.equal({ outcome: 'updated', confirmed: 3, refused: [] });
      expect(await undelivered()).to.have.length(3);
      const headers = { 'Idempotency-Key': uniqueName() };
      const first = await confirm(hashes, { headers });
      const again = await confirm(hashes, { headers });
      expect(again.headers['idempotency-replayed']).to.equal('true');
      expect(again.text).to.equal(first.text);
    });

    it('tells what cannot be confirmed and why, and confirms the others', async () => {
      const old = hashes.two as string;
      hashes.two = hash();
      clock.advance(1000);
      await declare(withHashes());
      await bench().api.delete(addressOf('three'), { headers: { 'Accredit-Manager': 'manifest/shop' } });
      const by = { headers: { 'Accredit-Manager': 'terraform' } };
      const made = hash();
      await bench().api.put(addressOf('by-hand'), { secret_hash: made }, by);
      const given = { ...hashes, 'by-hand': made, 'not-there': hash() };
      const tokens = [...delivered(given).tokens, { address: addressOf('two'), secret_hash: old }];
      const answer = await bench().api.post(`${manifest}/delivered`, { tokens });
      const { confirmed, refused } = expectOutcome(answer, 200, 'updated');
      expect(confirmed).to.equal(2);
      expect((refused as JsonObject[]).map(({ address, code }) => `${code} ${address}`)).to.have.members([
        `not-found ${addressOf('three')}`,
        `not-found ${addressOf('by-hand')}`,
        `not-found ${addressOf('not-there')}`,
        `rotation-conflict ${addressOf('two')}`,
      ]);
      expect(await undelivered()).to.deep.equal([]);
    });

    it('takes nothing but tokens of the manifest, each with the hash of its secret', async () => {
      const { api } = bench();
      const account = { address: `${organization}/accounts/ci`, secret_hash: hashes.one as string };
      const { body } = await api.post(`${manifest}/delivered`, { tokens: [account] });
      expect(body).to.deep.include({ outcome: 'unchanged', confirmed: 0 });
      expect(((body.refused as JsonObject[])[0] as JsonObject).code).to.equal('not-found');
      const broken = {
        tokens: [
          { address: 'nowhere', secret_hash: 'sha256:abc' },
          { address: addressOf('one'), secret_hash: null },
        ],
        x: 1,
      };
      const problem = expectProblem(await api.post(`${manifest}/delivered`, broken), 422, 'invalid');
      expect(pointersOf(problem)).to.have.members([
        '/x',
        '/tokens/0/address',
        '/tokens/0/secret_hash',
        '/tokens/1/secret_hash',
      ]);
      expectProblem(await api.post(`${manifest}/delivered`, {}), 422, 'invalid');
      const missing = `${organization}/manifests/none`;
      expectProblem(await api.post(`${missing}/delivered`, { tokens: [] }), 404, 'not-found');
      expectOutcome(await api.post(`${manifest}/delivered`, { tokens: [] }), 200, 'unchanged');
    });

    it('confirms nothing for whoever may not write one of the tokens', async () => {
      const { api } = bench();
      await api.put(`${organization}/roles/keeper`, { permissions: ['manifests.write', 'tokens.read'] });
      await api.put(`${organization}/roles/writer`, { permissions: ['manifests.write', 'tokens.write'] });
      const as = async (role: string) => api.as(await bench().credential(organization, role));
      const [keeper, writer] = [await as('keeper'), await as('writer')];
      const target = `${manifest}/delivered`;
      const problem = expectProblem(await keeper.post(target, delivered(hashes)), 403, 'forbidden');
      expect(pointersOf(problem)).to.deep.equal(['/tokens/0', '/tokens/1', '/tokens/2']);

      // Of an owner's tokens only an owner says anything.
      const owners = hash();
      const accounts = {
        ci: { tokens: withHashes() },
        chief: { grants: [{ role: 'owner' }], tokens: { t: { secret_hash: owners } } },
      };
      await api.put(manifest, { accounts });
      const all = [
        ...delivered(hashes).tokens,
        { address: `${organization}/accounts/chief/tokens/t`, secret_hash: owners },
      ];
      expect(pointersOf(expectProblem(await writer.post(target, { tokens: all }), 403, 'forbidden'))).to.deep.equal([
        '/tokens/3',
      ]);
      const asked = await api.put(
        manifest,
        { accounts: { ci: { tokens: withoutSecrets() }, chief: { grants: [{ role: 'owner' }], tokens: { t: {} } } } },
        { query: 'dry_run=true' },
      );
      expect(asked.body.undelivered).to.have.length(4);
      expectOutcome(await writer.post(target, delivered(hashes)), 200, 'updated');
    });
  },
  clock,
);
