/** What a Terraform plan and apply take with the provider, beside the same with what Terraform has built in. */
import { join } from 'node:path';
import { hasTerraform, Workspace } from '../../../test/support/terraform.ts';
import { buildProvider } from '../../build-provider.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import { median } from '../load.ts';
import { type Cost, costOf, emptyNode, handshake, type Timed, timed } from '../provider.ts';
import { type Effort, type Figure, milliseconds, type Row } from './row.ts';

const MANY = 1000;
const FEW = 3;
const MEGABYTE = 1e6;
/** How long a command may take on a busy machine, in milliseconds. */
const PATIENCE = 1_200_000;

/** A configuration that needs no provider but Terraform's own. */
const BUILT_IN = `
terraform {
  required_providers {}
}
`;

export const provider: Row = {
  name: 'provider',
  async run(effort: Effort): Promise<Figure[]> {
    if (!hasTerraform()) {
      console.error('there is no terraform on the PATH: the row is left out');
      return [];
    }
    const { path: executable } = await buildProvider();
    const daemon = await startDaemon();
    const options = { endpoint: daemon.url, token: daemon.adminToken };
    const accredit = await Workspace.create('', options);
    const builtIn = await Workspace.create(BUILT_IN, options);
    for (const workspace of [accredit, builtIn]) workspace.timeout = PATIENCE;
    try {
      const sides: Sides = { executable, daemon, accredit, builtIn };
      return [...(await small(sides, effort)), ...(await large(sides, effort))];
    } finally {
      await Promise.all([accredit.dispose(), builtIn.dispose(), daemon.stop()]);
    }
  },
};

interface Sides {
  readonly executable: string;
  readonly daemon: Daemon;
  readonly accredit: Workspace;
  readonly builtIn: Workspace;
}

/** So many tokens of an account of that name, and as many of the resource that Terraform has built in. */
async function configure({ accredit, builtIn }: Sides, count: number, account: string): Promise<void> {
  for (const workspace of [accredit, builtIn]) await workspace.forgetState();
  await accredit.configure(`
resource "accredit_service_account" "bench" {
  name = "${account}"
}

resource "accredit_service_account_token" "bench" {
  count   = ${count}
  account = accredit_service_account.bench.name
  name    = "token-\${count.index}"
}
`);
  await builtIn.configure(`
${BUILT_IN}
resource "terraform_data" "bench" {
  count = ${count}
  input = "token-\${count.index}"
}
`);
}

/** Start, and a plan of a few: what a Node costs each time that Terraform starts the provider. */
async function small(sides: Sides, { isQuick }: Effort): Promise<Figure[]> {
  const { executable, accredit, builtIn } = sides;
  // Where the applies have left their compiled code.
  const home = join(accredit.directory, 'home');
  await configure(sides, FEW, 'few');
  await accredit.apply();
  await builtIn.apply();
  const found = { node: [] as Timed[], provider: [] as Timed[], builtIn: [] as Timed[], accredit: [] as Timed[] };
  for (let round = 0; round <= (isQuick ? 3 : 15); round += 1) {
    const measured = {
      node: await timed(emptyNode),
      provider: await handshake(executable, home),
      builtIn: await timed(() => plan(builtIn)),
      accredit: await timed(() => plan(accredit)),
    };
    if (round > 0) for (const [name, one] of Object.entries(measured)) found[name as keyof typeof found].push(one);
  }
  const middle = (name: keyof typeof found) => median(found[name].map(({ elapsed }) => elapsed));
  const cpu = (name: keyof typeof found) => milliseconds(mean(found[name].map((one) => one.cpu)) * 1000);
  const allowed = middle('builtIn') + 5 * middle('node');
  return [
    {
      row: 'provider start to handshake / node -e 0',
      subject: milliseconds(middle('provider')),
      baseline: milliseconds(middle('node')),
      ratio: middle('provider') / middle('node'),
      bar: { most: 1.6 },
      note: `processor time ${cpu('provider')} and ${cpu('node')}`,
    },
    {
      row: `plan of ${FEW} tokens / of ${FEW} terraform_data + 5 x node -e 0`,
      subject: milliseconds(middle('accredit')),
      baseline: milliseconds(allowed),
      ratio: middle('accredit') / allowed,
      bar: { most: 1 },
      note: `processor time ${cpu('accredit')}, with terraform_data ${cpu('builtIn')}`,
    },
  ];
}

/** Many of them, each round anew. */
async function large(sides: Sides, { isQuick, rounds }: Effort): Promise<Figure[]> {
  const count = isQuick ? MANY / 10 : MANY;
  const found = { apply: [] as Pair[], plan: [] as Pair[] };
  for (let round = 0; round < rounds; round += 1) {
    await configure(sides, count, `many-${round}`);
    found.apply.push(await both(sides, (workspace) => workspace.apply()));
    found.plan.push(await both(sides, (workspace) => workspace.hasChanges()));
  }
  const peak = Math.max(...[...found.apply, ...found.plan].map(({ accredit }) => accredit.providerPeak)) / MEGABYTE;
  return [
    compared(`plan of ${count} tokens / of ${count} terraform_data`, found.plan, 2),
    compared(`apply of ${count} tokens / of ${count} terraform_data`, found.apply, 1.3),
    {
      row: `peak memory of the provider with ${count} tokens / 150 MB`,
      subject: `${peak.toFixed(0)} MB`,
      baseline: '150 MB',
      ratio: peak / 150,
      bar: { most: 1 },
    },
  ];
}

interface Pair {
  readonly accredit: Cost;
  readonly builtIn: Cost;
  /** Seconds of processor time of the daemon. */
  readonly daemonCpu: number;
}

async function both({ daemon, accredit, builtIn }: Sides, command: (workspace: Workspace) => Promise<unknown>) {
  const baseline = await costOf(() => command(builtIn));
  const before = daemon.cpu();
  const subject = await costOf(() => command(accredit));
  return { accredit: subject, builtIn: baseline, daemonCpu: daemon.cpu() - before };
}

function compared(row: string, pairs: readonly Pair[], most: number): Figure {
  const middle = (figure: (pair: Pair) => number) => median(pairs.map(figure));
  const subject = middle(({ accredit }) => accredit.elapsed);
  const baseline = middle(({ builtIn }) => builtIn.elapsed);
  const seconds = (figure: (pair: Pair) => number) => `${middle(figure).toFixed(2)} s`;
  return {
    row,
    subject: milliseconds(subject),
    baseline: milliseconds(baseline),
    ratio: subject / baseline,
    bar: { most },
    note:
      `processor time: terraform ${seconds(({ accredit }) => accredit.cpu - accredit.providerCpu)}, ` +
      `provider ${seconds(({ accredit }) => accredit.providerCpu)}, daemon ${seconds(({ daemonCpu }) => daemonCpu)}; ` +
      `with terraform_data ${seconds(({ builtIn }) => builtIn.cpu)}`,
  };
}

/** A plan that must find nothing to do. */
async function plan(workspace: Workspace): Promise<void> {
  const { changes, output } = await workspace.hasChanges();
  if (changes) throw new Error(`the plan is not empty:\n${output}`);
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, each) => sum + each, 0) / figures.length;
}
