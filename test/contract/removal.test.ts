/** DELETE is idempotent, takes along only what it may, and a claim keeps a late removal from hitting a successor. */
import { expect } from 'chai';
import { formatAddress, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { childKinds, KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { askedAt, type Bench, expectOutcome, expectProblem, forEveryKind } from './bench.ts';
import { smallest, writtenPart } from './expectations.ts';

forEveryKind('removal and claims', (kind, bench) => {
  const { full } = kind.examples;

  it('a removal succeeds whether or not there is something, and tells which', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    expectOutcome(await api.delete(address), 204, 'unchanged');
    await api.put(address, full);
    expectOutcome(await api.delete(address), 204, 'deleted');
    expectProblem(await api.get(address), 404, 'not-found');
    expectOutcome(await api.delete(address), 204, 'unchanged');
  });

  it('creating again at the same address gives another uid', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const first = await api.put(address, full);
    await api.delete(address);
    const second = expectOutcome(await api.put(address, full), 201, 'created');
    expect(second.uid).to.not.equal(first.body.uid);
    expect(second.revision).to.equal(1);
  });

  it('a claim is stored, and a PUT without one keeps it', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const created = await api.put(address, full, { headers: { 'Accredit-Claim': 'one' } });
    expect(created.body.claim).to.equal('one');
    expectOutcome(await api.put(address, full), 200, 'unchanged');
    expectOutcome(await api.put(address, full, { headers: { 'Accredit-Claim': 'one' } }), 200, 'unchanged');
    expect((await api.get(address)).body.claim).to.equal('one');
  });

  it('another claim takes over: it converges, and a secret is made anew', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const before = await api.put(address, full, { headers: { 'Accredit-Claim': 'one' } });
    const after = await api.put(address, full, { headers: { 'Accredit-Claim': 'two' } });
    expectOutcome(after, 200, kind.token === undefined ? 'updated' : 'rotated');
    expect(after.body).to.include({ uid: before.body.uid, claim: 'two' });
    expect(writtenPart(kind, after.body)).to.deep.equal(writtenPart(kind, before.body));
    if (kind.token !== undefined) expect(after.body.secret).to.be.a('string').that.does.not.equal(before.body.secret);
  });

  it('the late removal of the former claim never removes its successor', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full, { headers: { 'Accredit-Claim': 'one' } });
    await api.put(address, full, { headers: { 'Accredit-Claim': 'two' } });
    // A token's previous secret lives on for the overlap of the example: that, and no more, the former claim may end.
    const outcome = kind.token === undefined ? 'unchanged' : 'slot-ended';
    expectOutcome(await api.delete(address, { query: 'claim=one' }), 204, outcome);
    expectOutcome(await api.delete(address, { query: 'claim=one' }), 204, 'unchanged');
    expectOutcome(await api.delete(address, { query: 'claim=never' }), 204, 'unchanged');
    expect((await api.get(address)).body.claim).to.equal('two');
    expectOutcome(await api.delete(address, { query: 'claim=two' }), 204, 'deleted');
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('a dry run shows a takeover and performs none', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full, { headers: { 'Accredit-Claim': 'one' } });
    const dry = await api.put(address, full, { headers: { 'Accredit-Claim': 'two' }, query: 'dry_run=true' });
    expect(dry.body.outcome).to.equal(kind.token === undefined ? 'updated' : 'rotated');
    expect((await api.get(address)).body.claim).to.equal('one');
  });
});

const PARENTS = KINDS.filter((kind) => childKinds(kind).length > 0);

/** Whatever only holds secrets of its own takes them along; everything else must be empty. */
const takesAlong = (kind: Kind): boolean => childKinds(kind).every((child) => child.token !== undefined);

forEveryKind(
  'removal of what still holds something',
  (kind, bench) => {
    if (takesAlong(kind)) {
      it('takes its tokens along, and their secrets are dead at once', async () => {
        const { api } = bench();
        const { address, child, secret } = await parentWithChild(kind, bench());
        expect(await api.authorize(secret, askedAt(address))).to.equal(200);
        expectOutcome(await api.delete(address), 204, 'deleted');
        expectProblem(await api.get(child), 404, 'not-found');
        expect(await api.authorize(secret, askedAt(address))).to.equal(401);
      });

      it('is refused with ?cascade=false, naming the live tokens', async () => {
        const { api } = bench();
        const { address, child, secret } = await parentWithChild(kind, bench());
        const problem = expectProblem(await api.delete(address, { query: 'cascade=false' }), 409, 'live-tokens');
        expect(JSON.stringify(problem)).to.include(child);
        expect(await api.authorize(secret, askedAt(address))).to.equal(200);
        await api.delete(child);
        expectOutcome(await api.delete(address, { query: 'cascade=false' }), 204, 'deleted');
      });

      it('a parent created again does not bring its tokens back', async () => {
        const { api } = bench();
        const { address, child, secret } = await parentWithChild(kind, bench());
        await api.delete(address);
        expectOutcome(await api.put(address, kind.examples.full), 201, 'created');
        expectProblem(await api.get(child), 404, 'not-found');
        expect(await api.authorize(secret, askedAt(address))).to.equal(401);
      });
    } else {
      it('is refused, naming what it holds, until that is gone', async () => {
        const { api } = bench();
        const { address, child } = await parentWithChild(kind, bench());
        const problem = expectProblem(await api.delete(address), 409, 'in-use');
        expect(JSON.stringify(problem)).to.include(child);
        expect((await api.get(child)).status).to.equal(200);
        await api.delete(child);
        expectOutcome(await api.delete(address), 204, 'deleted');
      });
    }

    it('a PUT of the parent leaves what it holds alone', async () => {
      const { api } = bench();
      const { address, child } = await parentWithChild(kind, bench());
      const before = await api.get(child);
      expectOutcome(await api.put(address, kind.examples.changed), 200, 'updated');
      expect((await api.get(child)).headers.etag).to.equal(before.headers.etag);
    });
  },
  PARENTS,
);

async function parentWithChild(kind: Kind, { api, fresh }: Bench) {
  const address = await fresh(kind);
  expect((await api.put(address, kind.examples.full)).status).to.equal(201);
  const [childKind] = childKinds(kind) as [Kind];
  const child = formatAddress(childKind, { ...parseAddress(address).names, [childKind.parameter]: 'dependant' });
  const { status, body, text } = await api.put(child, smallest(childKind));
  expect(status, text).to.equal(201);
  return { address, child, secret: String(body.secret) };
}
