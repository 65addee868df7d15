import { expect } from 'chai';
import type { Operation } from '../../daemon/domain/snapshot.ts';
import { writableAttributes } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const ACCOUNT = `${ORGANIZATION}/accounts/ci`;
const TOKEN = `${ACCOUNT}/tokens/deploy`;

/** Takes attributes out of stored rows, as if they had been written before there were such, and the keys with them. */
async function age(f: Fixture, address: string, names: readonly string[]): Promise<void> {
  const operation: Operation<void> = {
    needs: { resources: [address] },
    organizations: [ORGANIZATION],
    decide(snapshot) {
      const row = snapshot.resource(address);
      if (row === undefined) throw new Error(`there is no ${address}`);
      const attributes = Object.fromEntries(
        Object.entries(row.attributes).flatMap(([name, value]): [string, Json][] => {
          if (names.includes(name)) return [];
          const inner = names.filter((each) => each.startsWith(`${name}.`)).map((each) => each.slice(name.length + 1));
          return [[name, inner.length === 0 ? value : without(value as JsonObject, inner)]];
        }),
      );
      snapshot.put({ ...row, attributes, keys: [] });
    },
  };
  await f.store.engine.submit(operation);
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

describe('rows from before there were projects, teams and profiles', () => {
  let f: Fixture;
  let secret: string;
  beforeEach(async () => {
    f = await openFixture();
    await f.put(ACCOUNT, { grants: [{ role: 'viewer' }] });
    secret = secretOf(await f.put(TOKEN, { rotation: 'a', expires_in: '90d', overlap: '1h' }));
    await age(f, ORGANIZATION, ['settings.team_isolation', 'settings.max_token_lifetime']);
    await age(f, ACCOUNT, ['scope', 'teams']);
    await age(f, TOKEN, ['profile', 'purpose']);
  });
  afterEach(() => f.close());

  const get = async (address: string) => f.service.get({ caller: f.as(f.root), address });

  it('read back with the defaults of what they lack', async () => {
    const { settings } = (await get(ORGANIZATION)).resource;
    expect(settings).to.deep.include({ team_isolation: false, max_token_lifetime: null });
    expect((await get(ACCOUNT)).resource).to.deep.include({ scope: 'organization', teams: [] });
    expect((await get(TOKEN)).resource).to.include({ profile: 'standard', purpose: 'api', status: 'active' });
    const page = await f.service.list({
      caller: f.as(f.root),
      kinds: ['service_account_token'],
      parent: ORGANIZATION,
      everywhere: true,
      limit: 10,
      filters: { without_successor: 'true', exceeds_max_lifetime: 'false', status: 'active' },
    });
    expect(page.items.map(({ address, profile }) => [address, profile])).to.deep.equal([
      [TOKEN, 'standard'],
      [`${ORGANIZATION}/accounts/root/tokens/bootstrap`, 'standard'],
    ]);
  });

  it('are unchanged by an identical PUT, whether it names the defaults or leaves them out', async () => {
    const bodies: [string, JsonObject, JsonObject][] = [
      [ORGANIZATION, { display_name: 'Default' }, { settings: { team_isolation: false, max_token_lifetime: null } }],
      [ACCOUNT, { grants: [{ role: 'viewer' }] }, { scope: 'organization', teams: [] }],
      [TOKEN, { rotation: 'a', expires_in: '90d', overlap: '1h' }, { profile: 'standard', purpose: 'api' }],
    ];
    for (const [address, body, defaults] of bodies) {
      const { etag } = await get(address);
      for (const same of [body, { ...body, ...defaults }]) {
        expect(await f.put(address, same)).to.include({ outcome: 'unchanged', etag });
      }
    }
  });

  it('are still fixed in what is fixed at creation', async () => {
    await refused(f.put(ACCOUNT, { grants: [], scope: 'projects/x' }), 'immutable');
    await refused(f.put(TOKEN, { profile: 'static' }), 'immutable');
    await refused(f.put(TOKEN, { purpose: 'scim' }), 'immutable');
  });

  it('decide as before, with teams about and with isolation', async () => {
    await f.put(`${ORGANIZATION}/teams/red`);
    await f.put(`${ORGANIZATION}/apps/till`, { teams: ['red'] });
    const read = {
      credential: { scheme: 'basic', token: secret },
      ip: null,
      permission: 'apps.read',
      scope: 'apps/till',
    } as const;
    const decision = async () => (await f.service.verify(read, 'question')).decision;
    expect(await decision()).to.equal('allowed');
    await f.put(ORGANIZATION, { settings: { team_isolation: true } });
    expect(await decision(), 'who has no team sees all').to.equal('allowed');
    await f.put(ACCOUNT, { grants: [{ role: 'viewer' }], teams: ['red'] });
    expect(await decision()).to.equal('allowed');
    await f.put(`${ORGANIZATION}/apps/till`, { teams: [] });
    expect(await decision()).to.equal('forbidden');
  });

  it('go on in their life: rotated, revoked, restored, renewed', async () => {
    const rotated = await f.put(TOKEN, { rotation: 'b', expires_in: '90d', overlap: '1h' });
    expect(rotated.outcome).to.equal('rotated');
    expect(await f.decision(secret), 'in the overlap').to.equal('allowed');
    expect((await f.put(TOKEN, { state: 'revoked' })).outcome).to.equal('updated');
    expect((await f.put(TOKEN, { expires_in: '30d' })).outcome).to.equal('updated');
    const self = await f.service.rotateSelf({ caller: f.as(secretOf(rotated)), body: null });
    expect(await f.decision(secretOf(self))).to.equal('allowed');
    expect((await f.delete(ACCOUNT)).outcome).to.equal('deleted');
  });
});

describe('a row that lacks an attribute', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
    await f.put(`${ORGANIZATION}/apps/parent`);
    await f.put(`${ORGANIZATION}/accounts/parent`);
    await f.put(`${ORGANIZATION}/users/parent`);
  });
  after(() => f.close());

  const places: Readonly<Record<string, string>> = {
    organization: '',
    service_account: ORGANIZATION,
    service_account_token: `${ORGANIZATION}/accounts/parent`,
    app_token: `${ORGANIZATION}/apps/parent`,
    personal_access_token: `${ORGANIZATION}/users/parent`,
  };

  for (const kind of KINDS) {
    const above = places[kind.kind] ?? ORGANIZATION;
    const address = `${above === '' ? '' : `${above}/`}${kind.collection}/old`;
    it(`is read and left alone like one that has its default: ${kind.title}`, async () => {
      const user = `${ORGANIZATION}/users/parent`;
      const options = kind.token?.selfService
        ? { caller: f.as(secretOf(await f.service.enrol({ caller: f.as(f.root), address: user, body: null }))) }
        : {};
      const made = await f.put(address, {}, options);
      // Only the user writes its own tokens: what was just made is what the next request is made with.
      const self = kind.token?.selfService ? { caller: f.as(secretOf(made)) } : {};
      for (const name of Object.keys(writableAttributes(kind))) {
        const before = await f.service.get({ caller: f.as(f.root), address, view: 'full' });
        await age(f, address, [name]);
        const after = await f.service.get({ caller: f.as(f.root), address, view: 'full' });
        expect(after, name).to.deep.equal(before);
        expect(await f.put(address, {}, self), name).to.include({ outcome: 'unchanged', etag: before.etag });
      }
    });
  }
});
