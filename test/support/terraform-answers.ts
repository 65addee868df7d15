/** What Terraform says in JSON about plans and states, as far as the tests read it. */
import type { Run } from './terraform-process.ts';

/** One resource or data source as the state holds it. */
export interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly values: Record<string, unknown>;
}

/** What a plan says. */
export interface Plan {
  /** What it would do to each resource, as `address: create`, `update`, `delete`, `replace` or `import`. */
  readonly changes: readonly string[];
  /** The addresses of what is no longer as the state has it. */
  readonly drifted: readonly string[];
  /** Summary and detail of each warning. */
  readonly warnings: readonly string[];
  /** Whether an apply would do anything, outputs included. */
  readonly isEmpty: boolean;
}

/** A resource before and after what is planned for it. */
export interface PlannedValues {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Reads what `terraform plan -json -detailed-exitcode` has printed: the plan, and summary and detail of each error. */
export function readPlan({ exitCode, stdout }: Run): { plan: Plan; errors: readonly string[] } {
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as PlanEvent]));
  const said = (severity: string): string[] =>
    events.flatMap(({ diagnostic }) =>
      diagnostic?.severity === severity ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
    );
  const changesOf = (type: string) => events.flatMap((event) => (event.type === type ? [event.change] : []));
  const plan = {
    changes: changesOf('planned_change')
      .filter(({ action }) => action !== 'read')
      .map(({ resource, action }) => `${resource.addr}: ${action}`)
      .sort(),
    drifted: changesOf('resource_drift').map(({ resource }) => resource.addr),
    warnings: said('warning'),
    isEmpty: exitCode === 0,
  };
  return { plan, errors: said('error') };
}

/** Reads what `terraform show -json` prints of a plan: the values before and after of what it would change. */
export function readPlannedValues(json: string): PlannedValues[] {
  const { resource_changes: changes = [] } = JSON.parse(json) as {
    resource_changes?: { address: string; change: Omit<PlannedValues, 'address'> }[];
  };
  return changes
    .map(({ address, change: { actions, before, after } }) => ({ address, actions, before, after }))
    .filter(({ actions }) => actions[0] !== 'no-op' && actions[0] !== 'read');
}

/** Reads the resources and data sources out of a state file. */
export function readResources(json: string): StateResource[] {
  const { resources = [] } = JSON.parse(json) as { resources?: StoredResource[] };
  return resources.flatMap(({ mode, type, name, instances }) =>
    instances
      .filter(({ deposed }) => deposed === undefined)
      .map(({ index_key: key, attributes }) => ({
        address: `${mode === 'data' ? 'data.' : ''}${type}.${name}${key === undefined ? '' : `[${JSON.stringify(key)}]`}`,
        type,
        values: attributes,
      })),
  );
}

/** A line of `terraform plan -json`, as far as it is read here. */
interface PlanEvent {
  readonly type: string;
  readonly change: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string };
}

/** A resource in the state file. */
interface StoredResource {
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly instances: readonly {
    readonly index_key?: string | number;
    readonly deposed?: string;
    readonly attributes: Record<string, unknown>;
  }[];
}
