/** Ten thousand resources in one manifest, against one PUT for each of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { mintToken, tokenHash } from '../../../terraform-provider-spec/token.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import { median } from '../load.ts';
import { type Ended, runToEnd } from '../processes.ts';
import { type Effort, type Figure, milliseconds, type Row } from './row.ts';

const MANY = 10_000;
/** For a look. */
const SOME = 2000;
/** How many are put one by one, to tell what all of them would take. */
const ONE_BY_ONE = 500;
const ORGANIZATION = '/v1/organizations/default';
const MEGABYTE = 1e6;
/** How often it is asked meanwhile whether the daemon still answers. */
const ASKED_EVERY_MS = 5;

type Bodies = Record<string, Record<string, unknown>>;

/** So many resources: of a hundred, one is a project or team, one a role, nineteen are accounts, the rest their tokens. */
function treeOf(count: number): Record<string, Bodies> {
  const hundreds = count / 100;
  const of = (kind: string, many: number, make: (index: number) => object) =>
    Object.fromEntries(Array.from({ length: many }, (_, index) => [`${kind}${index}`, make(index)])) as Bodies;
  const half = hundreds / 2;
  const token = () => ({
    expires_in: '90d',
    rotate_every: '30d',
    overlap: '1d',
    secret_hash: `sha256:${tokenHash(mintToken('sa'))}`,
  });
  return {
    projects: of('p', half, (index) => ({ parent: index % 5 === 0 ? null : `p${index - (index % 5)}` })),
    teams: of('t', half, () => ({})),
    roles: of('r', hundreds, (index) => ({ permissions: ['builds.read', `service-${index}.*`] })),
    accounts: of('a', hundreds * 19, (index) => ({
      display_name: `Account ${index}`,
      grants: [{ role: `r${index % hundreds}`, scope: `projects/p${index % half}` }],
      teams: [`t${index % half}`],
      tokens: of('k', index < hundreds * 3 ? 5 : 4, token),
    })),
  };
}

/** Puts the tree as a manifest. Answers how long that took, in milliseconds. */
async function apply(daemon: Daemon, tree: object, query = ''): Promise<number> {
  const began = performance.now();
  await daemon.call('PUT', `${ORGANIZATION}/manifests/bench${query}`, tree);
  return performance.now() - began;
}

/** How long one PUT takes on average, in milliseconds, of the first accounts of the tree and their tokens. */
async function oneByOne(daemon: Daemon, { projects, teams, roles, accounts }: Record<string, Bodies>): Promise<number> {
  for (const [collection, bodies] of Object.entries({ projects, teams, roles })) {
    for (const [name, body] of Object.entries(bodies as Bodies)) {
      await daemon.call('PUT', `${ORGANIZATION}/${collection}/${name}`, body);
    }
  }
  const began = performance.now();
  let count = 0;
  for (const [name, { tokens, ...body }] of Object.entries(accounts as Bodies)) {
    await daemon.call('PUT', `${ORGANIZATION}/accounts/${name}`, body);
    for (const [token, wanted] of Object.entries(tokens as Bodies)) {
      await daemon.call('PUT', `${ORGANIZATION}/accounts/${name}/tokens/${token}`, wanted);
      count += 1;
    }
    count += 1;
    if (count >= ONE_BY_ONE) break;
  }
  return (performance.now() - began) / count;
}

/** The tree as a file for the command, which makes the secrets itself and hands each of them out. */
function writeManifest(tree: Record<string, Bodies>, directory: string): string {
  const accounts = Object.entries(tree.accounts as Bodies).map(([name, { tokens, ...body }]) => {
    const delivered = Object.entries(tokens as Bodies).map(([token, { secret_hash: _made, ...wanted }]) => [
      token,
      { ...wanted, deliver: [{ 'stdout-json': true }] },
    ]);
    return [name, { ...body, tokens: Object.fromEntries(delivered) }];
  });
  const file = join(directory, 'bench.yaml');
  writeFileSync(file, stringify({ manifest: 'bench', ...tree, accounts: Object.fromEntries(accounts) }));
  return file;
}

/** Applies the file by the command, as somebody at a shell does. */
function applyByCommand({ url, directory }: Daemon, file: string): Promise<Ended> {
  return runToEnd({
    words: ['bin/accredit', 'apply', '--yes', '--state-dir', join(directory, 'state'), file],
    env: { ACCREDIT_ENDPOINT: url, ACCREDIT_TOKEN_FILE: join(directory, 'data/admin-token') },
  });
}

/** The longest that an answer from memory took while `work` ran, in milliseconds. */
async function longestAnswer(daemon: Daemon, work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const began = performance.now();
      await daemon.call('GET', '/v1/authorize');
      longest = Math.max(longest, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
    }
  })();
  await work();
  isDone = true;
  await asking;
  return longest;
}

export const manifest: Row = {
  name: 'manifest',
  async run({ isQuick, rounds }: Effort): Promise<Figure[]> {
    const count = isQuick ? SOME : MANY;
    const times = { each: [] as number[], apply: [] as number[], plan: [] as number[], answer: [] as number[] };
    const peaks: number[] = [];
    const commands: Ended[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const single = await startDaemon();
      times.each.push((await oneByOne(single, treeOf(count))) * count);
      await single.stop();
      const daemon = await startDaemon();
      const tree = treeOf(count);
      await apply(daemon, tree, '?dry_run=true');
      times.apply.push(await apply(daemon, tree));
      times.plan.push(await apply(daemon, tree, '?dry_run=true'));
      times.answer.push(await longestAnswer(daemon, () => apply(daemon, treeOf(count))));
      peaks.push(daemon.peak() / MEGABYTE);
      await daemon.stop();
      const asked = await startDaemon();
      commands.push(await applyByCommand(asked, writeManifest(treeOf(count), asked.directory)));
      peaks.push(asked.peak() / MEGABYTE);
      await asked.stop();
    }
    const used = median(commands.map(({ peak }) => peak / MEGABYTE));
    const all = count.toLocaleString('en');
    const [each, applied, planned] = [times.each, times.apply, times.plan].map(median) as [number, number, number];
    return [
      {
        row: `one PUT for each of ${all} resources, one after the other / a manifest of them`,
        subject: milliseconds(applied),
        baseline: milliseconds(each),
        ratio: each / applied,
        bar: { least: 20 },
      },
      {
        row: 'the plan of a manifest that changes nothing / applying it at first',
        subject: milliseconds(planned),
        baseline: milliseconds(applied),
        ratio: planned / applied,
      },
      {
        row: 'peak memory of the daemon that plans and applies them, and rotates all tokens / 300 MB',
        subject: `${Math.max(...peaks).toFixed(0)} MB`,
        baseline: '300 MB',
        ratio: Math.max(...peaks) / 300,
        bar: { most: 1 },
      },
      {
        row: 'peak memory of the command that applies them and hands out their secrets / 300 MB',
        subject: `${used.toFixed(0)} MB`,
        baseline: '300 MB',
        ratio: used / 300,
        bar: { most: 1 },
        note: `it takes ${milliseconds(median(commands.map(({ ms }) => ms)))}`,
      },
      {
        row: 'longest authorize while all tokens of a manifest are rotated / 1 s',
        subject: milliseconds(median(times.answer)),
        baseline: '1 s',
        ratio: median(times.answer) / 1000,
        bar: { most: 1 },
      },
    ];
  },
};
