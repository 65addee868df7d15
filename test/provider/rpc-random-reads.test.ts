/** Whatever a data source, an ephemeral resource or a function is asked, the provider answers by core's rules or says what is wrong. */
import { expect } from 'chai';
import fc from 'fast-check';
import { UNKNOWN, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { DATA_SOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { EPHEMERAL_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { callFunction, closeEphemeral, FunctionFailure, openEphemeral, validateEphemeral } from './core/ephemeral.ts';
import { DiagnosticsError } from './core/terraform-core.ts';
import { senseless, spoilt } from './random-configs.ts';
import { Bench } from './rpc-bench.ts';

const THERE = { account: 'holder', app: 'till', user: 'alice', name: 'default' };

describe('Whatever is asked, the provider', function () {
  this.timeout(caseTime(60_000));
  let bench: Bench;
  const counts = { answered: 0, refused: 0 };

  before(async () => {
    bench = await Bench.start();
    await bench.configure();
    await bench.put('organizations/default/accounts/holder', { grants: [{ role: 'viewer' }] });
    await bench.put('organizations/default/apps/till', {});
    await bench.put('organizations/default/users/alice', {});
  });
  after(async () => {
    console.log(`    ${counts.answered} answered, ${counts.refused} refused`);
    await bench?.stop();
  });

  /** The answer is checked where it comes; a refusal has to be one in words. */
  async function answered<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await asked;
      counts.answered += 1;
      return answer;
    } catch (error) {
      const isRefusal = error instanceof DiagnosticsError || error instanceof FunctionFailure;
      if (!isRefusal) throw error;
      counts.refused += 1;
      return undefined;
    }
  }

  /** What is given, null or unknown. */
  const hidden = (config: ValueRecord, choices: readonly boolean[]): ValueRecord =>
    Object.fromEntries(
      Object.entries(config).map(([name, value], index): [string, Value] => [
        name,
        choices[index % choices.length] ? UNKNOWN : value,
      ]),
    );

  for (const [type, schema] of DATA_SOURCE_SCHEMAS) {
    it(`reads ${type} or says why not`, async () => {
      const config = senseless(schema, THERE);
      const unknown = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
      const property = fc.asyncProperty(config, unknown, fc.boolean(), async (given, choices, refined) => {
        bench.core.forms = { refined };
        const errors = await bench.core.validateData(type, given);
        const early = await bench.core.validateData(type, hidden(given, choices));
        if (errors.length === 0) expect(early, 'what is not known makes nothing wrong').to.deep.equal([]);
        await answered(bench.core.readData(type, given));
      });
      await fc.assert(property, { seed: printedSeed(type), numRuns: cases(12) });
    });
  }

  for (const [type, schema] of EPHEMERAL_SCHEMAS) {
    it(`opens and closes ${type} or says why not`, async () => {
      const unknown = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
      const bad = senseless(schema, THERE);
      const least = schema.attributes
        .filter(({ required, optional }) => required || optional)
        .map(({ name }) => [name, (THERE as Record<string, string>)[name] ?? null]);
      const good = fc.constant<ValueRecord>(Object.fromEntries(least));
      const config = fc.oneof(good, spoilt(good, bad), bad);
      const property = fc.asyncProperty(config, unknown, async (given, choices) => {
        const errors = await validateEphemeral(bench.core, type, given);
        const early = await validateEphemeral(bench.core, type, hidden(given, choices));
        if (errors.length === 0) expect(early, 'what is not known makes nothing wrong').to.deep.equal([]);
        const opened = await answered(openEphemeral(bench.core, type, given));
        if (opened !== undefined) await closeEphemeral(bench.core, opened);
      });
      await fc.assert(property, { seed: printedSeed(type), numRuns: cases(12) });
    });
  }

  it('calls functions or says which argument is wrong', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(mintToken('sa'), 'default', '', 'account'),
    );
    const call = fc.constantFrom(...PROVIDER_FUNCTIONS.map(({ name }) => name));
    const property = fc.asyncProperty(call, fc.array(text, { minLength: 1, maxLength: 4 }), async (name, args) => {
      const { parameters = [], variadic_parameter: more } = (await bench.core.schema()).functions?.[name] ?? {};
      const taken = more === undefined ? args.slice(0, parameters.length) : args;
      if (taken.length >= parameters.length) await answered(callFunction(bench.core, name, taken));
    });
    await fc.assert(property, { seed: printedSeed('functions'), numRuns: cases(100) });
  });
});
