/**
 * Real Terraform in a directory of its own: the stock binary starts the provider that the build put into dist/mirror.
 * Workspaces share nothing, so tests that use them can run side by side.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Plan,
  type PlannedValues,
  readPlan,
  readPlannedValues,
  readResources,
  type StateResource,
} from './terraform-answers.ts';
import { COMMAND_TIMEOUT, execute, launch, type Run, type Running } from './terraform-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MIRROR = join(ROOT, 'dist', 'mirror');
const FILESYSTEM_MIRROR = `provider_installation {
  filesystem_mirror {
    path = ${JSON.stringify(MIRROR)}
  }
}
`;

/** Whether there is a `terraform` on the PATH. */
export function hasTerraform(): boolean {
  return spawnSync('terraform', ['version'], { env: { ...process.env, CHECKPOINT_DISABLE: '1' } }).status === 0;
}

/** For the first line of a suite: skips it where there is no `terraform`, which fails a run with CI=true. */
export function requireTerraform(context: Mocha.Context): void {
  context.timeout(180_000);
  if (!hasTerraform()) context.skip();
  if (!existsSync(MIRROR)) throw new Error('dist/mirror is missing: run npm run build:provider');
}

export interface WorkspaceOptions {
  /** Given to the provider as ACCREDIT_ENDPOINT and ACCREDIT_TOKEN. */
  readonly endpoint: string;
  readonly token: string;
  /** Where the directory is made; among the temporary files if left out. */
  readonly within?: string;
  /** Further variables for Terraform and the provider. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where Terraform finds the provider, as its configuration file says it; in dist/mirror if left out. */
  readonly installation?: string;
}

export class Workspace {
  readonly directory: string;
  /** How long a command may take, in milliseconds. */
  timeout = COMMAND_TIMEOUT;
  #environment: Record<string, string>;

  private constructor(directory: string, environment: Record<string, string>) {
    this.directory = directory;
    this.#environment = environment;
  }

  /** An initialised directory that holds `configuration` as main.tf. */
  static async create(configuration: string, options: WorkspaceOptions): Promise<Workspace> {
    const workspace = await Workspace.prepare(configuration, options);
    try {
      await workspace.run(['init']);
      return workspace;
    } catch (error) {
      await workspace.dispose();
      throw error;
    }
  }

  /** The same before `terraform init`. */
  static async prepare(configuration: string, options: WorkspaceOptions): Promise<Workspace> {
    const directory = await mkdtemp(join(options.within ?? tmpdir(), 'accredit-terraform-'));
    const cliConfiguration = join(directory, 'terraform.rc');
    await mkdir(join(directory, 'home'));
    await writeFile(cliConfiguration, `disable_checkpoint = true\n${options.installation ?? FILESYSTEM_MIRROR}`);
    const workspace = new Workspace(directory, {
      PATH: process.env.PATH ?? '',
      HOME: join(directory, 'home'),
      // What a killed provider leaves behind goes with the workspace.
      TMPDIR: directory,
      TF_CLI_CONFIG_FILE: cliConfiguration,
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      ACCREDIT_ENDPOINT: options.endpoint,
      ACCREDIT_TOKEN: options.token,
      ...options.environment,
    });
    await workspace.configure(configuration);
    return workspace;
  }

  /** Replaces main.tf, in front of which it puts where the provider comes from, unless the configuration says so. */
  async configure(configuration: string): Promise<void> {
    const head = configuration.includes('required_providers') ? '' : `${REQUIRED_PROVIDERS}\n`;
    await writeFile(join(this.directory, 'main.tf'), head + configuration);
  }

  /** Sets variables of Terraform and the provider for the commands that follow. */
  setEnvironment(variables: Readonly<Record<string, string>>): void {
    this.#environment = { ...this.#environment, ...variables };
  }

  /** Forgets the state, as if the configuration were applied for the first time. */
  async forgetState(): Promise<void> {
    for (const name of ['terraform.tfstate', 'terraform.tfstate.backup']) {
      await rm(join(this.directory, name), { force: true });
    }
  }

  apply(...args: string[]): Promise<Run> {
    return this.run(['apply', '-auto-approve', ...args]);
  }

  destroy(...args: string[]): Promise<Run> {
    return this.run(['destroy', '-auto-approve', ...args]);
  }

  taint(address: string): Promise<Run> {
    return this.run(['taint', address]);
  }

  import(address: string, id: string): Promise<Run> {
    return this.run(['import', address, id]);
  }

  /** Whether a plan has changes; rejects when the plan fails. */
  async hasChanges(...args: string[]): Promise<{ changes: boolean; output: string }> {
    const run = await this.run(['plan', '-detailed-exitcode', ...args], [0, 2]);
    return { changes: run.exitCode === 2, output: run.output };
  }

  /** Rejects unless a plan, with and without refreshing, is empty. */
  async assertConverged(): Promise<void> {
    const plan = await this.plan();
    // Where the refresh has found nothing new, a plan without it starts from the same state.
    const plans = plan.drifted.length === 0 ? [plan] : [plan, await this.plan('-refresh=false')];
    for (const { isEmpty, changes, drifted } of plans) {
      if (!isEmpty) throw new Error(`a plan is not empty: ${changes.join(', ')} (drifted: ${drifted.join(', ')})`);
    }
  }

  /** Plans, and keeps the plan for `applyPlanned`. Rejects with what Terraform says when there is no plan. */
  async plan(...args: string[]): Promise<Plan> {
    const run = await this.run(['plan', '-json', '-detailed-exitcode', `-out=${PLAN}`, ...args], 'any');
    const { plan, errors } = readPlan(run);
    if (run.exitCode !== 0 && run.exitCode !== 2) {
      throw new Error(`terraform plan ${args.join(' ')} ended with ${run.exitCode}:\n${errors.join('\n')}`);
    }
    return plan;
  }

  /** Carries out the last plan. */
  applyPlanned(): Promise<Run> {
    return this.run(['apply', PLAN]);
  }

  /** The values before and after of what the last plan would change. */
  async plannedValues(): Promise<PlannedValues[]> {
    return readPlannedValues((await this.run(['show', '-json', PLAN])).stdout);
  }

  /** The resources and data sources in the state. */
  async resources(): Promise<StateResource[]> {
    return readResources(await this.rawState());
  }

  /** The attributes in the state of the resource at that Terraform address; rejects when there is none. */
  async values(address: string): Promise<Record<string, unknown>> {
    const resources = await this.resources();
    const found = resources.find((resource) => resource.address === address);
    if (found === undefined) {
      throw new Error(
        `${address} is not in the state, which holds ${resources.map((each) => each.address).join(', ')}`,
      );
    }
    return found.values;
  }

  /** The state file as text: what anybody who reads it can see. An empty object before anything was stored. */
  async rawState(): Promise<string> {
    const file = join(this.directory, 'terraform.tfstate');
    return existsSync(file) ? readFile(file, 'utf8') : '{}';
  }

  /** Runs a command that must fail and answers what it printed, with line wrapping and decoration taken out. */
  async diagnostic(args: readonly string[]): Promise<string> {
    const run = await this.run(args, 'any');
    if (run.exitCode === 0) throw new Error(`terraform ${args.join(' ')} was to fail and did not:\n${run.output}`);
    return run.output.replace(/[│╷╵]/gu, ' ').replace(/\s+/g, ' ');
  }

  /**
   * Runs `terraform` with these arguments. Rejects with everything that it printed when the exit code is not
   * among `expected`.
   */
  async run(args: readonly string[], expected: readonly number[] | 'any' = [0]): Promise<Run> {
    const [command = '', ...rest] = args;
    const plain = PLAIN.has(command) ? ['-no-color'] : [];
    const run = await execute(
      'terraform',
      [command, ...plain, ...rest],
      this.directory,
      this.#environment,
      this.timeout,
    );
    if (expected !== 'any' && !expected.includes(run.exitCode)) {
      throw new Error(`terraform ${args.join(' ')} ended with ${run.exitCode}:\n${run.output}`);
    }
    return run;
  }

  /** Starts `terraform` with these arguments and does not wait for its end. */
  start(args: readonly string[]): Running {
    return launch('terraform', args, this.directory, this.#environment);
  }

  /** Runs a shell script in the directory. Rejects with everything that was printed when one of its commands fails. */
  async script(text: string): Promise<Run> {
    const run = await execute('bash', ['-euo', 'pipefail', '-c', text], this.directory, this.#environment);
    if (run.exitCode !== 0) throw new Error(`a script ended with ${run.exitCode}:\n${text}\n${run.output}`);
    return run;
  }

  /** Another workspace with the same configuration and state; dispose of it as of any other. */
  async copy(): Promise<Workspace> {
    const directory = await mkdtemp(join(tmpdir(), 'accredit-terraform-'));
    await cp(this.directory, directory, { recursive: true, verbatimSymlinks: true });
    return new Workspace(directory, { ...this.#environment, HOME: join(directory, 'home'), TMPDIR: directory });
  }

  /** Removes the directory. What was applied stays with the daemon. */
  async dispose(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Where a plan is kept for its apply. */
const PLAN = 'plan.bin';

const REQUIRED_PROVIDERS = `terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}
`;

/** The commands that know -no-color. */
const PLAIN = new Set(['init', 'plan', 'apply', 'destroy', 'import', 'show', 'validate', 'refresh', 'output']);
