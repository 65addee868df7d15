/** From the words of a command line to a plan: what `plan` and `apply` share. */
import type { Command } from 'commander';
import type { WriteOptions } from '../../client/client.ts';
import type { GlobalOptions } from '../connection.ts';
import { CliError } from '../exit.ts';
import { readVariable } from '../profiles.ts';
import type { Session } from '../session.ts';
import { afterOf, withoutTokens } from './after.ts';
import type { Delivery } from './check.ts';
import {
  type FileOptions,
  findingJson,
  located,
  manifestAddressOf,
  readFiles,
  readManifest,
  showFindings,
} from './command.ts';
import { obstacle } from './deliver.ts';
import type { Finding } from './finding.ts';
import { type Journal, openJournal, stateDirectory } from './journal.ts';
import type { Manifest } from './load.ts';
import { notesOn } from './notes.ts';
import { leftAloneBy, requireOnlyRotations, treeAsItIs } from './only-due.ts';
import { type Change, isDeclared, isEmpty, makePlan, type Plan, summaryOf } from './plan.ts';
import { progressOn } from './progress.ts';
import { describeSink } from './sinks.ts';

export interface PlanningOptions extends FileOptions, GlobalOptions {
  readonly adopt?: boolean;
  readonly allowSelf?: boolean;
  readonly onlyDue?: boolean;
  readonly stateDir?: string;
}

/** Adds the options that decide what a plan is. */
export function withPlanning(command: Command): Command {
  return command
    .option('--only-due', 'only rotate tokens that are due, and leave everything else as it is')
    .option('--adopt', 'take over what somebody else manages or nobody does')
    .option('--allow-self', 'allow what ends the credential that is used for this')
    .option('--state-dir <directory>', 'where secrets are noted until they are delivered (ACCREDIT_STATE_DIR)');
}

export interface Planned {
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly deliveries: readonly Delivery[];
  readonly journal: Journal;
  /** Secrets of the journal that this plan is not about, and that therefore stay there. */
  readonly aside: ReadonlyMap<string, string>;
  readonly write: WriteOptions;
  /** Why the plan cannot be applied anywhere, each with its place; none if it can. */
  readonly obstacles: readonly Finding[];
  /** Why it cannot be applied on this machine. */
  readonly obstaclesHere: readonly Finding[];
}

/** Reads the manifest and plans it. Throws `CliError`, and what the client throws; what is refused in the manifest is shown. */
export async function planFrom(session: Session, paths: readonly string[], options: PlanningOptions): Promise<Planned> {
  const manifest = await readManifest(session, readFiles(paths, options));
  const address = manifestAddressOf(session, manifest, options.organization);
  const organization = address.split('/').slice(0, 2).join('/');
  // Without a word in the file, the tree was read as if it were for another organization.
  const deliveries = manifest.deliveries.map((one) => ({ ...one, address: moved(one.address, organization) }));
  const members = manifest.members.map((one) => ({ ...one, address: moved(one.address, organization) }));
  const placed: Manifest = { ...manifest, members, deliveries };
  const client = session.client(`manifest/${manifest.name}`);
  const { endpoint } = session.connection;
  const stateDir = options.stateDir ?? readVariable(session.environment, 'ACCREDIT_STATE_DIR');
  const journal = openJournal(stateDirectory(stateDir, session.environment), { endpoint, manifest: address });
  const write: WriteOptions = {
    signal: session.signal,
    ...(options.adopt === true && { adopt: true }),
    ...(options.allowSelf === true && { allowSelf: true }),
  };
  const whole = { client, manifest: address, name: manifest.name, options: write };
  let tree = manifest.tree;
  if (options.onlyDue === true) {
    tree = await treeAsItIs(whole);
  }
  const concerned = deliveries.filter((one) => isDeclared(tree, one.address));
  const progress = progressOn(session.err);
  progress.begin(`planning ${members.length === 1 ? 'one resource' : `${members.length} resources`}`);
  let plan = await located(session, placed, () =>
    makePlan({
      client,
      manifest: address,
      tree,
      deliveries: concerned,
      journal: journal.found,
      options: write,
    }).finally(progress.end),
  );
  if (options.onlyDue === true) {
    requireOnlyRotations(plan);
    plan = { ...plan, onlyDue: { leftAlone: await leftAloneBy(plan, manifest.tree, whole) } };
  }
  const others = new Set(deliveries.filter((one) => !concerned.includes(one)).map((one) => one.address));
  const aside = new Map([...journal.found].filter(([at]) => others.has(at)));
  return {
    ...{ manifest: placed, plan, deliveries: concerned, journal, aside, write },
    obstacles: homelessTokens(plan, placed),
    obstaclesHere: blockedSinks(plan, placed, session),
  };
}

function changeJson(change: Change, plan: Plan) {
  const { address, kind, outcome, changed, before, taken_over_from, effects, warnings } = change;
  const after = afterOf(change, plan);
  return {
    ...{ address, kind, outcome, changed: [...changed] },
    ...(before !== undefined && { before: withoutTokens(before) }),
    ...(after !== undefined && { after }),
    ...(taken_over_from !== undefined && { taken_over_from }),
    ...{ effects: [...effects], warnings: [...warnings] },
  };
}

/** `null` where nobody knows. */
function leftAloneJson({ leftAlone }: NonNullable<Plan['onlyDue']>): string[] | null {
  return leftAlone === undefined ? null : [...leftAlone.differing];
}

/** Throws `CliError` for a plan that cannot be applied, after showing why. */
export function refuseObstacles(session: Session, obstacles: readonly Finding[]): void {
  if (obstacles.length === 0) return;
  if (!session.json) showFindings(obstacles, session.err);
  throw new CliError('this cannot be applied: there is a secret that could not be delivered', {
    code: 'undeliverable',
    errors: session.json ? obstacles.map(findingJson) : [],
  });
}

/** What keeps a plan from being applied here: it may be made where nothing is ever applied. */
export function asWarnings(obstacles: readonly Finding[]): Finding[] {
  return obstacles.map((one): Finding => ({ ...one, severity: 'warning' }));
}

/** The plan as JSON. It holds no secret, and no hash of one. */
export function planJson({ manifest, plan, deliveries, obstaclesHere }: Planned) {
  const { outcome, changes } = plan.answer;
  const { due, undelivered } = plan.before;
  return {
    manifest: plan.manifest,
    name: manifest.name,
    has_changes: !isEmpty(plan),
    outcome,
    changes: changes.map((change) => changeJson(change, plan)),
    summary: summaryOf(plan, plan.answer),
    ...(plan.onlyDue !== undefined && { left_alone: leftAloneJson(plan.onlyDue) }),
    due: [...due],
    undelivered: [...undelivered],
    to_deliver: [...plan.secrets.keys(), ...plan.pending.keys()].sort(),
    notes: notesOn(plan, deliveries).map(({ address, text }) => ({ address, text })),
    warnings: [...manifest.warnings, ...asWarnings(obstaclesHere)].map(findingJson),
  };
}

function homelessTokens(plan: Plan, { members, locate }: Manifest): Finding[] {
  const pointers = new Map(members.map(({ address, pointer }) => [address, pointer]));
  return plan.homeless.map((address): Finding => {
    const pointer = pointers.get(address);
    return {
      severity: 'error',
      message:
        'its new secret would go nowhere: say where with "deliver", or give the hash of one of your own as "secret_hash"',
      place: pointer === undefined ? undefined : locate(pointer, 'key'),
    };
  });
}

function blockedSinks(plan: Plan, { deliveries, locate }: Manifest, { environment }: Session): Finding[] {
  return deliveries
    .filter(({ address }) => plan.secrets.has(address) || plan.pending.has(address))
    .flatMap(({ pointer, sinks }) =>
      sinks.flatMap((sink, index): Finding[] => {
        const why = obstacle(sink, environment);
        if (why === undefined) return [];
        const message = `nothing can be delivered to ${describeSink(sink)}: ${why}`;
        return [{ severity: 'error', message, place: locate(`${pointer}/deliver/${index}`) }];
      }),
    );
}

function moved(address: string, organization: string): string {
  return [organization, ...address.split('/').slice(2)].join('/');
}
