import { expect } from 'chai';
import type { Answer, Caller, Credential, WriteOptions } from '../../daemon/domain/api.ts';
import type { Problem } from '../../daemon/domain/problem.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { DAY, type Fixture, openFixture, secretOf } from '../support/service.ts';
import {
  ACTIONS,
  type Action,
  BUILT_IN,
  CUSTOM,
  expected,
  isPossible,
  type Policy,
  STATES,
  type State,
} from './profile-table.ts';

const ORGANIZATION = 'organizations/default';
const MANAGED = { manager: 'm', claim: 'one' };

/** A token in a state, and what is to be done with it. */
interface Combination {
  readonly state: State;
  readonly action: Action;
  readonly account: string;
  readonly token: string;
  /** What was declared last. */
  body: JsonObject;
  readonly secrets: { current?: string; previous?: string; new?: string };
}

describe('the life of a token under every profile', () => {
  let combinations = 0;

  for (const [name, profile] of Object.entries({ ...BUILT_IN, ...CUSTOM })) {
    it(`${name}: every action in every state comes to what the table says`, async function () {
      this.timeout(60_000);
      const f = await openFixture();
      try {
        if (name in CUSTOM) await f.put(`${ORGANIZATION}/token-profiles/${name}`, { ...profile });
        const { resource } = await f.service.get({
          caller: f.as(f.root),
          address: `${ORGANIZATION}/token-profiles/${name}`,
        });
        expect(resource).to.deep.include(profile);
        const all = await inTheirStates(f, name, profile);
        const results = await Promise.all(all.map((one) => resultOf(() => act(f, profile, one))));
        const works = await Promise.all(all.map((one) => working(f, profile, one)));
        const differences = all.flatMap(({ state, action }, index) => {
          const was = JSON.stringify({ result: results[index], works: works[index] });
          const should = JSON.stringify(expected(action, state, profile));
          return was === should ? [] : [`${state}: ${action} came to ${was}, and should come to ${should}`];
        });
        expect(differences.join('\n')).to.equal('');
        combinations += all.length;
      } finally {
        await f.close();
      }
    });
  }

  after(() => {
    console.log(`    ${combinations} combinations of a profile, a state and an action`);
  });
});

function statesOf(profile: Policy): State[] {
  return (Object.keys(STATES) as State[]).filter((state) => isPossible(state, profile));
}

/** One token for every state and action, each of an account of its own. */
async function inTheirStates(f: Fixture, name: string, profile: Policy): Promise<Combination[]> {
  const all = statesOf(profile).flatMap((state, row) =>
    (Object.keys(ACTIONS) as Action[]).map((action, column): Combination => {
      const account = `${ORGANIZATION}/accounts/a-${row}-${column}`;
      const lifetime: JsonObject = profile.expiry === 'forbidden' ? {} : { expires_in: '30d' };
      const body = { profile: name, display_name: 'Token', rotation: 'a', ...lifetime };
      return { state, action, account, token: `${account}/tokens/t`, body, secrets: {} };
    }),
  );
  await Promise.all(all.map(({ account }) => f.put(account)));
  const [over, others] = [all.filter(isOver), all.filter((one) => !isOver(one))];
  await Promise.all(over.map((one) => bringAbout(f, profile, one)));
  f.clock.advance(31 * DAY);
  await Promise.all(others.map((one) => bringAbout(f, profile, one)));
  return all;
}

function isOver({ state }: Combination): boolean {
  return state === 'expired' || state === 'revoked and expired';
}

async function bringAbout(f: Fixture, profile: Policy, one: Combination): Promise<void> {
  const { state, account, token, secrets } = one;
  const put = async (change: JsonObject) => {
    one.body = { ...one.body, ...change };
    return f.put(token, one.body, MANAGED);
  };
  secrets.current = secretOf(await put({}));
  if (state === 'never used') return;
  expect(await use(f, secrets.current, profile.schemes[0])).to.equal('allowed');
  if (state === 'in overlap') {
    secrets.previous = secrets.current;
    secrets.current = secretOf(await put({ rotation: 'b', overlap: '1h' }));
  }
  if (state === 'revoked' || state === 'revoked and expired') await put({ state: 'revoked' });
  if (state === 'latched') await latch(f, token);
  if (state === 'of a disabled account') await f.put(account, { disabled: true });
}

async function latch(f: Fixture, address: string): Promise<Answer> {
  return f.service.revoke({ caller: f.as(f.root), address, body: { reason: 'other' } });
}

async function use(f: Fixture, token: string, scheme: Credential['scheme'] = 'bearer'): Promise<string> {
  return (await f.service.verify({ credential: { scheme, token }, ip: null }, 'question')).decision;
}

/** The outcome, or the code of the refusal. */
async function resultOf(run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (error) {
    return (error as Problem).code ?? String(error);
  }
}

/** Does it, and notes a secret that comes of it. */
async function act(f: Fixture, profile: Policy, one: Combination): Promise<string> {
  const { action, token, body, secrets } = one;
  const caller: Caller = f.as(f.root);
  const current = secrets.current as string;
  const noted = async (promise: Promise<Answer>): Promise<string> => {
    const answer = await promise;
    if (typeof answer.resource?.secret === 'string') secrets.new = answer.resource.secret;
    return answer.outcome;
  };
  const put = (change: JsonObject, options: Partial<WriteOptions> = {}) =>
    noted(f.put(token, { ...body, ...change }, { ...MANAGED, ...options }));
  const rotate = (change: JsonObject | null) => noted(f.service.rotate({ caller, address: token, body: change }));
  const second = (display_name: string) =>
    noted(f.put(`${one.account}/tokens/second`, { ...body, display_name, state: 'active' }));
  const made = mintToken('sa');
  const actions: Readonly<Record<Action, () => Promise<string>>> = {
    'PUT, identical': () => put({}),
    'PUT, another display name': () => put({ display_name: 'Other' }),
    'PUT, a new marker': () => put({ rotation: 'z' }),
    'PUT, another secret hash': async () => {
      const outcome = await put({ secret_hash: `sha256:${tokenHash(made)}` });
      secrets.new = made;
      return outcome;
    },
    'PUT, another claim, the same manager': () => put({}, { claim: 'two' }),
    'PUT, another claim, an adopting manager': () => put({}, { claim: 'two', manager: 'n', adopt: true }),
    'PUT, another claim, another manager': () => put({}, { claim: 'two', manager: 'n' }),
    'PUT, state revoked': () => put({ state: 'revoked' }),
    'PUT, state active': () => put({ state: 'active' }),
    'PUT, expiry in 90 days instead of 30': () => put({ expires_in: '90d' }),
    'PUT, no expiry': () => put({ expires_in: null }),
    'POST rotation': () => rotate(null),
    'POST rotation, with an overlap': () => rotate({ overlap: '1h' }),
    'POST self/rotate': () => {
      const credential = { scheme: profile.schemes[0] as Credential['scheme'], token: current };
      return noted(f.service.rotateSelf({ caller: { ...caller, credential }, body: null }));
    },
    'PUT revocation': () => noted(latch(f, token)),
    'DELETE revocation': () => noted(f.service.restore({ caller, address: token })),
    DELETE: () => noted(f.service.delete({ caller, address: token, ...MANAGED })),
    'DELETE ?revoke=true': () => noted(f.service.delete({ caller, address: token, ...MANAGED, revoke: true })),
    'PUT of a second token': () => second('Second'),
    'PUT of a second token, with the same display name': () => second('Token'),
    'used as bearer': () => use(f, current, 'bearer'),
    'used as basic': () => use(f, current, 'basic'),
    'used as api-key': () => use(f, current, 'api-key'),
  };
  return actions[action]();
}

/** Which of its secrets work, presented as the profile wants it. */
async function working(f: Fixture, profile: Policy, { secrets }: Combination): Promise<string[]> {
  const names = Object.keys(secrets) as (keyof Combination['secrets'])[];
  const decisions = await Promise.all(names.map((name) => use(f, secrets[name] as string, profile.schemes[0])));
  return names.filter((_name, index) => decisions[index] === 'allowed').sort();
}
