/** What `/metrics` of a running daemon tells. */
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { Api } from '../contract/api.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { type MetricFamily, readExposition } from './exposition.ts';

const DAY = 86_400_000;
const ROOT = 'organizations/default/accounts/root';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Prometheus's own conventions for names, and ours: a prefix, base units, `_total` for what only grows. */
const COUNTER = /^accredit_[a-z]+(_[a-z]+)*_total$/;
const GAUGE = /^accredit_[a-z]+(_[a-z]+)*(?<!_total|_count|_sum|_bucket)$/;
const DURATION = /^accredit_[a-z]+(_[a-z]+)*_duration_seconds$/;

describe('the metrics', () => {
  let daemon: TestDaemon;
  let clock: FakeClock;
  let owner: Api;

  beforeEach(async () => {
    clock = fakeClock();
    daemon = await startTestDaemon({ clock, env: { ACCREDIT_TRUSTED_PROXIES: '10.0.0.1' } });
    owner = new Api(daemon.url, daemon.adminToken);
  });
  afterEach(() => daemon.close());

  const scrape = async (): Promise<Map<string, MetricFamily>> => {
    const { status, headers, text } = await new Api(daemon.url).send('GET', '/metrics');
    expect(status).to.equal(200);
    expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['cache-control']).to.equal('no-store');
    return readExposition(text);
  };

  /** The values of a family whose samples have these labels, summed up. */
  const total = (families: Map<string, MetricFamily>, name: string, labels: Record<string, string> = {}): number => {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    const family = families.get(name) ?? families.get(base);
    expect(family, name).to.not.equal(undefined);
    const fitting = family?.samples.filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return (fitting ?? []).reduce((sum, { value }) => sum + value, 0);
  };

  /** By how much such a value grows while `work` is done. */
  const growth = async (work: () => Promise<unknown>) => {
    const before = await scrape();
    await work();
    const after = await scrape();
    return (name: string, labels?: Record<string, string>) => total(after, name, labels) - total(before, name, labels);
  };

  it('are what Prometheus reads, with names as it wants them and a help for each', async () => {
    await owner.send('GET', '/v1/self');
    await owner.send('GET', '/v1/authorize');
    const families = await scrape();
    const own = [...families.values()].filter(({ name }) => name.startsWith('accredit_'));
    expect(own).to.have.length.above(15);
    for (const { name, type, help } of own) {
      expect(name).to.match(type === 'counter' ? COUNTER : type === 'histogram' ? DURATION : GAUGE);
      expect(help, name).to.match(/^[A-Z].+\.$/);
    }
    const others = [...families.keys()].filter((name) => !name.startsWith('accredit_'));
    for (const name of others) expect(name).to.match(/^(process|nodejs)_/);
    expect(others).to.include('process_resident_memory_bytes');
  });

  it('count what was decided, and how long it took', async () => {
    const { body } = await owner.put(`${ROOT}/tokens/weak`, { permissions: ['teams.read'] });
    const weak = owner.as(String(body.secret));
    const grown = await growth(async () => {
      for (let count = 0; count < 3; count += 1) await owner.send('GET', '/v1/authorize?permission=apps.read');
      await weak.send('GET', '/v1/authorize?permission=apps.read');
      await owner.as(mintToken('sa')).send('GET', '/v1/authorize');
      await owner.as(undefined).send('GET', '/v1/authorize');
      await owner.send('GET', '/v1/authorize?permission=nonsense');
      for (let count = 0; count < 2; count += 1) {
        await owner.send('POST', '/v1/introspect', `token=${daemon.adminToken}`, FORM);
        await owner.send('POST', '/v1/introspect', `token=${body.secret}&permission=apps.read`, FORM);
        await owner.send('POST', '/v1/introspect', 'token=nonsense', FORM);
      }
      await owner.as(undefined).send('POST', '/v1/introspect', 'token=nonsense', FORM);
    });
    const decided = (endpoint: string, outcome: string) => grown('accredit_decisions_total', { endpoint, outcome });
    expect([
      decided('authorize', 'allowed'),
      decided('authorize', 'forbidden'),
      decided('authorize', 'unauthenticated'),
      decided('authorize', 'error'),
    ]).to.deep.equal([3, 1, 2, 0]);
    expect([
      decided('introspect', 'allowed'),
      decided('introspect', 'forbidden'),
      decided('introspect', 'unauthenticated'),
    ]).to.deep.equal([2, 2, 2]);
    const took = 'accredit_decision_duration_seconds';
    expect(grown(`${took}_count`, { endpoint: 'authorize' })).to.equal(6);
    expect(grown(`${took}_count`, { endpoint: 'introspect' })).to.equal(6);
    expect(grown(`${took}_sum`, { endpoint: 'authorize' })).to.be.within(1e-5, 10);
    expect(grown('accredit_http_requests_total', { route: 'authorize' })).to.equal(7);
    expect(grown('accredit_http_requests_total', { route: 'introspect', method: 'POST', status: '200' })).to.equal(6);
    expect(grown('accredit_http_requests_total', { route: 'introspect', status: '401' })).to.equal(1);
  });

  it('count every request once, by labels that no client chooses', async () => {
    const marks = ['mark-in-path', 'mark-in-query', 'MARK'];
    const grown = await growth(async () => {
      await owner.send('GET', '/v1/organizations/mark-in-path/accounts/mark-in-path?x=mark-in-query');
      await owner.send('GET', '/v1/mark-in-path');
      await owner.send('GET', '/mark-in-path');
      await owner.send('GET', '/scim/v2/mark-in-path');
      await owner.send('POST', '/v1/oauth/mark-in-path', '');
      await owner.send('GET', '/v1/authorize?organization=mark-in-path&permission=mark-in-path.read');
      await owner.as(`mark-in-path`).send('GET', '/v1/self');
      await fetch(`${daemon.url}/v1/self`, { method: 'MARK' }).catch(() => undefined);
      await fetch(`${daemon.url}/v1/self`, { method: 'PROPFIND' });
    });
    const requests = (labels: Record<string, string>) => grown('accredit_http_requests_total', labels);
    expect(requests({ route: 'management' })).to.equal(2);
    expect(requests({ route: 'other', method: 'GET' })).to.equal(1);
    // One whose method is none has no path that could be read either.
    expect(requests({ route: 'other', method: 'other', status: '400' })).to.equal(1);
    expect(requests({ route: 'scim' })).to.equal(1);
    expect(requests({ route: 'oauth' })).to.equal(1);
    expect(requests({ route: 'self', method: 'GET', status: '401' })).to.equal(1);
    expect(requests({ route: 'self', method: 'other', status: '405' })).to.equal(1);
    const { text } = await new Api(daemon.url).send('GET', '/metrics');
    for (const mark of marks) expect(text).to.not.include(mark);
  });

  it('tell of the cache, the uses that wait and the database', async () => {
    const grown = await growth(async () => {
      await owner.put('organizations/default/teams/red', {});
      for (let count = 0; count < 5; count += 1) await owner.send('GET', '/v1/authorize');
    });
    expect(grown('accredit_decision_cache_hits_total')).to.be.at.least(4);
    expect(grown('accredit_database_duration_seconds_count', { work: 'transaction' })).to.be.at.least(1);
    expect(grown('accredit_database_duration_seconds_count', { work: 'commit' })).to.be.at.least(1);
    expect(grown('accredit_database_duration_seconds_count', { work: 'read' })).to.be.at.least(1);
    const { body } = await owner.put(`${ROOT}/tokens/other`, {});
    const other = owner.as(String(body.secret));
    await daemon.maintain();
    expect((await other.send('GET', '/v1/authorize')).status).to.equal(200);
    expect((await other.send('GET', '/v1/authorize')).status).to.equal(200);
    const families = await scrape();
    expect(total(families, 'accredit_waiting_uses')).to.equal(1);
    expect(total(families, 'accredit_write_queue_depth')).to.equal(0);
    expect(total(families, 'accredit_decision_cache_entries')).to.be.at.least(1);
    expect(total(families, 'accredit_decision_cache_limit')).to.equal(20_000);
    expect(total(families, 'accredit_build_info')).to.equal(1);
    await daemon.maintain();
    expect(total(await scrape(), 'accredit_waiting_uses')).to.equal(0);
  });

  it('tell how many tokens there are and how many end soon, counted once a minute', async () => {
    const totals = async () => {
      const families = await scrape();
      const kind = 'service_account_token';
      return [
        total(families, 'accredit_tokens', { kind }),
        total(families, 'accredit_tokens_expiring', { kind, within: '7d' }),
        total(families, 'accredit_tokens_expiring', { kind, within: '30d' }),
        total(families, 'accredit_tokens', { kind: 'app_token' }),
      ];
    };
    for (const [name, days] of Object.entries({ day: 1, week: 7, month: 30, later: 31 })) {
      await owner.put(`${ROOT}/tokens/${name}`, { expires_in: `${days}d` });
    }
    expect(await totals()).to.deep.equal([5, 2, 3, 0]);
    await owner.put(`${ROOT}/tokens/more`, { expires_in: '2d' });
    clock.advance(59_999);
    expect(await totals(), 'within a minute').to.deep.equal([5, 2, 3, 0]);
    clock.advance(1);
    expect(await totals(), 'after a minute').to.deep.equal([6, 3, 4, 0]);
    clock.advance(DAY);
    expect(await totals(), 'after a day').to.deep.equal([5, 2, 4, 0]);
  });

  it('tell when maintenance last came to a good end', async () => {
    const at = async () => total(await scrape(), 'accredit_maintenance_last_success_timestamp_seconds');
    await daemon.maintain();
    expect(await at()).to.equal(clock.now() / 1000);
    clock.advance(5000);
    expect(await at()).to.equal(clock.now() / 1000 - 5);
    await daemon.maintain();
    expect(await at()).to.equal(clock.now() / 1000);
  });
});
