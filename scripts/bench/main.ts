/**
 * `npm run bench`: how fast it is, as ratios to baselines that are measured in the same run on the same machine. With
 * `-- --only NAME,…` some rows, `--quick` a look, `--peers` other products too, `--json FILE` the figures as data,
 * `--strict` an exit status of 1 when a bar is missed.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { generatorOf, INSTALLED } from './load.ts';
import { isMet, table } from './report.ts';
import { accessTokens } from './rows/access-tokens.ts';
import { idle } from './rows/idle.ts';
import { manifest } from './rows/manifest.ts';
import { million } from './rows/million.ts';
import { peers } from './rows/peers.ts';
import { provider } from './rows/provider.ts';
import type { Effort, Figure, Row } from './rows/row.ts';
import { authorize, introspect } from './rows/verification.ts';
import { creations, whileWriting } from './rows/writes.ts';

const ROWS: readonly Row[] = [
  authorize,
  introspect,
  accessTokens,
  creations,
  whileWriting,
  million,
  manifest,
  idle,
  provider,
  peers,
];

const USAGE = `npm run bench -- [--only ROW,…] [--quick] [--peers] [--strict] [--json FILE] [--load wrk|autocannon]
rows: ${ROWS.map(({ name }) => name).join(', ')}`;

const values = options();
const names = values.only?.split(',');
const unknown = names?.find((name) => !ROWS.some((row) => row.name === name));
if (unknown !== undefined) {
  refuse(`there is no row ${unknown}`);
}
const effort: Effort = {
  isQuick: values.quick,
  rounds: values.quick ? 1 : 3,
  seconds: values.quick ? 1 : 5,
  generator: generator(),
};
const chosen = ROWS.filter(({ name, needsPeers }) =>
  names === undefined ? !needsPeers || values.peers : names.includes(name),
);
// An interrupted run ends what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const figures: Figure[] = [];
for (const row of chosen) {
  console.error(`measuring ${row.name}`);
  figures.push(...(await row.run(effort)));
}
console.log(table(figures));
console.log(
  `\nMedians of ${effort.rounds} round${effort.isQuick ? '' : 's'} of ${effort.seconds} s, 64 connections, load by ${effort.generator} in a process ` +
    'of its own (creations by autocannon, constant rates by steady.ts). The daemon logs every request to a file, as it does by default.',
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
if (values.strict && figures.some((figure) => isMet(figure) === false)) process.exitCode = 1;

/** The options of the command line; whoever needs help or misspells one is told which there are. */
function options() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        json: { type: 'string' },
        load: { type: 'string', default: INSTALLED },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) return values;
  } catch (error) {
    return refuse((error as Error).message);
  }
  console.log(USAGE);
  return process.exit(0);
}

function generator() {
  try {
    return generatorOf(values.load);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(what: string): never {
  console.error(`${what}\n${USAGE}`);
  process.exit(2);
}
