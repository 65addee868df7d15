/** Whatever a data source, an ephemeral resource or a function is asked, the provider answers by core's rules or says what is wrong. */
import { expect } from 'chai';
import fc from 'fast-check';
import { UNKNOWN, type Value, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { DATA_SOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { EPHEMERAL_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-ephemeral.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import { cases, caseTime } from '../support/cases.ts';
import { failuresIn } from '../support/log.ts';
import { printedSeed } from '../support/seed.ts';
import { callFunction, closeEphemeral, FunctionFailure, openEphemeral, validateEphemeral } from './core/ephemeral.ts';
import { DiagnosticsError } from './core/terraform-core.ts';
import { least, senseless, spoilt } from './random-configs.ts';
import { Bench } from './rpc-bench.ts';

const PARENTS = { account: 'holder', app: 'till', user: 'alice' };
const NAMES = { ...PARENTS, name: 'default' };

/** What is there: of every kind one of that name. */
const THERE: readonly (readonly [string, JsonObject])[] = [
  ['accounts/holder', { grants: [{ role: 'viewer' }] }],
  ['apps/till', {}],
  ['users/alice', { grants: [{ role: 'viewer' }] }],
  ['projects/default', {}],
  ['teams/default', {}],
  ['apps/default', {}],
  ['roles/default', { permissions: ['builds.write'] }],
  ['token-profiles/default', {}],
  ['users/default', {}],
  ['accounts/default', {}],
  ['accounts/holder/tokens/default', {}],
  ['apps/till/tokens/default', {}],
  ['users/alice/tokens/default', {}],
];

describe('Whatever is asked, the provider', function () {
  this.timeout(caseTime(60_000));
  let bench: Bench;
  let counts = { answered: 0, refused: 0 };

  before(async () => {
    bench = await Bench.start();
    await bench.configure();
    const owner = new OwnersApi(bench.daemon.url, bench.daemon.adminToken);
    for (const [address, body] of THERE) await owner.put(`organizations/default/${address}`, body);
  });
  after(() => bench?.stop());
  beforeEach(() => {
    counts = { answered: 0, refused: 0 };
  });
  afterEach(() => {
    console.log(`    ${counts.answered} answered, ${counts.refused} refused`);
    expect(counts.answered, 'what was tried out at all').to.be.above(0);
    expect(failuresIn(bench.daemon.log), 'what the daemon says is a refusal, and no failure of its own').to.deep.equal(
      [],
    );
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
      const good = least(schema, NAMES, {});
      const bad = senseless(schema, NAMES);
      const config = fc.oneof(spoilt(fc.constant(good), bad), bad);
      const unknown = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
      const property = fc.asyncProperty(config, unknown, fc.boolean(), async (given, choices, refined) => {
        bench.core.forms = { refined };
        const errors = await bench.core.validateData(type, given);
        const early = await bench.core.validateData(type, hidden(given, choices));
        if (errors.length === 0) expect(early, 'what is not known makes nothing wrong').to.deep.equal([]);
        await answered(bench.core.readData(type, given));
      });
      const examples: [ValueRecord, boolean[], boolean][] = [[good, [false], false]];
      await fc.assert(property, { seed: printedSeed(type), numRuns: cases(12), examples });
    });
  }

  for (const [type, schema] of EPHEMERAL_SCHEMAS) {
    it(`opens and closes ${type} or says why not`, async () => {
      const unknown = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
      const good = least(schema, NAMES, { address: 'organizations/default/accounts/holder/tokens/default' });
      const bad = senseless(schema, NAMES);
      const config = fc.oneof(spoilt(fc.constant(good), bad), bad);
      const property = fc.asyncProperty(config, unknown, async (given, choices) => {
        const errors = await validateEphemeral(bench.core, type, given);
        const early = await validateEphemeral(bench.core, type, hidden(given, choices));
        if (errors.length === 0) expect(early, 'what is not known makes nothing wrong').to.deep.equal([]);
        const opened = await answered(openEphemeral(bench.core, type, given));
        if (opened !== undefined) await closeEphemeral(bench.core, opened);
      });
      const examples: [ValueRecord, boolean[]][] = [[good, [false]]];
      await fc.assert(property, { seed: printedSeed(type), numRuns: cases(12), examples });
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
