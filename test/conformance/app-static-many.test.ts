/** Reference 001 again: an app of Applivery has as many tokens as it likes, and none of them is slower for it. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { expectOutcome } from '../contract/bench.ts';
import { databaseWork, scannedTables } from './database-work.ts';
import { onOneDaemon, type Tenant } from './support.ts';

const STATIC = { profile: 'app-static' };
const MANY = 1000;

onOneDaemon('1,000 tokens of one app, as in Applivery', (stage) => {
  let tenant: Tenant;
  let app: string;
  let secrets: string[];

  before(async function () {
    this.timeout(60_000);
    tenant = await stage().tenant();
    app = await tenant.make('apps/till');
    secrets = await inParallel(MANY, (index) =>
      addToken(app, nameOf(index), { display_name: `Pipeline ${index}`, labels: { n: `${index}` } }),
    );
  });

  /** Creates one more token of an app and answers its secret. */
  async function addToken(to: string, name: string, body: JsonObject = {}): Promise<string> {
    const made = await tenant.api.put(`${to}/tokens/${name}`, { ...STATIC, ...body });
    return String(expectOutcome(made, 201, 'created').secret);
  }

  it('1,000 tokens of one app are listed completely across pages while others are created and deleted', async () => {
    const passing = Array.from({ length: 40 }, (_, index) => `p-${index}`);
    await Promise.all(passing.map((name) => addToken(app, name)));
    const found: string[] = [];
    for (let page = 0, cursor = ''; page === 0 || cursor !== ''; page += 1) {
      const [{ body }] = await Promise.all([
        tenant.api.get(`${app}/tokens`, { query: `limit=50${cursor}` }),
        tenant.api.delete(`${app}/tokens/${passing.pop()}`),
        addToken(app, `a-${page}`),
        addToken(app, `z-${page}`),
      ]);
      found.push(...(body.items as JsonObject[]).map(({ address }) => String(address)));
      cursor = body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(String(body.next_cursor))}`;
    }
    const lasting = Array.from({ length: MANY }, (_, index) => `${app}/tokens/${nameOf(index)}`);
    expect(found.filter((address) => address.includes('/tokens/t-'))).to.deep.equal(lasting);
    expect(new Set(found).size).to.equal(found.length);
  });

  it('1,000 tokens of one app do not slow down point reads: one asks as much of the database as where it is alone', async () => {
    const { token } = await tenant.app('lonely', STATIC);
    const alone = await databaseWork(() => tenant.api.get(token));
    const among = await databaseWork(() => tenant.api.get(`${app}/tokens/${nameOf(500)}`));
    expect(alone.statements).to.have.length.above(0);
    expect(among).to.deep.equal(alone);
    expect(await scannedTables(stage().daemon, among.statements)).to.deep.equal([]);
    const list = await databaseWork(() => tenant.api.get(`${app}/tokens`, { query: 'limit=1000' }));
    expect(list.rows, 'a list reads them all, and is seen to do so').to.be.above(MANY);
  });

  it('1,000 tokens of one app do not slow down the question whether one of them may do something', async () => {
    const lonely = await tenant.app('asked', STATIC);
    const second = secrets[2] as string;
    // The first use of a secret is written; what counts is every use after it.
    await tenant.ask(second, 'builds.read', 'apps/till');
    await tenant.ask(lonely.secret, 'builds.read', 'apps/asked');
    const alone = await databaseWork(() => tenant.ask(lonely.secret, 'builds.read', 'apps/asked'));
    const among = await databaseWork(() => tenant.ask(second, 'builds.read', 'apps/till'));
    expect(among).to.deep.equal(alone);
    expect(await scannedTables(stage().daemon, among.statements)).to.deep.equal([]);
  });

  it('one of 1,000 tokens is found by its name, and by its label', async () => {
    const { body } = await tenant.api.get(`${app}/tokens/${nameOf(777)}`);
    expect(body).to.include({ display_name: 'Pipeline 777', status: 'active' });
    const found = await tenant.api.all(`${app}/tokens`, 'label=n:777');
    expect(found.map(({ uid }) => uid)).to.deep.equal([body.uid]);
  });

  it('1,000 tokens of one app work all at the same time', async function () {
    this.timeout(60_000);
    const statuses = await inParallel(MANY, (index) =>
      tenant.ask(secrets[index] as string, 'builds.write', 'apps/till'),
    );
    expect(new Set(statuses)).to.deep.equal(new Set([200]));
  });
});

/** So that the order of addresses is that of the numbers. */
function nameOf(index: number): string {
  return `t-${String(index).padStart(4, '0')}`;
}

/** `work` for every number below `count`, some at a time, in the order of the numbers. */
async function inParallel<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  const AT_A_TIME = 100;
  for (let start = 0; start < count; start += AT_A_TIME) {
    const length = Math.min(AT_A_TIME, count - start);
    results.push(...(await Promise.all(Array.from({ length }, (_, index) => work(start + index)))));
  }
  return results;
}
