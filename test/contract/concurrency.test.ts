/** Many at once: what was acknowledged is there, whole, and nothing else. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { printedSeed } from '../support/seed.ts';
import type { Answer } from './api.ts';
import { forEveryKind, onEveryDatabase, uniqueName } from './bench.ts';
import { echo, writtenPart } from './expectations.ts';

const RIVALS = 50;
const WRITES = 2000;
const AT_ONCE = 2000;

forEveryKind('rivals for one address', (kind, bench) => {
  it(`${RIVALS} parallel creations of one address: one creates, and the last state is one of theirs`, async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const bodies = Array.from({ length: RIVALS }, (_, index) => ({ ...kind.examples.full, description: `${index}` }));
    const answers = await Promise.all(bodies.map((body) => api.put(address, body)));
    const outcomes = answers.map(({ headers }) => headers['accredit-outcome']);
    expect(outcomes.filter((outcome) => outcome === 'created')).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome === 'updated')).to.have.length(RIVALS - 1);
    const { body } = await api.get(address);
    expect(body.revision).to.equal(RIVALS);
    const last = answers.find((answer) => answer.body.revision === RIVALS) as Answer;
    expect(writtenPart(kind, body)).to.deep.equal(writtenPart(kind, last.body));
    expect(new Set(answers.map((answer) => answer.body.revision)).size).to.equal(RIVALS);
    expect(await api.events(address)).to.have.length(RIVALS);
  });

  it(`of ${RIVALS} parallel PUTs that name the same entity tag, one goes through`, async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, kind.examples.full);
    const precondition = { headers: { 'If-Match': String(headers.etag) } };
    const answers = await Promise.all(
      Array.from({ length: RIVALS }, (_, index) =>
        api.put(address, { ...kind.examples.full, description: `${index}` }, precondition),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    expect(answers.filter(({ status }) => status === 412)).to.have.length(RIVALS - 1);
    expect((await api.get(address)).body.revision).to.equal(2);
  });

  it(`${RIVALS} parallel PUTs under one Idempotency-Key have one effect and one answer`, async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const key = { headers: { 'Idempotency-Key': uniqueName('key') } };
    const answers = await Promise.all(Array.from({ length: RIVALS }, () => api.put(address, kind.examples.full, key)));
    const done = answers.filter(({ status }) => status === 201);
    expect(done).to.not.be.empty;
    for (const { body } of done) expect(body).to.deep.equal(done[0]?.body);
    for (const { status, body } of answers) if (status !== 201) expect(body.code).to.equal('request-in-progress');
    expect(await api.events(address)).to.have.length(1);
  });
});

forEveryKind('creations and removals against each other', (kind, bench) => {
  it('one address that is created and removed at once is whole or gone, as the last acknowledged write says', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const answers = await Promise.all(
      Array.from({ length: RIVALS }, (_, index) =>
        index % 2 === 0 ? api.put(address, kind.examples.full) : api.delete(address),
      ),
    );
    const events = (await api.events(address)).reverse();
    const changes = answers.filter(({ headers }) => headers['accredit-outcome'] !== 'unchanged');
    expect(answers.every(({ status }) => status < 300)).to.equal(true);
    expect(events.map(({ request_id }) => request_id)).to.have.members(
      changes.map(({ headers }) => headers['x-request-id']),
    );
    // A history: nothing is created that is there, and nothing removed that is not.
    expect(events.map(({ outcome }) => outcome)).to.deep.equal(
      events.map((_, index) => (index % 2 === 0 ? 'created' : 'deleted')),
    );
    const read = await api.get(address);
    if (events.at(-1)?.outcome === 'created') {
      expect(writtenPart(kind, read.body)).to.deep.equal(echo(kind, kind.examples.full));
    } else {
      expect(read.status).to.equal(404);
    }
  });
});

onEveryDatabase('many writes at once', (bench) => {
  it(`${WRITES} parallel writes to many addresses: every acknowledged one is there, none half`, async function () {
    this.timeout(120_000);
    const seed = printedSeed(`${WRITES} parallel writes`);
    const random = generator(seed);
    const { api } = bench();
    const organization = `organizations/${uniqueName('many')}`;
    await api.put(organization, {});
    const accounts = Array.from({ length: 40 }, (_, index) => `${organization}/accounts/a${index}`);
    for (const account of accounts) await api.put(account, {});
    const expected = new Map<string, { revision: number; body: JsonObject }>();
    const kept: string[] = [];

    const write = async (index: number): Promise<void> => {
      const account = accounts[Math.floor(random() * accounts.length)] as string;
      const address = `${account}/tokens/t${Math.floor(random() * 20)}`;
      const body: JsonObject = { description: `write ${index}`, labels: { write: `${index}` } };
      const answer = await api.put(address, body as Json);
      if (answer.status !== 200 && answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
      const revision = Number(answer.body.revision);
      if ((expected.get(address)?.revision ?? 0) < revision) expected.set(address, { revision, body });
      if (typeof answer.body.secret === 'string') kept.push(answer.body.secret);
    };
    const started = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < WRITES) await write(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const seconds = (performance.now() - started) / 1000;

    const stored = await api.all(`${organization}/tokens`, 'limit=1000');
    expect(stored.map(({ address }) => address)).to.have.members([...expected.keys()]);
    for (const item of stored) {
      const { revision, body } = expected.get(String(item.address)) as { revision: number; body: JsonObject };
      expect(item).to.deep.include({ revision, ...body });
    }
    expect(kept).to.have.length(expected.size);
    const revisions = stored.reduce((sum, item) => sum + Number(item.revision), 0);
    expect(revisions).to.equal(WRITES);
    const events = await api.all(`${organization}/audit-events`, 'limit=1000');
    expect(events.filter(({ address }) => String(address).includes('/tokens/'))).to.have.length(WRITES);
    const query = `organization=${organization.split('/')[1]}`;
    for (const secret of kept.slice(0, 50)) expect(await api.authorize(secret, query)).to.equal(200);
    console.log(`    ${WRITES} writes to ${expected.size} addresses in ${seconds.toFixed(1)} s`);
  });
});

/** Numbers in [0, 1) that the seed determines (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
