/** Whatever is configured, the provider keeps to core's rules in front of a real daemon, and a second plan is empty. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { equalValues, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import type { World } from '../spec/bodies.ts';
import { cases, caseTime } from '../support/cases.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { failuresIn } from '../support/log.ts';
import { printedSeed } from '../support/seed.ts';
import { errorsOf } from './core/answers.ts';
import { DiagnosticsError, type ResourceState, TerraformCore } from './core/terraform-core.ts';
import type { Forms } from './core/wire-values.ts';
import { least, type Names, obscured, rewritten, senseless, sensible, spoilt } from './random-configs.ts';
import { PROVIDER_COMMAND } from './rpc-bench.ts';

/** What is there before. */
const THERE: Readonly<Record<string, object>> = {
  'projects/p1': {},
  'projects/p2': { parent: 'p1' },
  'teams/t1': {},
  'teams/t2': {},
  'apps/a1': { project: 'p1' },
  'roles/r1': { permissions: ['accounts.read'] },
  'accounts/holder': { grants: [{ role: 'owner' }] },
  'users/u1': { grants: [{ role: 'owner' }] },
};
const PARENTS: Names = { account: 'holder', app: 'a1', user: 'u1' };
const WORLD: World = {
  names: {
    project: ['p1', 'p2'],
    team: ['t1', 't2'],
    app: ['a1'],
    role: ['r1', 'viewer', 'none'],
    token_profile: ['standard', 'standard', 'standard', 'revocable', 'renewable'],
  },
  formats: {
    duration: fc.constantFrom('30d', '90d', '12h'),
    'duration-or-zero': fc.constantFrom('0s', '1h', '2d'),
    timestamp: fc.integer({ min: Date.UTC(2080, 0), max: Date.UTC(2089, 0) }).map(formatTimestamp),
    scope: fc.constantFrom('organization', 'projects/p1', 'teams/t1', 'apps/a1'),
    home: fc.constantFrom('organization', 'projects/p1', 'teams/t1'),
    permission: fc.constantFrom('accounts.read', 'tokens.read', 'builds.write', 'apps.*'),
    'secret-hash': fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
      return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    }),
  },
};

/** A counterexample that is not the smallest is better than none in time. */
const LIMIT = { interruptAfterTimeLimit: caseTime(50_000), markInterruptAsFailure: true };

interface Case {
  readonly configs: readonly ValueRecord[];
  /** How much of each is not known when it is planned. */
  readonly unknown: readonly boolean[];
  readonly forms: Forms;
  readonly createBeforeDestroy: boolean;
  readonly replaces: boolean;
}

function isProtection({ diagnostics }: DiagnosticsError): boolean {
  return diagnostics.every(({ summary }) => summary === 'Protected from deletion');
}

describe('Whatever is configured, the provider', () => {
  let daemon: TestDaemon;
  let planner: TerraformCore;
  let applier: TerraformCore;
  let userToken: string;
  let token: string;
  /** What became of the configurations of one type. */
  let counts = { applied: 0, refused: 0, invalid: 0 };
  let number = 0;

  before(async function () {
    this.timeout(60_000);
    daemon = await startTestDaemon();
    for (const [address, body] of Object.entries(THERE)) {
      await daemon.request.put(`/v1/organizations/default/${address}`).send(body).expect(201);
    }
    const api = new OwnersApi(daemon.url, daemon.adminToken);
    userToken = String((await api.put('organizations/default/users/u1/tokens/own', {})).body.secret);
    [planner, applier] = (await Promise.all([0, 1].map(() => TerraformCore.launch({ command: PROVIDER_COMMAND })))) as [
      TerraformCore,
      TerraformCore,
    ];
  });
  after(async () => {
    await planner?.shutdown();
    await applier?.shutdown();
    await daemon?.close();
  });

  for (const [type, schema] of RESOURCE_SCHEMAS) {
    it(`plans and applies ${type} by the rules, and a second plan is empty`, async function () {
      this.timeout(caseTime(60_000));
      token = schema.kind.token?.selfService ? userToken : daemon.adminToken;
      counts = { applied: 0, refused: 0, invalid: 0 };
      const good = sensible(schema, PARENTS, WORLD);
      const bad = senseless(schema, PARENTS);
      const config = fc.oneof({ weight: 6, arbitrary: good }, { weight: 2, arbitrary: spoilt(good, bad) }, bad);
      const arbitrary = fc.record<Case>({
        configs: fc.array(config, { minLength: 1, maxLength: 3 }),
        unknown: fc.array(fc.oneof(fc.constant(false), fc.boolean()), { maxLength: 40 }),
        forms: fc.record({ refined: fc.boolean(), reversed: fc.boolean() }),
        createBeforeDestroy: fc.boolean(),
        replaces: fc.boolean(),
      });
      const seed = printedSeed(type);
      const [sample = {}] = fc.sample(good, { seed, numRuns: 1 });
      // What the daemon cannot but take comes first, so that something is applied whatever the others are.
      const plain: Case = {
        configs: [least(schema, PARENTS, sample)],
        unknown: [],
        forms: {},
        createBeforeDestroy: false,
        replaces: false,
      };
      const property = fc.asyncProperty(arbitrary, (one) => live(schema, one));
      await fc.assert(property, { seed, numRuns: cases(8), examples: [[plain]], ...LIMIT });
      console.log(`    ${counts.applied} applied, ${counts.refused} refused by the daemon, ${counts.invalid} invalid`);
      expect(counts.applied, 'what was tried out at all').to.be.above(0);
      expect(failuresIn(daemon.log), 'what the daemon says is a refusal, and no failure of its own').to.deep.equal([]);
    });
  }

  /** One life: each configuration is planned in part, applied and found to be there; then it is imported and destroyed. */
  async function live(schema: TerraformSchema, given: Case): Promise<void> {
    number += 1;
    const name = `n${number}`;
    for (const core of [planner, applier]) core.forms = given.forms;
    let state: ResourceState | undefined;
    let last: ValueRecord | undefined;
    for (const config of given.configs) {
      const named = config.name === null ? { ...config, name } : config;
      const before = state;
      state = await step(schema, before, named, given);
      if (state !== before) last = named;
    }
    if (state === undefined || last === undefined) return;
    await expectReadable(schema, state);
    await expectImportable(schema, state, last);
    await remove(schema.type, await unprotected(schema.type, state, last));
  }

  /** What is protected is not destroyed before that is lifted. */
  async function unprotected(type: string, state: ResourceState, config: ValueRecord): Promise<ResourceState> {
    const lifted = { ...config, deletion_protection: null };
    if ((state.value as ValueRecord).deletion_protection !== true) return state;
    await planner.configure({ endpoint: daemon.url, token });
    const refused = await planner.plan(type, state, null).catch((error: Error) => error);
    expect(refused instanceof DiagnosticsError && isProtection(refused), 'it is protected').to.equal(true);
    const next = await applier.apply(type, state, lifted, await planner.plan(type, state, lifted));
    await planner.configure({ endpoint: daemon.url, token });
    return next;
  }

  /** Applies a configuration. The same state as before when it is refused; none when only a replacement's deletion was done. */
  async function step(
    schema: TerraformSchema,
    before: ResourceState | undefined,
    config: ValueRecord,
    { unknown, createBeforeDestroy, replaces }: Case,
  ): Promise<ResourceState | undefined> {
    const { type } = schema;
    // Each walk configures the provider before it asks for anything else.
    for (const core of [planner, applier]) await core.configure({ endpoint: daemon.url, token });
    const early = obscured(schema, config, unknown);
    const [errors, earlyErrors] = [
      errorsOf(await planner.validateResource(type, config)),
      errorsOf(await planner.validateResource(type, early)),
    ];
    if (earlyErrors.length > 0) expect(errors, 'what is not known makes nothing wrong').to.not.deep.equal([]);
    if (errors.length > 0) {
      counts.invalid += 1;
      return before;
    }
    // A configuration that is good is planned, whatever is unknown of it and whatever the daemon may say later.
    const isProtected = (before?.value as ValueRecord | undefined)?.deletion_protection === true;
    const options = { replace: replaces && before !== undefined && !isProtected };
    const plan = await planner.plan(type, before, early, options).catch((error: Error) => {
      if (isProtected && error instanceof DiagnosticsError && isProtection(error)) return undefined;
      throw error;
    });
    if (plan === undefined) return before;
    let made: ResourceState;
    try {
      made = await applier.apply(type, before, config, plan, { createBeforeDestroy });
    } catch (error) {
      if (!(error instanceof DiagnosticsError)) throw error;
      counts.refused += 1;
      // One at the same address, made before the old one is gone, is the daemon's to refuse, and it says so.
      if (plan.action !== 'replace' || !createBeforeDestroy) {
        expect(error.message, 'what cannot change is planned as a replacement').to.not.include('409, immutable');
      }
      const left = error.partial?.value ?? null;
      const destroyed = plan.action === 'replace' && left === null;
      if (!destroyed) expect(left).to.deep.equal(before?.value ?? null);
      return destroyed && !createBeforeDestroy ? undefined : before;
    }
    if (plan.action === 'replace' && createBeforeDestroy) await applier.destroyDeposed(type, before as ResourceState);
    counts.applied += 1;
    const read = await planner.refresh(type, made);
    expect(read.value, 'it is there').to.not.equal(null);
    for (const same of [config, rewritten(schema, config)]) {
      expect((await planner.plan(type, read, same)).action, 'a second plan').to.equal('no-op');
    }
    return read;
  }

  async function expectReadable(schema: TerraformSchema, state: ResourceState): Promise<void> {
    const { id, ...values } = state.value as ValueRecord;
    const names = schema.attributes.filter(({ source }) => source.from === 'name').map((one) => one.name);
    const config = Object.fromEntries(names.map((one) => [one, values[one]!]));
    const found = (await planner.readData(schema.type, config)) as ValueRecord;
    expect(found).to.include({ id, uid: values.uid });
  }

  /** An import finds everything but what the provider alone knows, and adopts without changing anything. */
  async function expectImportable(schema: TerraformSchema, state: ResourceState, config: ValueRecord): Promise<void> {
    const { id } = state.value as ValueRecord;
    const imported = await planner.importResource(schema.type, String(id));
    const own = schema.attributes
      .filter(({ source, api }) => source.from !== 'api' || api?.once)
      .map(({ name }) => name);
    const withoutOwn = (value: ValueRecord) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => !own.includes(name)));
    const type = objectType(schema.attributes);
    const [found, known] = [imported, state].map((one) => withoutOwn(one.value as ValueRecord));
    expect(equalValues(type, found!, known!), 'what is imported is what was made').to.equal(true);
    const plan = await planner.plan(schema.type, imported, config);
    expect(plan.action, 'nothing is replaced for an import').to.be.oneOf(['no-op', 'update']);
    const adopted = await planner.refresh(schema.type, await applier.apply(schema.type, imported, config, plan));
    expect((await planner.plan(schema.type, adopted, config)).action).to.equal('no-op');
  }

  async function remove(type: string, state: ResourceState): Promise<void> {
    const gone = await applier.apply(type, state, null, await planner.plan(type, state, null));
    expect(gone.value).to.equal(null);
    expect((await planner.refresh(type, state)).value, 'it is gone').to.equal(null);
  }
});
