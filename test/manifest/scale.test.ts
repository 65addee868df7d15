/** However many resources a manifest has, the database is asked as often, and the process goes on with other things. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import sqlite3 from 'sqlite3';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture } from '../support/service.ts';

const D = 'organizations/default';
const FEW = 4;
const MANY = 120;

/** So many accounts, each with a token and a team of its own, in a chain of projects; `mark` makes another state of it. */
function tree(accounts: number, mark: string): JsonObject {
  const names = Array.from({ length: accounts }, (_, index) => `x${index}`);
  const each = (make: (name: string) => JsonObject) => Object.fromEntries(names.map((name) => [name, make(name)]));
  return {
    projects: { top: {}, below: { parent: 'top' } },
    teams: each(() => ({ display_name: mark })),
    roles: { own: { permissions: ['builds.read'] } },
    accounts: each((name) => ({
      display_name: mark,
      teams: [name],
      grants: [{ role: 'own', scope: 'projects/below' }],
      tokens: { main: { rotation: mark } },
    })),
  };
}

/** The tree with a secret for each of its tokens. */
function withSecrets(tree: JsonObject): { readonly tree: JsonObject; readonly tokens: JsonObject[] } {
  const whole = structuredClone(tree);
  const tokens = Object.entries(whole.accounts as Record<string, { tokens: { main: JsonObject } }>).map(
    ([name, account]) => {
      const secret_hash = `sha256:${tokenHash(mintToken('sa'))}`;
      account.tokens.main.secret_hash = secret_hash;
      account.tokens.main.rotation = null;
      return { address: `${D}/accounts/${name}/tokens/main`, secret_hash };
    },
  );
  return { tree: whole, tokens };
}

type Send = (this: sqlite3.Database, ...rest: unknown[]) => sqlite3.Database;

/** How many statements all connections of this process send while it runs: reads, writes, BEGIN and COMMIT. */
async function statementsOf(request: () => Promise<unknown>): Promise<number> {
  let sent = 0;
  const prototype = sqlite3.Database.prototype as unknown as Record<'all' | 'run', Send>;
  const original = { all: prototype.all, run: prototype.run };
  for (const name of ['all', 'run'] as const) {
    prototype[name] = function (...rest) {
      sent += 1;
      return original[name].apply(this, rest);
    };
  }
  try {
    await request();
  } finally {
    Object.assign(prototype, original);
  }
  return sent;
}

describe('a manifest of many resources', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
  });
  after(() => f.close());

  const put = (name: string, body: JsonObject, dryRun = false) =>
    f.service.putManifest({ caller: f.as(f.root), address: `${D}/manifests/${name}`, body, dryRun });

  it('asks the database as often as one of a few, to plan and to apply', async function () {
    this.timeout(60_000);
    const counts: Record<string, number[]> = {};
    for (const accounts of [FEW, MANY]) {
      const name = `of-${accounts}`;
      const secrets = withSecrets(tree(accounts, '2'));
      const others = withSecrets(tree(accounts, '2'));
      const confirm = ({ tokens }: { tokens: JsonObject[] }) =>
        f.service.deliverAll({ caller: f.as(f.root), address: `${D}/manifests/${name}`, body: { tokens } });
      const stages: [string, () => Promise<unknown>][] = [
        ['plan what is new', () => put(name, tree(accounts, '1'), true)],
        ['make it', () => put(name, tree(accounts, '1'))],
        ['apply it again', () => put(name, tree(accounts, '1'))],
        ['plan a change', () => put(name, tree(accounts, '2'), true)],
        ['change it', () => put(name, tree(accounts, '2'))],
        ['bring secrets', () => put(name, secrets.tree)],
        ['confirm them', () => confirm(secrets)],
        ['confirm them again', () => confirm(secrets)],
        ['plan other secrets', () => put(name, others.tree, true)],
        ['bring them', () => put(name, others.tree)],
        ['plan what is lost', () => put(name, tree(accounts, '2'), true)],
        ['plan its end', () => put(name, {}, true)],
        ['end it', () => put(name, {})],
      ];
      for (const [stage, run] of stages) {
        counts[stage] = [...(counts[stage] ?? []), await statementsOf(run)];
      }
    }
    console.log(`    statements for ${FEW} and ${MANY} accounts: ${JSON.stringify(counts)}`);
    for (const [stage, [few, many]] of Object.entries(counts)) expect(many, stage).to.equal(few);
  });

  it('lets others be answered while it is decided', async function () {
    this.timeout(60_000);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const began = performance.now();
    const { outcome } = await put('long', tree(4 * MANY, '1'));
    const took = performance.now() - began;
    delay.disable();
    const worst = delay.max / 1e6;
    console.log(`    ${took.toFixed(0)} ms, at most ${worst.toFixed(0)} ms of them at a stretch`);
    expect(outcome).to.equal('created');
    expect(worst).to.be.below(took / 3);
  });
});
