/** Whoever administers a team or a project, or is confined to the apps of a team, learns nothing of what lies elsewhere. */
import { expect } from 'chai';
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from '../contract/api.ts';
import { fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import {
  A,
  build,
  D,
  more,
  OF_ANOTHER_PROJECT,
  OF_ANOTHER_TEAM,
  OF_THE_ORGANIZATION,
  OWN_ACCOUNT,
  type Pair,
  TEAMLESS_APP,
  UNSEEN_APP,
} from './elsewhere.ts';

type Send = (api: Api, address: string) => Promise<Answer>;

/** Every way to ask for a resource and what is below it, each of which may tell whether it is there. */
function requests(bodies: readonly Json[], deeper: readonly string[]): Send[] {
  const queries = ['', 'dry_run=true'];
  return [
    (api, address) => api.get(address),
    (api, address) => api.get(address, { query: 'view=full' }),
    ...bodies.flatMap((body) =>
      queries.map<Send>((query) => (api, address) => api.put(address, body, query === '' ? {} : { query })),
    ),
    ...HEADERS.map<Send>((headers) => (api, address) => api.put(address, bodies[0] ?? {}, { headers })),
    (api, address) => api.delete(address),
    ...['dry_run=true', 'cascade=false', 'claim=x'].map<Send>(
      (query) => (api, address) => api.delete(address, { query }),
    ),
    (api, address) => api.delete(address, { headers: { 'If-Match': '*' } }),
    (api, address) => api.get(`${address}/tokens`),
    (api, address) => api.get(`${address}/tokens`, { query: 'status=active&limit=1' }),
    ...deeper.flatMap((path) => below(path)),
  ];
}

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'If-Match': '*' },
  { 'If-None-Match': '*' },
  { 'Accredit-Manager': 'terraform', 'Accredit-Adopt': 'true' },
  { 'Accredit-Claim': 'mine', 'Idempotency-Key': 'mine' },
];

/** A token of it, one that was revoked and one that never was. */
const TOKENS = ['tokens/main', 'tokens/dead', 'tokens/none'];

function below(token: string): Send[] {
  return [
    (api, address) => api.get(`${address}/${token}`),
    (api, address) => api.put(`${address}/${token}`, {}),
    (api, address) => api.put(`${address}/${token}`, { rotation: 'x' }, { query: 'dry_run=true' }),
    (api, address) => api.put(`${address}/${token}`, { profile: 'no-such', colour: 'red' }),
    (api, address) => api.delete(`${address}/${token}`),
    (api, address) => api.post(`${address}/${token}/rotation`, {}),
    (api, address) => api.put(`${address}/${token}/revocation`, { reason: 'leaver' }),
    (api, address) => api.get(`${address}/${token}/revocation`),
    (api, address) => api.delete(`${address}/${token}/revocation`),
  ];
}

/** Bodies that do not put an account into the caller's own team or project. */
const ACCOUNT_BODIES: readonly Json[] = [
  {},
  { scope: 'organization', display_name: 'Mine' },
  { scope: 'teams/green' },
  { scope: 'teams/never' },
  { scope: 'projects/theirs', grants: [{ role: 'viewer', scope: 'projects/theirs' }] },
  { grants: [{ role: 'team-admin', scope: 'teams/blue' }], teams: ['blue'] },
  { colour: 'red' },
  { disabled: 'yes', scope: 7 },
  7,
  [],
];
const APP_BODIES: readonly Json[] = [{}, { teams: ['green'] }, { project: 'theirs' }, { teams: 'blue' }, 7];

describe('what lies elsewhere is not there:', () => {
  const clock = fakeClock();
  let daemon: TestDaemon;
  let root: Api;
  const callers = new Map<string, Api>();
  before(async () => {
    daemon = await startTestDaemon({ clock });
    root = new Api(daemon.url, daemon.adminToken);
    for (const [caller, secret] of await build(root)) callers.set(caller, root.as(secret));
  });
  after(() => daemon.close());

  const by = (caller: string): Api => callers.get(caller) as Api;
  let compared = 0;

  /** Sends everything to both, and expects the answers and what is on record of them to be equal byte for byte. */
  async function expectSame(api: Api, { real, unreal }: Pair, sends: readonly Send[]): Promise<void> {
    const organization = organizationOf(real);
    const etag = (await root.get(real)).headers.etag;
    const pairs: [Answer, Answer][] = [];
    for (const send of sends) {
      // The record is limited by the minute.
      clock.advance(60_000);
      const [there, never] = await Promise.all([send(api, real), send(api, unreal)]);
      expect(there.status, there.text).to.be.within(400, 499);
      expect(whole(there)).to.deep.equal(whole(never));
      pairs.push([there, never]);
    }
    expect((await root.get(real)).headers.etag, 'nothing has changed').to.equal(etag);
    expect((await root.get(unreal)).status).to.equal(404);
    const events = await root.all(`${organization}/audit-events`, 'limit=1000');
    const byRequest = new Map(events.map((event) => [event.request_id, event]));
    for (const [there, never] of pairs) {
      expect(onRecord(byRequest.get(there.headers['x-request-id'] ?? ''), real)).to.deep.equal(
        onRecord(byRequest.get(never.headers['x-request-id'] ?? ''), unreal),
      );
    }
    compared += pairs.length;
  }

  for (const [caller, pairs] of [
    ['the admin of a team', [OF_ANOTHER_TEAM, OF_THE_ORGANIZATION, OF_ANOTHER_PROJECT, OWN_ACCOUNT]],
    ['the admin of a project', [OF_ANOTHER_TEAM, OF_THE_ORGANIZATION, OF_ANOTHER_PROJECT]],
  ] as const) {
    for (const pair of pairs) {
      it(`to ${caller} ${pair.what} is answered as what never was`, async () => {
        await expectSame(by(caller), pair, requests(ACCOUNT_BODIES, TOKENS));
      });
    }
  }

  for (const caller of ['a viewer confined by team isolation', 'a developer confined by team isolation']) {
    for (const pair of [UNSEEN_APP, TEAMLESS_APP]) {
      it(`to ${caller} ${pair.what} is answered as what never was`, async () => {
        await expectSame(by(caller), pair, requests(APP_BODIES, TOKENS));
        const ask: Send = (api, address) =>
          api.send(
            'GET',
            `/v1/authorize?organization=acme&permission=apps.read&scope=apps/${address.split('/').at(-1)}`,
          );
        await expectSame(by(caller), pair, [ask]);
      });
    }
  }

  it('to the admin of a team users are out of reach, there or not, with their tokens and their enrolment', async () => {
    const pair = { what: 'a user', real: `${D}/users/alice`, unreal: `${D}/users/never` };
    await expectSame(by('the admin of a team'), pair, [
      ...requests([{}, { teams: ['blue'] }], TOKENS),
      (api, address) => api.post(`${address}/enrolment`, {}),
      (api, address) => api.post(`${address}/enrolment`, {}, { query: 'dry_run=true' }),
    ]);
  });

  it('a reference to it reads like one to what never was', async () => {
    const own = { scope: 'teams/blue' };
    const refer = async (api: Api, address: string, body: (name: string) => JsonObject, names: [string, string]) => {
      const query = 'dry_run=true';
      const [there, never] = await Promise.all(names.map((name) => api.put(address, body(name), { query })));
      const [real, unreal] = names;
      expect(there?.status, there?.text).to.equal(422);
      expect(whole(there as Answer).text.replaceAll(real, unreal)).to.equal(whole(never as Answer).text);
      compared += 1;
    };
    const lead = by('the admin of a team');
    const keeper = by('the admin of a project');
    const developer = by('a developer confined by team isolation');
    const home = { scope: 'projects/mine' };
    await refer(lead, `${D}/accounts/blue`, (name) => ({ ...own, teams: [name] }), ['green', 'never']);
    await refer(
      lead,
      `${D}/accounts/blue`,
      (name) => ({ ...own, grants: [{ role: 'none', scope: `teams/${name}` }] }),
      ['green', 'never'],
    );
    await refer(keeper, `${D}/accounts/mine`, (name) => ({ ...home, teams: [name] }), ['green', 'never']);
    await refer(
      keeper,
      `${D}/accounts/mine`,
      (name) => ({ ...home, grants: [{ role: 'none', scope: `projects/${name}` }] }),
      ['theirs', 'nevers'],
    );
    await refer(developer, `${A}/apps/blue`, (name) => ({ teams: ['blue', name] }), ['never', 'ghost']);
  });

  it('no list, filter, page or count shows it, or shows that there is more of it', async () => {
    const lists = [
      `${D}/accounts`,
      `${D}/accounts?limit=1`,
      `${D}/accounts?label=secret`,
      `${D}/tokens`,
      `${D}/tokens?limit=1&view=full`,
      `${D}/tokens?status=active`,
      `${D}/tokens?usage=never&never_expires=true`,
      `${D}/token-counts`,
      `${D}/teams`,
      `${D}/apps`,
    ];
    const isolated = [`${A}/apps`, `${A}/apps?limit=1`, `${A}/apps?label=secret`, `${A}/tokens`, `${A}/token-counts`];
    const asked: [string, string][] = [
      ...['the admin of a team', 'the admin of a project'].flatMap((caller) =>
        lists.map((list): [string, string] => [caller, list]),
      ),
      ...['a viewer confined by team isolation', 'a developer confined by team isolation'].flatMap((caller) =>
        isolated.map((list): [string, string] => [caller, list]),
      ),
    ];
    const answers = () => Promise.all(asked.map(async ([caller, list]) => whole(await by(caller).get(list))));
    const before = await answers();
    await more(root);
    const after = await answers();
    asked.forEach(([caller, list], index) => {
      expect(after[index], `${list} to ${caller}`).to.deep.equal(before[index]);
    });
    compared += asked.length;
    expect(JSON.stringify(before)).to.not.match(/accounts\/(green|whole|apart|more)|apps\/(green|whole|more)/);
    expect(JSON.stringify(before)).to.include(`${D}/accounts/blue`).and.include(`${A}/apps/blue`);
  });

  it('a name that is taken elsewhere cannot be taken in the own team, and the answer says no more than that', async () => {
    const lead = by('the admin of a team');
    const body = { scope: 'teams/blue' };
    const taken = await lead.put(OF_ANOTHER_TEAM.real, body);
    expect(whole(taken)).to.deep.equal(whole(await lead.get(OF_ANOTHER_TEAM.unreal)));
    expect((await lead.put(`${D}/accounts/free`, body)).status).to.equal(201);
  });

  it('what lies in the own team or project is there', async () => {
    for (const [caller, address] of [
      ['the admin of a team', `${D}/accounts/blue`],
      ['the admin of a project', `${D}/accounts/mine`],
      ['a viewer confined by team isolation', `${A}/apps/blue`],
      ['a developer confined by team isolation', `${A}/apps/blue`],
    ] as const) {
      expect((await by(caller).get(address)).status, caller).to.equal(200);
    }
    expect((await by('the admin of a team').put(`${D}/accounts/blue/tokens/new`, {})).status).to.equal(201);
    expect((await by('the admin of a project').delete(`${D}/accounts/mine`)).status).to.equal(204);
  });

  it('whoever sees both can tell them apart by every read and dry run: the comparison can fail', async () => {
    const reads = [OF_ANOTHER_TEAM, UNSEEN_APP].flatMap(({ real, unreal }) =>
      ['', '/tokens', '/tokens/main', '/tokens/dead/revocation'].map((path) => [`${real}${path}`, `${unreal}${path}`]),
    ) as [string, string][];
    for (const [real, unreal] of reads) {
      const answers = await Promise.all([root.get(real), root.get(unreal)]);
      expect(whole(answers[0]), real).to.not.deep.equal(whole(answers[1]));
    }
    console.log(`    ${compared} pairs of answers compared byte for byte, 0 differ`);
  });
});

/** An answer without what differs from request to request. */
function whole({ status, headers, text }: Answer): { status: number; headers: unknown; text: string } {
  const { date: _date, 'x-request-id': _id, ...others } = headers;
  return { status, headers: others, text: text.replace(/"request_id":"[^"]*"/, '"request_id":""') };
}

/** What a reader of the log sees of a refusal, without what differs from request to request. */
function onRecord(event: JsonObject | undefined, address: string): Json {
  if (event === undefined) return null;
  const { action, actor, at, outcome, details } = event;
  const seen = { action, actor, at, outcome, details, about: event.address ?? null };
  return JSON.parse(JSON.stringify(seen).replaceAll(address, 'ADDRESS')) as Json;
}
