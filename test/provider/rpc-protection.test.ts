import { expect } from 'chai';
import type { Handlers } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import {
  decodeDynamic,
  encodeDynamic,
  UNKNOWN,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { configOf, created } from './planned.ts';
import { ACCOUNT, Bench, placed, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

const CONTEXT = { signal: new AbortController().signal };
const PROTECTED = 'deletion_protection: Protected from deletion';

/** The smallest configuration of a resource, and what is more. */
function smallest(schema: TerraformSchema, given: ValueRecord): ValueRecord {
  const required = schema.attributes.filter((attribute) => attribute.required);
  const entries = required.map(({ name, source }): [string, Value] => [
    name,
    source.from === 'name' ? 'x' : (schema.kind.examples.full[name] as Value),
  ]);
  return configOf(schema, { ...Object.fromEntries(entries), ...given });
}

describe('deletion protection', () => {
  for (const [type, schema] of RESOURCE_SCHEMAS) {
    describe(`of ${type}`, () => {
      const cty = objectType(schema.attributes);
      let handlers: Handlers;

      /** A provider that has been shown the state, as at the beginning of every walk. */
      async function shown(state: ValueRecord): Promise<void> {
        handlers = createHandlers({ environment: { ACCREDIT_ORGANIZATION: 'default' } });
        const json = Buffer.from(JSON.stringify(state));
        const raw_state = { json, flatmap: {} };
        await handlers.UpgradeResourceState!({ type_name: type, version: 0, raw_state }, CONTEXT);
      }

      async function plan(prior: ValueRecord | null, config: ValueRecord | null): Promise<string[]> {
        const answer = await handlers.PlanResourceChange!(
          {
            type_name: type,
            prior_state: encodeDynamic(cty, prior),
            proposed_new_state: encodeDynamic(cty, config),
            config: encodeDynamic(cty, config),
            prior_private: new Uint8Array(),
            client_capabilities: { deferral_allowed: false, write_only_attributes_allowed: true },
          },
          CONTEXT,
        );
        return placed(answer.diagnostics ?? []);
      }

      it('lets no plan destroy or replace it while the state has it, whatever the configuration says', async () => {
        const state = created(schema, smallest(schema, { deletion_protection: true }));
        await shown(state);
        expect(await plan(state, null), 'a destroy').to.deep.equal([PROTECTED]);
        for (const deletion_protection of [true, false, null, UNKNOWN]) {
          const config = smallest(schema, { deletion_protection });
          expect(await plan(null, config), 'a replacement on demand').to.deep.equal([PROTECTED]);
          for (const name of ['other', UNKNOWN]) {
            expect(await plan(state, { ...config, name }), 'an immutable change').to.deep.equal([
              'name: Protected from deletion',
            ]);
          }
          expect(await plan(state, config), 'an update').to.deep.equal([]);
        }
      });

      it('is off unless it is asked for', async () => {
        const state = created(schema, smallest(schema, {}));
        expect(state.deletion_protection).to.equal(false);
        await shown(state);
        expect(await plan(state, null)).to.deep.equal([]);
        expect(await plan(null, smallest(schema, { deletion_protection: true }))).to.deep.equal([]);
        const renamed = smallest(schema, { name: 'other', deletion_protection: true });
        expect(await plan(state, renamed)).to.deep.equal([`name: ${state.id} will be replaced`]);
      });

      it('that a stored state does not know yet is off, and nothing is left to plan', async () => {
        const { deletion_protection: _none, ...stored } = created(schema, smallest(schema, {}));
        await shown(stored);
        const json = Buffer.from(JSON.stringify(stored));
        const answer = await handlers.UpgradeResourceState!(
          { type_name: type, version: 0, raw_state: { json, flatmap: {} } },
          CONTEXT,
        );
        expect(decodeDynamic(cty, answer.upgraded_state)).to.include({ deletion_protection: false });
      });
    });
  }

  describe('in front of a daemon', function () {
    this.timeout(60_000);
    let bench: Bench;
    before(async () => {
      bench = await Bench.start();
    });
    after(() => bench?.stop());
    beforeEach(() => bench.reset());

    it('holds until it is lifted by an apply of its own, which changes nothing at the daemon', async () => {
      await bench.makeAccount();
      const config = bench.tokenConfig({ deletion_protection: true });
      const made = await bench.core.converge(TOKEN, undefined, config);
      const { diagnostics } = await refusal(bench.core.plan(TOKEN, made, null));
      expect(diagnostics[0]?.detail).to.include(bench.tokenAddress).and.include('apply deletion_protection = false');
      const replacement = await refusal(bench.core.plan(TOKEN, made, { ...config, profile: 'renewable' }));
      expect(placed(replacement.diagnostics)).to.deep.equal(['profile: Protected from deletion']);
      const lifted = await bench.core.converge(TOKEN, made, { ...config, deletion_protection: false });
      expect((await bench.daemon.request.get(`/v1/${bench.tokenAddress}`)).body.revision).to.equal(1);
      await bench.planAndApply(TOKEN, lifted, null);
      await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(404);
    });

    it('does not keep what somebody else has deleted from being made again', async () => {
      const config = { name: bench.account, deletion_protection: true };
      const made = await bench.core.converge(ACCOUNT, undefined, config);
      await bench.delete(String(values(made).id));
      const gone = await bench.core.refresh(ACCOUNT, made);
      expect(gone.value).to.equal(null);
      const plan = await bench.core.plan(ACCOUNT, undefined, config);
      expect(summaries(plan.warnings)).to.deep.equal([]);
      await bench.core.apply(ACCOUNT, undefined, config, plan);
    });

    describe('of a token that does not refer to its account', () => {
      const forced = () => bench.core.converge(ACCOUNT, undefined, { name: bench.account, force_destroy: true });
      const protectedToken = () =>
        bench.core.converge(TOKEN, undefined, bench.tokenConfig({ deletion_protection: true }));
      const inTheWay = () => `${bench.tokenAddress} would go with ${bench.accountAddress}`;

      for (const { change, config } of [
        { change: 'destroy', config: () => null },
        { change: 'replace', config: () => ({ name: bench.account, scope: 'teams/none', force_destroy: true }) },
      ]) {
        it(`lets no plan ${change} the account, whichever of the two is planned first`, async () => {
          const account = await forced();
          const token = await protectedToken();
          await bench.configure();
          await bench.core.refresh(TOKEN, token);
          const { diagnostics } = await refusal(bench.core.plan(ACCOUNT, account, config()));
          expect(summaries(diagnostics)).to.deep.equal(['Protected from deletion']);
          expect(diagnostics[0]?.detail).to.include(inTheWay());

          await bench.configure();
          await bench.core.plan(ACCOUNT, account, config());
          const second = await refusal(bench.core.plan(TOKEN, token, bench.tokenConfig({ deletion_protection: true })));
          expect(placed(second.diagnostics)).to.deep.equal([PROTECTED]);
          expect(second.diagnostics[0]?.detail).to.include(bench.accountAddress);
          expect(await bench.opens(values(token).secret)).to.equal(true);
        });
      }

      it('lets the account change, and go once it is lifted', async () => {
        const account = await forced();
        const token = await protectedToken();
        const changed = await bench.core.converge(ACCOUNT, account, {
          name: bench.account,
          description: 'x',
          force_destroy: true,
        });
        const lifted = await bench.core.converge(TOKEN, token, bench.tokenConfig());
        await bench.core.refresh(TOKEN, lifted);
        await bench.planAndApply(ACCOUNT, changed, null);
        await bench.daemon.request.get(`/v1/${bench.accountAddress}`).expect(404);
      });
    });

    it('comes into the state of an import with the first apply', async () => {
      const config = { name: bench.account, deletion_protection: true };
      await bench.makeAccount();
      const imported = await bench.core.importResource(ACCOUNT, bench.accountAddress);
      expect(values(imported).deletion_protection).to.equal(false);
      const applied = await bench.core.converge(ACCOUNT, imported, config);
      await refusal(bench.core.plan(ACCOUNT, applied, null));
    });
  });
});
