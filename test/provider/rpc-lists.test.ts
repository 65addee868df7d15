import { expect } from 'chai';
import type { Value, ValueRecord } from '../../terraform-provider/values/value.ts';
import { DATA_SOURCE_SCHEMAS, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, lineage, TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { LIST_FILTERS } from '../../terraform-provider-spec/list-filters.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import { fakeClock } from '../support/daemon.ts';
import { Bench, placed, refusal } from './rpc-bench.ts';

const DAY = 24 * 3_600_000;

describe('In lists the provider', function () {
  this.timeout(60_000);
  const clock = fakeClock();
  let bench: Bench;
  let api: OwnersApi;

  before(async () => {
    bench = await Bench.start(clock);
    api = new OwnersApi(bench.daemon.url, bench.daemon.adminToken);
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  async function put(address: string, body: JsonObject): Promise<JsonObject> {
    const answer = await api.put(address, body);
    expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    return answer.body;
  }

  async function items(type: string, given: ValueRecord = {}): Promise<ValueRecord[]> {
    return ((await bench.core.readData(type, given)) as ValueRecord).items as ValueRecord[];
  }

  const ids = async (type: string, given: ValueRecord = {}) => (await items(type, given)).map(({ id }) => id);

  /** An organization of its own with what the examples of a kind need, and two of that kind. */
  async function twoOf(kind: Kind): Promise<{ organization: string; addresses: string[] }> {
    const organization = kind.parent === undefined ? 'default' : `of-${kind.kind.replaceAll('_', '-')}`;
    const levels = lineage(kind).slice(1, -1);
    let parent = kind.parent === undefined ? '' : `organizations/${organization}`;
    if (parent !== '') await put(parent, {});
    for (const { collection, parameter } of levels) {
      parent += `/${collection}/${parameter}`;
      await put(parent, {});
    }
    const addresses = ['one', 'two'].map((name) => [parent, kind.collection, name].filter((part) => part).join('/'));
    const required = Object.entries(kind.attributes).filter(([, { access }]) => access === 'required');
    const body = Object.fromEntries(required.map(([name]) => [name, kind.examples.full[name] as Json]));
    for (const [index, address] of addresses.entries()) await put(address, { ...body, labels: { n: String(index) } });
    return { organization, addresses };
  }

  for (const kind of KINDS) {
    it(`finds every ${kind.title}, as the single data source finds it, in the order of addresses`, async () => {
      const type = `${terraformType(kind)}s`;
      const { organization, addresses } = await twoOf(kind);
      const place: ValueRecord = kind.parent === undefined ? {} : { organization };
      const found = await items(type, place);
      const mine = found.filter(({ id }) => addresses.includes(String(id)));
      expect(mine.map(({ id }) => id)).to.deep.equal(addresses);
      expect(found.map(({ id }) => id)).to.deep.equal(found.map(({ id }) => id).sort());
      for (const item of mine) {
        const names = lineage(kind)
          .slice(0, -1)
          .map(({ parameter }) => [parameter, item[parameter] as Value]);
        const single = await bench.core.readData(terraformType(kind), {
          ...Object.fromEntries(names),
          name: item.name!,
        });
        expect(item).to.deep.equal(single);
      }
      expect(await ids(type, { ...place, label: ['n:1'] })).to.deep.equal([addresses[1]]);
      expect(await ids(type, { ...place, label: ['n', 'n:0'] })).to.deep.equal([addresses[0]]);
      expect(await ids(type, { ...place, label: ['m'] })).to.deep.equal([]);
    });
  }

  for (const kind of TOKEN_KINDS) {
    it(`finds the ${kind.title}s of one owner, and those of the whole organization, and no others`, async () => {
      const organization = `mixed-${kind.kind.replaceAll('_', '-')}`;
      await put(`organizations/${organization}`, {});
      const expected = new Map<Kind, string[]>(TOKEN_KINDS.map((each) => [each, []]));
      for (const each of TOKEN_KINDS) {
        const [, owner] = lineage(each) as [Kind, Kind, Kind];
        for (const name of ['first', 'second']) {
          const above = `organizations/${organization}/${owner.collection}/${name}`;
          await put(above, {});
          await put(`${above}/tokens/main`, {});
          expected.get(each)?.push(`${above}/tokens/main`);
        }
      }
      const type = `${terraformType(kind)}s`;
      expect(await ids(type, { organization })).to.deep.equal(expected.get(kind));
      const [, owner] = lineage(kind) as [Kind, Kind, Kind];
      expect(await ids(type, { organization, [owner.parameter]: 'second' })).to.deep.equal([expected.get(kind)?.[1]]);
    });
  }

  it('keeps what each filter of tokens keeps, and shows their last use', async () => {
    const tokens: Record<string, JsonObject> = {
      ends: { expires_in: '10d' },
      endless: {},
      revoked: { state: 'revoked', expires_in: '90d' },
      used: { expires_in: '60d' },
    };
    await put('organizations/filters', { settings: { max_token_lifetime: { duration: '30d', mode: 'warn' } } });
    const account = 'organizations/filters/accounts/ci';
    await put(account, {});
    const secrets = new Map<string, string>();
    for (const [name, body] of Object.entries(tokens)) {
      secrets.set(name, String((await put(`${account}/tokens/${name}`, body)).secret));
    }
    clock.advance(DAY);
    expect(await api.authorize(String(secrets.get('used')), 'organization=filters')).to.equal(200);
    await bench.daemon.maintain();
    const time = (days: number) => new Date(clock.now() + days * DAY).toISOString().replace('.000Z', 'Z');
    const kept: [ValueRecord, string[]][] = [
      [{}, ['endless', 'ends', 'revoked', 'used']],
      [{ status: 'revoked' }, ['revoked']],
      [{ expires_before: time(20) }, ['ends']],
      [{ never_expires: true }, ['endless']],
      [{ never_expires: false }, ['ends', 'revoked', 'used']],
      [{ usage: 'used' }, ['used']],
      [{ usage: 'never', status: 'active' }, ['endless', 'ends']],
      [{ unused_since: time(-0.5) }, ['endless', 'ends', 'revoked']],
      [{ without_successor: true }, ['endless']],
      [{ exceeds_max_lifetime: true }, ['endless', 'used']],
    ];
    const tried = new Set(kept.flatMap(([given]) => Object.keys(given)));
    expect([...tried]).to.have.members(Object.keys(LIST_FILTERS));
    for (const [given, names] of kept) {
      const found = await items('accredit_service_account_tokens', {
        organization: 'filters',
        account: 'ci',
        ...given,
      });
      expect(
        found.map(({ name }) => name),
        JSON.stringify(given),
      ).to.deep.equal(names);
    }
    const [used] = await items('accredit_service_account_tokens', { organization: 'filters', usage: 'used' });
    expect(used).to.deep.include({ last_used_ip: '127.0.0.1', last_used_at: time(0), valid_until: time(59) });
    expect(JSON.stringify(used)).not.to.include('acr_sa_');
  });

  it('reads every page to the end', async () => {
    await put('organizations/many', {});
    const names = Array.from({ length: 503 }, (_, index) => `t-${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => put(`organizations/many/teams/${name}`, {})));
    const found = await items('accredit_teams', { organization: 'many' });
    expect(found.map(({ name }) => name)).to.deep.equal(names);
  });

  it('finds what the caller may see, and nothing else', async () => {
    await put('organizations/default/teams/mine', {});
    await put('organizations/default/accounts/of-mine', { scope: 'teams/mine' });
    const caller = await bench.callerWith({
      scope: 'teams/mine',
      grants: [{ role: 'team-admin', scope: 'teams/mine' }],
    });
    await bench.configure({ token: caller });
    const accounts = await ids('accredit_service_accounts');
    expect(accounts).to.include('organizations/default/accounts/of-mine');
    expect(accounts).not.to.include('organizations/default/accounts/root');
  });

  it('takes the organization of the provider, and says which it was', async () => {
    await put('organizations/elsewhere', {});
    await put('organizations/elsewhere/teams/there', {});
    await bench.configure({ organization: 'elsewhere' });
    const found = (await bench.core.readData('accredit_teams', {})) as ValueRecord;
    expect(found.organization).to.equal('elsewhere');
    expect((found.items as ValueRecord[]).map(({ name }) => name)).to.deep.equal(['there']);
  });

  it('says whose list there is none of, and that the daemon does not let the caller in', async () => {
    const list = (given: ValueRecord) => refusal(bench.core.readData('accredit_service_account_tokens', given));
    expect(placed((await list({ account: 'nobody' })).diagnostics)).to.deep.equal(['account: No such service account']);
    expect(placed((await list({ organization: 'none' })).diagnostics)).to.deep.equal([
      'organization: No such organization',
    ]);
    await bench.configure({ token: await bench.callerWith({ grants: [{ role: 'none' }] }) });
    expect(placed((await list({})).diagnostics)).to.deep.equal([": The provider's token does not allow this"]);
  });

  it('refuses a filter that means nothing before it asks, at the attribute', async () => {
    const wrong: [ValueRecord, string][] = [
      [{ status: 'gone' }, 'status: "gone" must be one of "active", "expired", "revoked", "disabled".'],
      [{ usage: 'often' }, 'usage: "often" must be one of "never", "used".'],
      [{ expires_before: 'tomorrow' }, 'expires_before: "tomorrow" must be a time'],
      [{ unused_since: '2027-02-30T00:00:00Z' }, 'unused_since: "2027-02-30T00:00:00Z" must be a time'],
      [{ label: ['env', 'Not a name:x'] }, 'label: "Not a name:x" must be "key" or "key:value".'],
      [{ account: 'Not a name' }, 'is no name for the account'],
    ];
    for (const [given, text] of wrong) {
      const { diagnostics } = await refusal(bench.core.readData('accredit_service_account_tokens', given));
      expect(diagnostics[0]?.detail).to.include(text);
      expect(diagnostics[0]?.attribute?.steps[0]?.attribute_name).to.equal(Object.keys(given)[0]);
    }
  });

  it('has a list of every kind, and none holds a secret', () => {
    const lists = [...DATA_SOURCE_SCHEMAS.values()].filter((schema) => schema.lists);
    expect(lists.map(({ type }) => type)).to.deep.equal(KINDS.map((kind) => `${terraformType(kind)}s`));
    for (const { attributes, kind } of lists) {
      const found = attributes.find(({ name }) => name === 'items');
      expect(found?.nested?.attributes.filter(({ sensitive }) => sensitive)).to.deep.equal([]);
      const filters = attributes.flatMap(({ source }) => (source.from === 'filter' ? [source.filter] : []));
      expect(filters).to.deep.equal(['label', ...(kind.filters ?? [])]);
    }
  });
});
