/** Ways to switch a token's power on and off by the API, and a run that does so while it is asked about all the time. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { cases } from '../support/cases.ts';
import { History } from './history.ts';

/** One front of one installation: several for one database, or one. */
export interface Front {
  readonly url: string;
  readonly adminToken: string;
}

/** What is switched, and by which requests. */
interface Switch {
  readonly name: string;
  /** The tokens that are asked about: one, and an access token that was issued for it. */
  readonly tokens: readonly string[];
  /** Where is asked. */
  readonly scope: string;
  /** The path below the organization that is PUT or DELETEd, and with what. */
  readonly on: Request;
  readonly off: Request;
}

type Request = readonly [method: 'PUT' | 'DELETE', path: string, body?: JsonObject];

/** Numbers from 0 to below 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // The multiplier and increment of Numerical Recipes.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Switches tokens on and off through `fronts` while `askers` ask through them, and throws when an answer is none that
 * was possible. Resolves to how many answers were checked, and of how many only one value was possible.
 */
export async function switchAndAsk(
  fronts: readonly Front[],
  next: () => number,
  { changes = cases(8), askers = 2 }: { changes?: number; askers?: number } = {},
): Promise<{ answers: number; certain: number }> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const call = async ([method, path, body]: Request): Promise<JsonObject> => {
    const { url, adminToken } = pick(fronts);
    const answer = await fetch(`${url}/v1/organizations/default${path}`, {
      method,
      headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
      ...(method === 'PUT' && { body: JSON.stringify(body ?? {}) }),
    });
    const text = await answer.text();
    expect(answer.ok, `${method} ${path}: ${text}`).to.equal(true);
    return text === '' ? {} : JSON.parse(text);
  };
  const authorize = async (token: string, scope: string): Promise<boolean> => {
    const { url } = pick(fronts);
    const answer = await fetch(`${url}/v1/authorize?permission=builds.write&scope=${scope}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    expect(answer.status).to.be.oneOf([200, 401, 403]);
    return answer.status === 200;
  };
  const introspect = async (token: string, scope: string): Promise<boolean> => {
    const { url, adminToken } = pick(fronts);
    const answer = await fetch(`${url}/v1/introspect`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${adminToken}` },
      body: new URLSearchParams({ token, permission: 'builds.write', scope, client_ip: '127.0.0.1' }),
    });
    expect(answer.status).to.equal(200);
    return ((await answer.json()) as { allowed?: boolean }).allowed === true;
  };

  let isOver = false;
  const histories: History<boolean>[] = [];
  const flip = async ({ name, tokens, scope, on, off }: Switch): Promise<void> => {
    const history = new History(true);
    histories.push(history);
    const ask = () => history.ask(() => pick([authorize, introspect])(pick(tokens), scope));
    const asking = Array.from({ length: askers }, async () => {
      while (!isOver) await ask();
    });
    const switching = async () => {
      for (let change = 0; change < changes; change += 1) {
        const to = change % 2 === 1;
        await history.change(to, () => call(to ? on : off));
        // The very next questions.
        for (let time = 1; time <= 3; time += 1) await ask();
      }
    };
    await switching().finally(() => {
      ended += 1;
      isOver = ended === count;
    });
    await Promise.all(asking).catch((error: unknown) => {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    });
  };

  const issue = async (name: string, token: string): Promise<string> => {
    const { url } = pick(fronts);
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: name, client_secret: token });
    const answer = await fetch(`${url}/v1/oauth/token`, { method: 'POST', body });
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return JSON.parse(text).access_token;
  };

  let ended = 0;
  const switches = await prepare(call, issue);
  const count = switches.length;
  await Promise.all(switches.map(flip)).finally(() => {
    isOver = true;
  });
  const counts = histories.map((history) => history.counts);
  return {
    answers: counts.reduce((sum, { answers }) => sum + answers, 0),
    certain: counts.reduce((sum, { certain }) => sum + certain, 0),
  };
}

/** Makes what is switched. */
async function prepare(
  call: (request: Request) => Promise<JsonObject>,
  issue: (name: string, token: string) => Promise<string>,
): Promise<Switch[]> {
  for (const path of ['/projects/p', '/projects/top', '/teams/t', '/teams/other', '/apps/gone', '/apps/hidden']) {
    await call(['PUT', path]);
  }
  await call(['PUT', '/projects/moved', { parent: 'top' }]);
  await call(['PUT', '/apps/moved', { project: 'top' }]);
  await call(['PUT', '/apps/shared', { teams: ['t'] }]);
  for (const role of ['fixed', 'switched']) await call(['PUT', `/roles/${role}`, { permissions: ['builds.write'] }]);
  await call(['PUT', '/token-profiles/switched', {}]);

  interface Made {
    readonly role?: string;
    /** Of its grant. */
    readonly at?: string;
    readonly account?: JsonObject;
    readonly token?: JsonObject;
    /** Where is asked about it. */
    readonly scope?: string;
  }
  const made = async (name: string, { role = 'fixed', at = 'projects/p', scope = at, ...more }: Made = {}) => {
    await call(['PUT', `/accounts/${name}`, { grants: [{ role, scope: at }], ...more.account }]);
    const token = (await call(['PUT', `/accounts/${name}/tokens/t`, more.token ?? {}])).secret as string;
    return { tokens: [token, await issue(name, token)], scope };
  };
  const grants = [{ role: 'fixed', scope: 'projects/p' }];
  const path = (name: string) => `/accounts/${name}/tokens/t`;
  return [
    {
      name: 'the state of a token',
      ...(await made('state')),
      on: ['PUT', path('state'), { state: 'active' }],
      off: ['PUT', path('state'), { state: 'revoked' }],
    },
    {
      name: 'an emergency revocation',
      ...(await made('latch')),
      on: ['DELETE', `${path('latch')}/revocation`],
      off: ['PUT', `${path('latch')}/revocation`, { reason: 'other' }],
    },
    {
      name: 'a disabled account',
      ...(await made('disabled')),
      on: ['PUT', '/accounts/disabled', { grants }],
      off: ['PUT', '/accounts/disabled', { grants, disabled: true }],
    },
    {
      name: 'a grant',
      ...(await made('grant')),
      on: ['PUT', '/accounts/grant', { grants }],
      off: ['PUT', '/accounts/grant', { grants: [] }],
    },
    {
      name: 'a role',
      ...(await made('role', { role: 'switched' })),
      on: ['PUT', '/roles/switched', { permissions: ['builds.write'] }],
      off: ['PUT', '/roles/switched', { permissions: ['builds.read'] }],
    },
    {
      name: 'the networks of a token',
      ...(await made('network')),
      on: ['PUT', path('network'), { allowed_cidrs: ['127.0.0.0/8'] }],
      off: ['PUT', path('network'), { allowed_cidrs: ['10.0.0.0/8'] }],
    },
    {
      name: 'a narrowed token',
      ...(await made('narrow')),
      on: ['PUT', path('narrow'), {}],
      off: ['PUT', path('narrow'), { permissions: ['x.y'] }],
    },
    {
      name: 'the schemes of a profile',
      ...(await made('profiled', { token: { profile: 'switched' } })),
      on: ['PUT', '/token-profiles/switched', { schemes: ['bearer'] }],
      off: ['PUT', '/token-profiles/switched', { schemes: ['basic'] }],
    },
    {
      name: 'where a project lies',
      ...(await made('above', { at: 'projects/top', scope: 'projects/moved' })),
      on: ['PUT', '/projects/moved', { parent: 'top' }],
      off: ['PUT', '/projects/moved', {}],
    },
    {
      name: 'where an app lies',
      ...(await made('around', { at: 'projects/top', scope: 'apps/moved' })),
      on: ['PUT', '/apps/moved', { project: 'top' }],
      off: ['PUT', '/apps/moved', { project: 'p' }],
    },
    {
      name: 'the teams of an app',
      ...(await made('team', { at: 'teams/t', scope: 'apps/shared' })),
      on: ['PUT', '/apps/shared', { teams: ['t', 'other'] }],
      off: ['PUT', '/apps/shared', { teams: ['other'] }],
    },
    {
      name: 'whether teams are isolated',
      ...(await made('isolated', { at: 'organization', account: { teams: ['t'] }, scope: 'apps/hidden' })),
      on: ['PUT', '', { settings: { team_isolation: false } }],
      off: ['PUT', '', { settings: { team_isolation: true } }],
    },
    {
      name: 'whether there is what is asked about',
      ...(await made('everywhere', { at: 'organization', scope: 'apps/gone' })),
      on: ['PUT', '/apps/gone'],
      off: ['DELETE', '/apps/gone'],
    },
  ];
}
