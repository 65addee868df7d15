/**
 * What Terraform keeps between its walks, and the walks themselves: a state, a plan that can be saved, and for each walk a provider
 * process of its own that knows nothing of the one before.
 */
import type { Diagnostic } from '../../../terraform-provider/plugin/messages.ts';
import type { ValueRecord } from '../../../terraform-provider/values/value.ts';
import { DiagnosticsError, type ResourceState } from './answers.ts';
import type { ResourcePlan, TerraformCore } from './terraform-core.ts';

/** A resource block. */
export interface Declared {
  readonly type: string;
  readonly config: ValueRecord;
  readonly createBeforeDestroy?: boolean;
}

/** A resource in the state. */
interface Instance {
  readonly type: string;
  readonly current: ResourceState | undefined;
  /** Former instances whose destruction is still to come. */
  readonly deposed: readonly ResourceState[];
}

/** What is to happen to one resource. */
interface Step {
  readonly name: string;
  readonly type: string;
  readonly declared: Declared | undefined;
  readonly plan: ResourcePlan;
}

/** A plan as `terraform plan -out` keeps it, with the state that it was made for. */
export interface SavedPlan {
  readonly steps: readonly Step[];
  readonly refreshed: ReadonlyMap<string, Instance>;
  /** `name: action` for everything that would change; `name (deposed): delete` for what a replacement left. */
  readonly changes: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

/** A working directory of Terraform. */
export class Workspace {
  readonly #walk: () => Promise<TerraformCore>;
  #state: ReadonlyMap<string, Instance> = new Map();

  /** `walk` starts a provider process and configures it. */
  constructor(walk: () => Promise<TerraformCore>) {
    this.#walk = walk;
  }

  /** The current instance of a resource. Throws when the state holds none. */
  instance(name: string): ResourceState {
    const current = this.#state.get(name)?.current;
    if (current === undefined) throw new Error(`${name} is not in the state.`);
    return current;
  }

  /** The names of the resources in the state; `name (deposed)` for each former instance. */
  get contents(): string[] {
    return [...this.#state].flatMap(([name, { current, deposed }]) => [
      ...(current === undefined ? [] : [current.tainted ? `${name} (tainted)` : name]),
      ...deposed.map(() => `${name} (deposed)`),
    ]);
  }

  /** Refreshes and plans towards a configuration; what it does not name is to be destroyed. The state stays as it is. */
  async plan(configuration: Readonly<Record<string, Declared>>, replace: readonly string[] = []): Promise<SavedPlan> {
    return this.#inWalk(async (core) => {
      const steps = await planOrphans(core, this.#state, configuration);
      const refreshed = await refresh(core, this.#state);
      for (const [name, declared] of Object.entries(configuration)) {
        const { type, config } = declared;
        const options = { replace: replace.includes(name) };
        const plan = await core.plan(type, refreshed.get(name)?.current, config, options);
        steps.push({ name, type, declared, plan });
      }
      const changes = steps
        .filter(({ plan }) => plan.action !== 'no-op')
        .map(({ name, plan }) => `${name}: ${plan.action}`);
      const deposed = [...refreshed].flatMap(([name, each]) => each.deposed.map(() => `${name} (deposed): delete`));
      const warnings = steps.flatMap(({ plan }) => plan.warnings);
      return { steps, refreshed, changes: [...changes, ...deposed], warnings };
    });
  }

  /**
   * Applies a saved plan, in another process. `later` holds what the plan did not know yet. Rejects with the first
   * {@link DiagnosticsError} once everything else is done; the state then holds what each step has left.
   */
  async apply(plan: SavedPlan, later: Readonly<Record<string, ValueRecord>> = {}): Promise<void> {
    await this.#inWalk(async (core) => {
      const state = new Map(plan.refreshed);
      this.#state = state;
      const failed = new Map<string, DiagnosticsError>();
      const attempt = async (name: string, step: () => Promise<void>) => {
        try {
          await step();
        } catch (error) {
          if (!(error instanceof DiagnosticsError)) throw error;
          failed.set(name, error);
        }
      };
      for (const step of plan.steps) await attempt(step.name, () => carryOut(core, state, step, later[step.name]));
      for (const [name, { type }] of [...state]) {
        // As long as the successor is not there, the former instance stays.
        if (!failed.has(name)) await attempt(name, () => destroyDeposed(core, state, name, type));
      }
      for (const error of failed.values()) throw error;
    });
  }

  /** Plans and applies. */
  async converge(configuration: Readonly<Record<string, Declared>>, replace: readonly string[] = []): Promise<void> {
    await this.apply(await this.plan(configuration, replace));
  }

  /** Marks a resource as one that the next plan replaces. */
  taint(name: string): void {
    const instance = this.#state.get(name);
    const current: ResourceState = { ...this.instance(name), tainted: true };
    this.#state = new Map(this.#state).set(name, { ...(instance as Instance), current });
  }

  /** Imports a resource by its id. */
  async import(name: string, type: string, id: string): Promise<void> {
    const current = await this.#inWalk((core) => core.importResource(type, id));
    this.#state = new Map(this.#state).set(name, { type, current, deposed: [] });
  }

  async #inWalk<T>(walk: (core: TerraformCore) => Promise<T>): Promise<T> {
    const core = await this.#walk();
    const [outcome] = await Promise.allSettled([walk(core)]);
    const exit = await core.shutdown();
    if (outcome.status === 'rejected') throw outcome.reason;
    if (exit.code !== 0) throw new Error(`the provider ended with ${exit.code ?? exit.signal}`);
    return outcome.value;
  }
}

/** What is not declared any more is planned for deletion as the state has it, and only then read. */
async function planOrphans(
  core: TerraformCore,
  state: ReadonlyMap<string, Instance>,
  configuration: Readonly<Record<string, Declared>>,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [name, { type, current }] of state) {
    if (configuration[name] !== undefined || current === undefined) continue;
    const plan = await core.plan(type, await core.upgrade(type, current), null);
    steps.push({ name, type, declared: undefined, plan });
  }
  return steps;
}

async function refresh(core: TerraformCore, state: ReadonlyMap<string, Instance>): Promise<Map<string, Instance>> {
  const refreshed = new Map<string, Instance>();
  for (const [name, { type, current, deposed }] of state) {
    const read = current && (await core.refresh(type, current));
    const left: ResourceState[] = [];
    for (const each of deposed) {
      const former = await core.refresh(type, each);
      if (former.value === null) continue;
      left.push(former);
      // Only to hear of it now if it is refused: it is planned again when it is carried out.
      await core.plan(type, former, null);
    }
    const present = read?.value === null ? undefined : read;
    if (present !== undefined || left.length > 0) refreshed.set(name, { type, current: present, deposed: left });
  }
  return refreshed;
}

async function carryOut(
  core: TerraformCore,
  state: Map<string, Instance>,
  { name, type, declared, plan }: Step,
  later: ValueRecord | undefined,
): Promise<void> {
  const before = state.get(name);
  const current = before?.current && (await core.upgrade(type, before.current));
  const createBeforeDestroy = plan.action === 'replace' && declared?.createBeforeDestroy === true;
  const deposed = [...(before?.deposed ?? []), ...(createBeforeDestroy && current ? [current] : [])];
  const keep = (next: ResourceState | undefined): void => {
    const present = next?.value === null ? undefined : next;
    if (present === undefined && deposed.length === 0) state.delete(name);
    else state.set(name, { type, current: present, deposed });
  };
  try {
    const config = later ?? declared?.config ?? null;
    keep(await core.apply(type, current, config, plan, { createBeforeDestroy }));
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    // Without a result nothing was created: then the former instance goes on being the current one.
    const restored = createBeforeDestroy && (error.partial?.value ?? null) === null ? deposed.pop() : undefined;
    keep(restored ?? error.partial ?? current);
    throw error;
  }
}

async function destroyDeposed(
  core: TerraformCore,
  state: Map<string, Instance>,
  name: string,
  type: string,
): Promise<void> {
  const instance = state.get(name);
  for (const each of instance?.deposed ?? []) {
    await core.destroyDeposed(type, await core.upgrade(type, each));
    const left = (state.get(name) as Instance).deposed.filter((other) => other !== each);
    if (instance?.current === undefined && left.length === 0) state.delete(name);
    else state.set(name, { type, current: instance?.current, deposed: left });
  }
}
