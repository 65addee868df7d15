/** What lies elsewhere: in another team, in another project, in the organization, out of sight. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Api } from '../contract/api.ts';

export const D = 'organizations/default';
/** An organization with team isolation. */
export const A = 'organizations/acme';

/** Something that is there and hidden, and an address of the same length at which there never was anything. */
export interface Pair {
  readonly what: string;
  readonly real: string;
  readonly unreal: string;
}

export const OF_ANOTHER_TEAM: Pair = {
  what: 'an account of another team',
  real: `${D}/accounts/green`,
  unreal: `${D}/accounts/never`,
};
export const OF_THE_ORGANIZATION: Pair = {
  what: 'an account of the organization',
  real: `${D}/accounts/whole`,
  unreal: `${D}/accounts/never`,
};
export const OF_ANOTHER_PROJECT: Pair = {
  what: 'an account of another project',
  real: `${D}/accounts/apart`,
  unreal: `${D}/accounts/never`,
};
export const OWN_ACCOUNT: Pair = {
  what: 'the own account, which lies in the organization',
  real: `${D}/accounts/chief`,
  unreal: `${D}/accounts/never`,
};
export const UNSEEN_APP: Pair = { what: 'an app of another team', real: `${A}/apps/green`, unreal: `${A}/apps/never` };
export const TEAMLESS_APP: Pair = { what: 'an app without a team', real: `${A}/apps/whole`, unreal: `${A}/apps/never` };

/** Makes it, and everybody from whom it is hidden; answers their secrets. */
export async function build(root: Api): Promise<Map<string, string>> {
  const put = async (address: string, body: JsonObject): Promise<JsonObject> => {
    const answer = await root.put(address, body);
    expect(answer.status, `${address}: ${answer.text}`).to.be.oneOf([200, 201]);
    return answer.body;
  };
  const caller = async (account: string, body: JsonObject): Promise<string> => {
    await put(account, body);
    return String((await put(`${account}/tokens/own`, {})).secret);
  };
  const withTokens = async (holder: string, body: JsonObject) => {
    await put(holder, { ...body, labels: { secret: 'yes' } });
    await put(`${holder}/tokens/main`, {});
    await put(`${holder}/tokens/dead`, {});
    await put(`${holder}/tokens/dead/revocation`, { reason: 'other' });
  };
  for (const team of ['blue', 'green']) await put(`${D}/teams/${team}`, {});
  for (const project of ['mine', 'theirs']) await put(`${D}/projects/${project}`, {});
  await put(`${D}/roles/keeper`, { permissions: ['accounts.*', 'tokens.*'] });
  await withTokens(`${D}/accounts/blue`, { scope: 'teams/blue' });
  await withTokens(`${D}/accounts/mine`, { scope: 'projects/mine' });
  await withTokens(OF_ANOTHER_TEAM.real, { scope: 'teams/green' });
  await withTokens(OF_THE_ORGANIZATION.real, {});
  await withTokens(OF_ANOTHER_PROJECT.real, { scope: 'projects/theirs' });
  await put(`${D}/users/alice`, { teams: ['blue'] });
  await put(A, {});
  for (const team of ['blue', 'green']) await put(`${A}/teams/${team}`, {});
  await withTokens(`${A}/apps/blue`, { teams: ['blue'] });
  await withTokens(UNSEEN_APP.real, { teams: ['green'] });
  await withTokens(TEAMLESS_APP.real, {});
  const callers = new Map([
    ['the admin of a team', await caller(OWN_ACCOUNT.real, { grants: [{ role: 'team-admin', scope: 'teams/blue' }] })],
    [
      'the admin of a project',
      await caller(`${D}/accounts/keeper`, { grants: [{ role: 'keeper', scope: 'projects/mine' }] }),
    ],
    [
      'a viewer confined by team isolation',
      await caller(`${A}/accounts/viewer`, { grants: [{ role: 'viewer' }], teams: ['blue'] }),
    ],
    [
      'a developer confined by team isolation',
      await caller(`${A}/accounts/developer`, { grants: [{ role: 'developer' }], teams: ['blue'] }),
    ],
  ]);
  await put(`${OWN_ACCOUNT.real}/tokens/main`, {});
  await put(A, { settings: { team_isolation: true } });
  return callers;
}

/** More of what is hidden already. */
export async function more(root: Api): Promise<void> {
  const rows: [string, JsonObject][] = [
    [`${D}/accounts/more`, { scope: 'teams/green', labels: { secret: 'yes' } }],
    [`${D}/accounts/more/tokens/main`, {}],
    [`${D}/accounts/more-2`, { labels: { secret: 'yes' } }],
    [`${D}/accounts/more-2/tokens/main`, { expires_in: '1d' }],
    [`${D}/teams/more`, {}],
    [`${D}/apps/more`, { teams: ['green'] }],
    [`${A}/apps/more`, { teams: ['green'], labels: { secret: 'yes' } }],
    [`${A}/apps/more/tokens/main`, {}],
  ];
  for (const [address, body] of rows) expect((await root.put(address, body)).status, address).to.equal(201);
}
