/** Core as the tests play it refuses whatever breaks one of core's rules, over gRPC, and nothing else. */
import { expect } from 'chai';
import type { Value, ValueRecord } from '../../../terraform-provider/values/value.ts';
import { BROKEN_RULES } from './broken-rules.ts';
import { callFunction, closeEphemeral, FunctionFailure, openEphemeral } from './ephemeral.ts';
import { breachesAt, buildRuleBreaker, THING, thing } from './rule-bench.ts';
import { RuleError } from './schema.ts';
import { DiagnosticsError, TerraformCore } from './terraform-core.ts';
import { Workspace } from './workspace.ts';

describe('Core, as the tests play it,', function () {
  this.timeout(60_000);
  let breaker: Awaited<ReturnType<typeof buildRuleBreaker>>;
  let core: TerraformCore;

  const launch = () => TerraformCore.launch({ command: breaker.command });
  before(async () => {
    breaker = await buildRuleBreaker();
    core = await launch();
  });
  after(async () => {
    await core?.shutdown();
    breaker?.dispose();
  });

  /** Runs an instance through the stages up to the one that fails; answers which and why. */
  async function stageOfFailure(breaks: string | null): Promise<{ stage: string; error?: Error }> {
    let stage = 'plan';
    try {
      const plan = await core.plan(THING, undefined, thing('one', breaks, 'a', false));
      stage = 'apply';
      const made = await core.apply(THING, undefined, thing('one', breaks), plan);
      stage = 'refresh';
      const read = await core.refresh(THING, made);
      const again = await core.plan(THING, read, thing('one', breaks));
      if (again.action !== 'no-op') throw new RuleError(`a second plan would ${again.action}`);
      stage = 'change';
      const change = await core.plan(THING, read, thing('one', breaks, 'b'));
      stage = 'change-apply';
      await core.apply(THING, read, thing('one', breaks, 'b'), change);
      stage = 'import';
      await core.importResource(THING, breaks ?? 'one');
      return { stage: 'none' };
    } catch (error) {
      return { stage, error: error as Error };
    }
  }

  it('finds nothing wrong with a provider that keeps to the rules', async () => {
    expect(await stageOfFailure(null)).to.deep.equal({ stage: 'none' });
  });

  for (const [breach, { stage, said }] of Object.entries(BROKEN_RULES)) {
    it(`refuses ${breach}`, async () => {
      const failure = await stageOfFailure(breach);
      expect(failure.error, String(failure.error)).to.be.instanceOf(RuleError);
      expect(failure.error?.message).to.match(said[0]);
      expect(failure.stage).to.equal(stage);
    });
  }

  it('refuses a data source that answers nothing, or something unknown', async () => {
    expect(await core.readData(THING, { name: 'a' })).to.deep.include({ name: 'a', found: 'found' });
    for (const name of ['null data', 'unknown data']) {
      const error = await core.readData(THING, { name }).catch((reason: Error) => reason);
      expect(error, name).to.be.instanceOf(RuleError);
    }
  });

  it('refuses an ephemeral resource that is unknown, or not what was configured', async () => {
    const opened = await openEphemeral(core, 'rules_secret', { name: 'a' });
    expect(opened.value).to.deep.include({ name: 'a', value: 'made' });
    await closeEphemeral(core, opened);
    for (const name of ['unknown ephemeral', 'another ephemeral']) {
      const error = await openEphemeral(core, 'rules_secret', { name }).catch((reason: Error) => reason);
      expect(error, name).to.be.instanceOf(RuleError);
    }
  });

  it('refuses a function whose result is of another type, and one that complains of an argument that is none', async () => {
    expect(await callFunction(core, 'double', ['ab'])).to.equal('abab');
    const failure = await callFunction(core, 'double', ['']).catch((reason: Error) => reason);
    expect(failure).to.be.instanceOf(FunctionFailure).and.to.have.property('argument', 0);
    for (const text of ['no such argument', 'another type']) {
      const error = await callFunction(core, 'double', [text]).catch((reason: Error) => reason);
      expect(error, text).to.be.instanceOf(RuleError);
    }
  });

  describe('with a state between its walks', () => {
    const workspace = () => new Workspace(launch);
    const block = (config: ValueRecord, createBeforeDestroy = false) => ({ type: THING, config, createBeforeDestroy });
    const privateOf = (terraform: Workspace, name: string) => Buffer.from(terraform.instance(name).private).toString();
    const noted = (terraform: Workspace, name: string): Value => (terraform.instance(name).value as ValueRecord).note!;

    it('hands what the provider remembers from one walk to the next, and to the deletion of what is replaced', async () => {
      const terraform = workspace();
      await terraform.converge({ a: block(thing('one')) });
      expect(privateOf(terraform, 'a')).to.equal('apply(plan())');
      const plan = await terraform.plan({ a: block(thing('one')) });
      expect(plan.changes).to.deep.equal([]);
      await terraform.converge({ a: block(thing('one', null, 'b')) });
      expect(privateOf(terraform, 'a')).to.equal('apply(plan(read(apply(plan()))))');
    });

    it('replaces what is tainted, what must be replaced and what is to be, and destroys what is not declared', async () => {
      const terraform = workspace();
      await terraform.converge({ a: block(thing('one')) });
      terraform.taint('a');
      const tainted = await terraform.plan({ a: block(thing('one')) });
      expect(tainted.changes).to.deep.equal(['a: replace']);
      await terraform.apply(tainted);
      expect(terraform.contents).to.deep.equal(['a']);
      expect((await terraform.plan({ a: block(thing('one')) }, ['a'])).changes).to.deep.equal(['a: replace']);
      expect((await terraform.plan({ a: block(thing('two')) })).changes).to.deep.equal(['a: replace']);
      const gone = await terraform.plan({});
      expect(gone.changes).to.deep.equal(['a: delete']);
      await terraform.apply(gone);
      expect(terraform.contents).to.deep.equal([]);
    });

    it('goes on with a plan that was saved, once more is known than it knew', async () => {
      const terraform = workspace();
      const config = thing('one', 'a known value for an unknown one', 'a', false);
      const plan = await terraform.plan({ a: block({ ...config, breaks: null }) });
      await terraform.apply(plan, { a: { ...config, breaks: null, note: 'later' } });
      expect(noted(terraform, 'a')).to.equal('later');
    });

    it('keeps a former instance until its successor is there', async () => {
      const terraform = workspace();
      await terraform.converge({ a: block(thing('one')) });
      const failing = { a: block(thing('one', 'an apply that fails', 'b'), true) };
      const error = await terraform.converge(failing, ['a']).catch((reason: Error) => reason);
      expect(error).to.be.instanceOf(DiagnosticsError);
      expect(terraform.contents).to.deep.equal(['a']);
      expect(noted(terraform, 'a')).to.equal('a');
      const partly = { a: block(thing('one', 'an apply that fails in part', 'b'), true) };
      await terraform.converge(partly, ['a']).catch((reason: Error) => reason);
      expect(terraform.contents).to.deep.equal(['a (tainted)', 'a (deposed)']);
      const good = { a: block(thing('one', null, 'c'), true) };
      expect((await terraform.plan(good)).changes).to.deep.equal(['a: replace', 'a (deposed): delete']);
      await terraform.converge(good);
      expect(terraform.contents).to.deep.equal(['a']);
      expect(noted(terraform, 'a')).to.equal('c');
    });

    it('keeps what an apply that failed has left: nothing, the former values, or a resource to be replaced', async () => {
      const terraform = workspace();
      const failing = (note: string, how = 'an apply that fails') => ({ a: block(thing('one', how, note)) });
      await terraform.converge(failing('a')).catch((reason: Error) => reason);
      expect(terraform.contents).to.deep.equal([]);
      await terraform.converge(failing('a', 'an apply that fails in part')).catch((reason: Error) => reason);
      expect(terraform.contents).to.deep.equal(['a (tainted)']);
      await terraform.converge({ a: block(thing('one')) });
      await terraform.converge(failing('b')).catch((reason: Error) => reason);
      expect(terraform.contents).to.deep.equal(['a']);
      expect(noted(terraform, 'a')).to.equal('a');
    });
  });

  it('covers every rule with a provider that breaks it', () => {
    const stages = ['plan', 'apply', 'refresh', 'change', 'change-apply', 'import'] as const;
    expect(stages.flatMap(breachesAt)).to.have.members(Object.keys(BROKEN_RULES));
  });
});
