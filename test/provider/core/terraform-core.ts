/**
 * Plays Terraform's core towards a provider process: asks in the order in which core asks, and holds the provider to the rules that
 * core enforces on plans and results. One instance is one process, as each walk of Terraform has its own.
 */
import type { AttributePath, Diagnostic, DynamicValue, Schema } from '../../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  equalValues,
  type Value,
  type ValueRecord,
} from '../../../terraform-provider/values/value.ts';
import { assertReadable, DiagnosticsError, errorsOf, type ResourceState, succeeded } from './answers.ts';
import { assertApplied, assertReplanned, assertStorable } from './compatible.ts';
import { APPLYING, Connection, PLANNING } from './connection.ts';
import { assertPlanValid } from './plan-valid.ts';
import { proposedState } from './proposed.ts';
import { type Action, actionOf, replacingPaths } from './replacement.ts';
import { answered, RuleError, schemaType } from './schema.ts';
import { type Forms, inOtherForms } from './wire-values.ts';

export { DiagnosticsError, type ResourceState } from './answers.ts';

/** A plan for one resource. */
export interface ResourcePlan {
  action: Action;
  planned: Value;
  private: Uint8Array;
  /** The paths that force a replacement. */
  requiresReplace: AttributePath[];
  warnings: Diagnostic[];
}

/** A configuration that is valid for the schema, as core has made it from what is written. */
type Config = ValueRecord | null;

/** What one PlanResourceChange is asked about. */
interface Question {
  readonly prior: Value;
  readonly config: Config;
  readonly priorPrivate: Uint8Array | undefined;
  readonly applying?: boolean;
}

const NOTHING = new Uint8Array();

/** Core, in one walk. */
export class TerraformCore extends Connection {
  /** How values are written; core's own way unless a test sets it. */
  forms: Forms = {};

  /** The diagnostics of a resource's configuration. */
  async validateResource(typeName: string, config: ValueRecord): Promise<Diagnostic[]> {
    const { schema, type } = await this.#resource(typeName);
    const answer = await this.call('ValidateResourceConfig', {
      type_name: typeName,
      config: this.#encode(type, config),
      client_capabilities: PLANNING,
    });
    assertReadable('ValidateResourceConfig', answer.diagnostics, schema);
    return answer.diagnostics ?? [];
  }

  /** UpgradeResourceState of a state that the same schema wrote, as at the beginning of every walk. */
  async upgrade(typeName: string, state: ResourceState): Promise<ResourceState> {
    const { schema, type } = await this.#resource(typeName);
    const json = Buffer.from(JSON.stringify(state.value));
    const value = await this.upgradeRaw(typeName, json, schema.version ?? 0);
    if (!equalValues(type, value, state.value)) throw new RuleError(`${typeName}: an upgrade changed the state`);
    return { ...state, value };
  }

  /** UpgradeResourceState of what a state file holds. */
  async upgradeRaw(typeName: string, json: Uint8Array, version: number): Promise<Value> {
    const { schema, type } = await this.#resource(typeName);
    const request = { type_name: typeName, version, raw_state: { json, flatmap: {} } };
    const answer = succeeded('UpgradeResourceState', await this.call('UpgradeResourceState', request), schema);
    const value = answered(type, answer.upgraded_state);
    assertStorable(schema, type, value, 'an invalid upgraded state');
    return value;
  }

  /** UpgradeResourceState and ReadResource, as before every plan. The value is null when the resource is gone. */
  async refresh(typeName: string, state: ResourceState): Promise<ResourceState> {
    return this.read(typeName, await this.upgrade(typeName, state));
  }

  /** ReadResource alone. */
  async read(typeName: string, state: ResourceState): Promise<ResourceState> {
    const { schema, type } = await this.#resource(typeName);
    const request = {
      type_name: typeName,
      current_state: this.#encode(type, state.value),
      private: state.private,
      client_capabilities: PLANNING,
    };
    const answer = succeeded('ReadResource', await this.call('ReadResource', request), schema);
    const value = answered(type, answer.new_state);
    assertStorable(schema, type, value, 'an invalid object while it was read');
    return { ...state, value, private: answer.private ?? NOTHING };
  }

  /**
   * Plans a resource towards `config` (null: its deletion), with the second plan that a replacement needs, and checks the answers
   * as core does. `replace` forces a replacement as `-replace` does. Throws {@link DiagnosticsError} for a configuration that the
   * provider refuses.
   */
  async plan(
    typeName: string,
    prior: ResourceState | undefined,
    config: Config,
    options: { replace?: boolean } = {},
  ): Promise<ResourcePlan> {
    return this.#plan(typeName, prior, config, options);
  }

  /**
   * Applies a plan: plans again as the apply phase does, holds the answer against the plan, applies, and holds the result against it.
   * For a replacement it deletes first, or with `createBeforeDestroy` not at all: then the former instance is left to
   * `destroyDeposed`. Throws {@link DiagnosticsError} with what a failed apply left behind.
   */
  async apply(
    typeName: string,
    prior: ResourceState | undefined,
    config: Config,
    plan: ResourcePlan,
    { createBeforeDestroy = false } = {},
  ): Promise<ResourceState> {
    // What the plan remembers is stored only with a change.
    if (plan.action === 'no-op') return prior ?? { value: null, private: NOTHING };
    if (config === null) return this.#apply(typeName, { prior, config, planned: null, plannedPrivate: plan.private });
    const { schema, type } = await this.#resource(typeName);
    const replaces = plan.action === 'replace';
    if (replaces && !createBeforeDestroy) {
      await this.#apply(typeName, { prior, config: null, planned: null, plannedPrivate: plan.private });
    }
    const again = await this.#plan(typeName, replaces ? undefined : prior, config, { applying: true });
    const expected = replaces ? 'create' : plan.action;
    if (again.action !== expected && !(expected === 'update' && again.action === 'no-op')) {
      throw new RuleError(`Provider produced inconsistent final plan: ${expected} has become ${again.action}`);
    }
    assertReplanned(schema, type, plan.planned, again.planned);
    if (again.action === 'no-op') return prior as ResourceState;
    return this.#apply(typeName, {
      prior: replaces ? undefined : prior,
      config,
      planned: again.planned,
      plannedPrivate: again.private,
    });
  }

  /** Destroys what a replacement with `create_before_destroy` has left, as core does when the new instance is there. */
  async destroyDeposed(typeName: string, deposed: ResourceState): Promise<ResourceState> {
    return this.apply(typeName, deposed, null, await this.#plan(typeName, deposed, null, { applying: true }));
  }

  /** Validates, plans and applies; then refreshes and requires an empty plan. Returns the state after the refresh. */
  async converge(typeName: string, prior: ResourceState | undefined, config: ValueRecord): Promise<ResourceState> {
    const plan = await this.plan(typeName, prior, config);
    const state = await this.refresh(typeName, await this.apply(typeName, prior, config, plan));
    const second = await this.plan(typeName, state, config);
    if (second.action !== 'no-op') throw new RuleError(`${typeName}: a second plan would ${second.action}`);
    return state;
  }

  /** Imports by id and reads, as Terraform does. The value is null when there is nothing to import. */
  async importResource(typeName: string, id: string): Promise<ResourceState> {
    const { schema, type } = await this.#resource(typeName);
    const request = { type_name: typeName, id, client_capabilities: PLANNING };
    const answer = succeeded('ImportResourceState', await this.call('ImportResourceState', request));
    const [imported, ...more] = answer.imported_resources ?? [];
    if (imported === undefined || more.length > 0 || imported.type_name !== typeName) {
      throw new RuleError(`${typeName}: not exactly one imported resource of that type`);
    }
    const value = answered(type, imported.state);
    assertStorable(schema, type, value, 'an invalid object for the import');
    return this.read(typeName, { value, private: imported.private ?? NOTHING });
  }

  /** The errors of a data source's configuration. */
  async validateData(typeName: string, config: ValueRecord): Promise<Diagnostic[]> {
    const schema = await this.schemaOf('data_source_schemas', typeName);
    const request = { type_name: typeName, config: this.#encode(schemaType(schema), config) };
    const answer = await this.call('ValidateDataResourceConfig', request);
    assertReadable('ValidateDataResourceConfig', answer.diagnostics, schema);
    return errorsOf(answer.diagnostics);
  }

  /** Validates and reads a data source. */
  async readData(typeName: string, config: ValueRecord): Promise<Value> {
    const schema = await this.schemaOf('data_source_schemas', typeName);
    const type = schemaType(schema);
    const encoded = this.#encode(type, config);
    const request = { type_name: typeName, config: encoded };
    succeeded('ValidateDataResourceConfig', { diagnostics: await this.validateData(typeName, config) });
    const answer = succeeded('ReadDataSource', await this.call('ReadDataSource', request), schema);
    const state = answered(type, answer.state);
    if (state === null) throw new RuleError(`Provider produced a null object for ${typeName}`);
    assertPlanValid(schema, type, null, decodeDynamic(type, encoded), state);
    assertStorable(schema, type, state, 'an invalid object of a data source');
    return state;
  }

  async #resource(typeName: string): Promise<{ schema: Schema; type: CtyType }> {
    const schema = await this.schemaOf('resource_schemas', typeName);
    return { schema, type: schemaType(schema) };
  }

  #encode(type: CtyType, value: Value): DynamicValue {
    return inOtherForms(type, encodeDynamic(type, value), this.forms);
  }

  async #plan(
    typeName: string,
    prior: ResourceState | undefined,
    config: Config,
    { replace = false, applying = false }: { replace?: boolean; applying?: boolean },
  ): Promise<ResourcePlan> {
    const priorValue = prior?.value ?? null;
    const priorPrivate = prior?.private;
    // A tainted resource is planned as if it were not there.
    if (config !== null && prior?.tainted) {
      const made = await this.#planOnce(typeName, { prior: null, config, priorPrivate: undefined, applying });
      return { ...made, action: 'replace' };
    }
    const first = await this.#planOnce(typeName, { prior: priorValue, config, priorPrivate, applying });
    if (config === null) return { ...first, action: 'delete' };
    if (priorValue === null) return { ...first, action: 'create' };
    const { schema, type } = await this.#resource(typeName);
    const requiresReplace = replacingPaths(schema, first.requiresReplace, priorValue, first.planned);
    const action = replace ? 'replace' : actionOf(type, priorValue, first.planned, requiresReplace);
    if (action !== 'replace') return { ...first, requiresReplace, action };
    const second = await this.#planOnce(typeName, { prior: null, config, priorPrivate: first.private, applying });
    // Of the second plan's diagnostics only errors are shown: the rest is taken to be said already.
    return { ...second, warnings: first.warnings, requiresReplace, action };
  }

  async #planOnce(typeName: string, { prior, config, priorPrivate = NOTHING, applying = false }: Question) {
    const { schema, type } = await this.#resource(typeName);
    const wanted = decodeDynamic(type, encodeDynamic(type, config));
    if (config !== null) {
      succeeded('ValidateResourceConfig', { diagnostics: await this.validateResource(typeName, config) });
    }
    const request = {
      type_name: typeName,
      prior_state: this.#encode(type, prior),
      proposed_new_state: this.#encode(type, proposedState(schema, prior, wanted)),
      config: this.#encode(type, wanted),
      prior_private: priorPrivate,
      client_capabilities: applying ? APPLYING : PLANNING,
    };
    const answer = succeeded('PlanResourceChange', await this.call('PlanResourceChange', request), schema);
    const planned = answered(type, answer.planned_state);
    assertPlanValid(schema, type, prior, wanted, planned);
    return {
      planned,
      private: answer.planned_private ?? NOTHING,
      requiresReplace: answer.requires_replace ?? [],
      warnings: answer.diagnostics ?? [],
    };
  }

  async #apply(
    typeName: string,
    change: { prior: ResourceState | undefined; config: Config; planned: Value; plannedPrivate: Uint8Array },
  ): Promise<ResourceState> {
    const { schema, type } = await this.#resource(typeName);
    const { prior, config, planned, plannedPrivate } = change;
    const answer = await this.call('ApplyResourceChange', {
      type_name: typeName,
      prior_state: this.#encode(type, prior?.value ?? null),
      planned_state: this.#encode(type, planned),
      config: this.#encode(type, config),
      planned_private: plannedPrivate,
    });
    assertReadable('ApplyResourceChange', answer.diagnostics, schema);
    const state: ResourceState = { value: answered(type, answer.new_state), private: answer.private ?? NOTHING };
    const errors = errorsOf(answer.diagnostics);
    if (errors.length > 0) {
      assertStorable(schema, type, state.value, 'an invalid object in an apply that failed');
      // Nothing is forgotten for an error; what was made in part is replaced the next time.
      const kept = state.value === null && prior !== undefined ? { ...prior } : state;
      if (prior === undefined && kept.value !== null) kept.tainted = true;
      throw new DiagnosticsError('ApplyResourceChange', errors, kept);
    }
    assertApplied(schema, type, planned, state.value);
    return state;
  }
}
