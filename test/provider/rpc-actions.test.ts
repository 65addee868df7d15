/** The actions, which Terraform has from 1.14 on; the RPCs are called as it calls them. */
import { expect } from 'chai';
import type { InvokeActionEvent } from '../../terraform-provider/plugin/messages.ts';
import { type CtyType, encodeDynamic, UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType } from '../../terraform-provider-spec/derive/terraform.ts';
import { ACTION_SCHEMAS } from '../../terraform-provider-spec/derive/terraform-actions.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { Bench, placed, summaries, TOKEN, values } from './rpc-bench.ts';

const ROTATE = 'accredit_rotate';
const REVOKE = 'accredit_revoke';

describe('The actions', function () {
  this.timeout(60_000);
  let bench: Bench;
  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const request = (type: string, config: ValueRecord) => ({
    action_type: type,
    config: encodeDynamic(objectType(ACTION_SCHEMAS.get(type)?.attributes ?? []) as CtyType, config),
  });
  const invoke = (type: string, config: ValueRecord) => bench.core.events('InvokeAction', request(type, config));

  /** The diagnostics with which the last event completes a stream, and the messages before. */
  function told(events: InvokeActionEvent[]) {
    const last = events.at(-1)?.completed;
    expect(last, 'the last event completes').to.not.equal(undefined);
    return {
      problems: last?.diagnostics ?? [],
      messages: events.slice(0, -1).map(({ progress }) => progress?.message),
    };
  }

  async function makeToken(given: ValueRecord = {}) {
    await bench.makeAccount();
    return bench.core.converge(TOKEN, undefined, bench.tokenConfig(given));
  }

  it('are in the schema, and take what they need', async () => {
    const { action_schemas: schemas = {} } = await bench.core.schema();
    expect(Object.keys(schemas)).to.have.members([...ACTION_SCHEMAS.keys()]);
    for (const { schema } of Object.values(schemas)) {
      expect(schema.block.description).to.match(/\S/);
      for (const { computed, description } of schema.block.attributes ?? []) {
        expect(computed).to.equal(false);
        expect(description).to.match(/\S/);
      }
    }
  });

  it('rotate: the token takes the secret that was made, the former one works for the overlap, and no apply rotates again', async () => {
    const made = await makeToken({ rotation_triggers: { month: '01' } });
    const secret = mintToken('sa');
    const config = { address: bench.tokenAddress, secret_hash: secretHash(secret), overlap: '1h' };
    expect((await bench.core.call('ValidateActionConfig', request(ROTATE, config))).diagnostics).to.deep.equal([]);
    expect((await bench.core.call('PlanAction', request(ROTATE, config))).diagnostics).to.deep.equal([]);
    expect(await bench.opens(secret), 'it was only planned').to.equal(false);
    const { problems, messages } = told(await invoke(ROTATE, config));
    expect(problems).to.deep.equal([]);
    expect(messages.at(-1)).to.match(/has its new secret; the former one works until /);
    expect([await bench.opens(secret), await bench.opens(values(made).secret)]).to.deep.equal([true, true]);
    const { state } = await bench.read(TOKEN, made);
    await bench.core.converge(TOKEN, state, bench.tokenConfig({ rotation_triggers: { month: '01' } }));
    expect(await bench.opens(secret)).to.equal(true);
  });

  it('revoke: the token stops at once, and no apply brings it back', async () => {
    const made = await makeToken();
    const config = { address: bench.tokenAddress, reason: 'compromised' };
    const first = told(await invoke(REVOKE, config));
    expect(first).to.deep.equal({
      problems: [],
      messages: [`emergency revocation of ${bench.tokenAddress}`, `${bench.tokenAddress} is revoked`],
    });
    expect(await bench.opens(values(made).secret)).to.equal(false);
    expect(told(await invoke(REVOKE, config)).messages.at(-1)).to.include('was revoked already');
    const { state } = await bench.read(TOKEN, made);
    await bench.core.converge(TOKEN, state, bench.tokenConfig());
    expect(await bench.opens(values(made).secret)).to.equal(false);
  });

  it('what is wrong is an error at its attribute, in validation, plan and invocation', async () => {
    const wrong: [string, ValueRecord, string][] = [
      [ROTATE, { address: bench.accountAddress, secret_hash: secretHash('x') }, 'address: Not the address of a token'],
      [ROTATE, { address: 'ci', secret_hash: secretHash('x') }, 'address: Invalid value'],
      [ROTATE, { address: bench.tokenAddress, secret_hash: 'acr_sa_x' }, 'secret_hash: Invalid value'],
      [REVOKE, { address: bench.tokenAddress, reason: 'boredom' }, 'reason: Invalid value'],
    ];
    for (const [type, config, expected] of wrong) {
      for (const rpc of ['ValidateActionConfig', 'PlanAction'] as const) {
        const { diagnostics = [] } = await bench.core.call(rpc, request(type, config));
        expect(placed(diagnostics), expected).to.deep.equal([expected]);
      }
      expect(placed(told(await invoke(type, config)).problems)).to.deep.equal([expected]);
    }
    const unknown = { address: UNKNOWN, secret_hash: UNKNOWN, overlap: UNKNOWN };
    expect((await bench.core.call('PlanAction', request(ROTATE, unknown))).diagnostics).to.deep.equal([]);
  });

  it('what the daemon refuses is an error that says why, and completes the stream', async () => {
    await bench.makeAccount();
    const config = { address: bench.tokenAddress, secret_hash: secretHash(mintToken('sa')) };
    const { problems } = told(await invoke(ROTATE, config));
    expect(problems).to.have.length(1);
    expect(problems[0]?.detail).to.include(`To rotate ${bench.tokenAddress}`);
    await makeToken();
    const secret = mintToken('sa');
    const once = { ...config, secret_hash: secretHash(secret) };
    expect(told(await invoke(ROTATE, once)).problems).to.deep.equal([]);
    expect(told(await invoke(ROTATE, { ...config, secret_hash: secretHash(mintToken('sa')) })).problems).to.deep.equal(
      [],
    );
    const again = told(await invoke(ROTATE, once)).problems;
    expect(summaries(again)).to.deep.equal(['That secret has been used before']);
  });
});
