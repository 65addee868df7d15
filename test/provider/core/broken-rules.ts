/** One way to break each rule of core, by the name under which a configuration asks for it. */
import type { Diagnostic } from '../../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  isRecord,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../../terraform-provider/values/value.ts';
import { RESOURCE } from './rule-schemas.ts';

/** When core finds out: the first plan, the first apply, the plan after that, the plan or the apply of a change, or an import. */
export type Stage = 'plan' | 'apply' | 'refresh' | 'change' | 'change-apply' | 'import';

interface PlanAnswer {
  readonly planned: Value;
  readonly replacing: readonly string[];
  /** Under another type than the schema's. */
  readonly type?: CtyType;
}

interface Rule {
  readonly stage: Stage;
  /** What of the message says that it is this rule, here and in Terraform, which trusts the provider where nothing is said. */
  readonly said: readonly [harness: RegExp, terraform?: RegExp];
  readonly plan?: (planned: ValueRecord, config: ValueRecord, prior: Value) => Partial<PlanAnswer>;
  readonly finalPlan?: (planned: ValueRecord, prior: Value) => Partial<PlanAnswer>;
  readonly apply?: (result: ValueRecord, config: Value) => Value;
  readonly state?: { readonly when: 'read' | 'upgrade' | 'import'; readonly change: ValueRecord };
}

const INVALID_PLAN = /Provider produced invalid plan/;
const FINAL_PLAN = /Provider produced inconsistent final plan/;
const RESULT = /Provider produced inconsistent result after apply/;
const planned = (change: ValueRecord) => (made: ValueRecord) => ({ planned: { ...made, ...change } });
const onlyAtChange = (prior: Value, change: ValueRecord) => (isRecord(prior) ? change : {});

/** The rules by the name of their breach. */
export const BROKEN_RULES: Readonly<Record<string, Rule>> = {
  'another value than configured': {
    stage: 'plan',
    said: [/note is planned as neither/, INVALID_PLAN],
    plan: planned({ note: 'other' }),
  },
  'a value for what is not configured': {
    stage: 'plan',
    said: [/tags is not configured and not computed/, INVALID_PLAN],
    plan: planned({ tags: ['x'] }),
  },
  'null for what is configured': {
    stage: 'plan',
    said: [/note is planned as neither/, INVALID_PLAN],
    plan: planned({ note: null }),
  },
  'a known value for an unknown one': {
    stage: 'plan',
    said: [/note is planned as neither/, INVALID_PLAN],
    plan: planned({ note: 'guessed' }),
  },
  'a write-only value in the plan': {
    stage: 'plan',
    said: [/secret_wo is write-only/, /write-only/i],
    plan: (made, config) => ({ planned: { ...made, secret_wo: config.secret_wo ?? 'x' } }),
  },
  'nothing planned for what is configured': {
    stage: 'plan',
    said: [/no existence is planned/, INVALID_PLAN],
    plan: () => ({ planned: null }),
  },
  'an attribute that the schema does not have': {
    stage: 'plan',
    said: [/does not conform/, /object with \d+ attributes is required/],
    plan: (made) => {
      const [, attributes] = RESOURCE.type as ['object', Record<string, CtyType>];
      return { planned: { ...made, extra: 'x' }, type: ['object', { ...attributes, extra: 'string' }] };
    },
  },
  'another nested value': {
    stage: 'plan',
    said: [/limit\.days is planned as neither/, INVALID_PLAN],
    plan: planned({ limit: { mode: 'block', days: 9 } }),
  },
  'another member of a set': {
    stage: 'plan',
    said: [/grants is planned with a member/],
    plan: planned({ grants: [{ role: 'other', scope: 'all' }] }),
  },
  'one member too many': {
    stage: 'plan',
    said: [/grants is planned with another number/, INVALID_PLAN],
    plan: planned({ grants: ['viewer', 'more'].map((role) => ({ role, scope: 'all' })) }),
  },
  'a replacement for what is nowhere': {
    stage: 'refresh',
    said: [/nowhere forces replacement/, INVALID_PLAN],
    plan: (made, _config, prior) => ({ planned: made, replacing: prior === null ? [] : ['nowhere'] }),
  },
  'another value at the apply': {
    stage: 'apply',
    said: [FINAL_PLAN, FINAL_PLAN],
    finalPlan: planned({ level: 'high' }),
  },
  'an unknown value for a known one at the apply': {
    stage: 'apply',
    said: [FINAL_PLAN, FINAL_PLAN],
    finalPlan: planned({ level: UNKNOWN }),
  },
  'a replacement that was not planned': {
    stage: 'change-apply',
    said: [/update has become replace/, FINAL_PLAN],
    finalPlan: (made, prior) => ({ planned: made, replacing: prior === null ? [] : ['note'] }),
  },
  'an unknown result': {
    stage: 'apply',
    said: [/invalid result object after apply: it holds an unknown value/, /invalid result object after apply/],
    apply: (result) => ({ ...result, id: UNKNOWN }),
  },
  'another result than planned': {
    stage: 'apply',
    said: [RESULT, RESULT],
    apply: (result) => ({ ...result, level: 'high' }),
  },
  'no result': { stage: 'apply', said: [RESULT, RESULT], apply: () => null },
  'another member in the result': {
    stage: 'apply',
    said: [RESULT, RESULT],
    apply: (result) => ({ ...result, grants: [{ role: 'viewer', scope: 'some' }] }),
  },
  'a write-only value in the result': {
    stage: 'apply',
    said: [/secret_wo is write-only/, /write-only/i],
    apply: (result) => ({ ...result, secret_wo: 'x' }),
  },
  'a write-only value in what is read': {
    stage: 'refresh',
    said: [/secret_wo is write-only/, /write-only/i],
    state: { when: 'read', change: { secret_wo: 'x' } },
  },
  'a write-only value in an upgraded state': {
    stage: 'refresh',
    said: [/secret_wo is write-only/, /write-only/i],
    state: { when: 'upgrade', change: { secret_wo: 'x' } },
  },
  'a write-only value in what is imported': {
    stage: 'import',
    said: [/secret_wo is write-only/, /write-only/i],
    state: { when: 'import', change: { secret_wo: 'x' } },
  },
  'a difference in every plan': {
    stage: 'refresh',
    said: [/a second plan would update/, /will be updated in-place/],
    plan: (made, _config, prior) => ({ planned: { ...made, ...onlyAtChange(prior, { id: UNKNOWN }) } }),
  },
};

/** The plan, broken if the planned resource asks for that. */
export function breakPlan(answer: PlanAnswer, prior: Value, config: ValueRecord): PlanAnswer {
  const made = answer.planned as ValueRecord;
  return { ...answer, ...ruleOf(made)?.plan?.(made, config, prior) };
}

/** The plan of the apply phase. */
export function breakFinalPlan(answer: PlanAnswer, prior: Value): PlanAnswer {
  const made = answer.planned as ValueRecord;
  const rule = ruleOf(made);
  // What every plan gets wrong is wrong here too: core must have refused it before.
  return { ...answer, ...rule?.plan?.(made, made, prior), ...rule?.finalPlan?.(made, prior) };
}

/** The result; "an apply that fails" and "in part" are no breaches, but how a provider says so. */
export function breakApplied(result: ValueRecord | null, config: Value): { state: Value; diagnostics: Diagnostic[] } {
  if (result === null) return { state: null, diagnostics: [] };
  const diagnostics = [{ severity: 1, summary: 'It failed', detail: 'As it was told to.' }];
  if (result.breaks === 'an apply that fails') return { state: null, diagnostics };
  if (result.breaks === 'an apply that fails in part') return { state: result, diagnostics };
  return { state: ruleOf(result)?.apply?.(result, config) ?? (ruleOf(result)?.apply ? null : result), diagnostics: [] };
}

/** A state, broken if it asks for that. */
export function breakRead(when: 'read' | 'upgrade' | 'import', state: Value): Value {
  const broken = isRecord(state) ? ruleOf(state)?.state : undefined;
  return broken?.when === when ? { ...(state as ValueRecord), ...broken.change } : state;
}

function ruleOf(state: ValueRecord): Rule | undefined {
  return typeof state.breaks === 'string' ? BROKEN_RULES[state.breaks] : undefined;
}
