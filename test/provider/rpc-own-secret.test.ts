/** A token whose secret the caller makes: given as itself or as its hash, and stored by nobody. */
import { expect } from 'chai';
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import { mintToken, secretHash, tokenHash } from '../../terraform-provider-spec/token.ts';
import { Bench, refusal, summaries, TOKEN, values } from './rpc-bench.ts';

describe('A secret that the caller makes', function () {
  this.timeout(60_000);
  let bench: Bench;
  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench?.stop());
  beforeEach(() => bench.reset());

  const itself = (secret: string, version: string): ValueRecord =>
    bench.tokenConfig({ secret_wo: secret, secret_wo_version: version });

  it('goes to the daemon as its hash, and into no state', async () => {
    await bench.makeAccount();
    const secret = mintToken('sa');
    const made = await bench.core.converge(TOKEN, undefined, itself(secret, '1'));
    expect(values(made)).to.include({ secret: null, secret_wo: null, secret_hash_wo: null, secret_wo_version: '1' });
    expect(bench.daemon.log.join('\n')).to.not.include(secret).and.to.not.include(tokenHash(secret));
    expect(await bench.opens(secret)).to.equal(true);
  });

  it('is replaced when its version changes, and only then', async () => {
    await bench.makeAccount();
    const [one, two] = [mintToken('sa'), mintToken('sa')];
    const made = await bench.core.converge(TOKEN, undefined, itself(one, '1'));
    const same = await bench.core.converge(TOKEN, made, itself(two, '1'));
    expect([await bench.opens(one), await bench.opens(two)]).to.deep.equal([true, false]);
    const next = await bench.core.converge(TOKEN, same, itself(two, '2'));
    expect([await bench.opens(one), await bench.opens(two)]).to.deep.equal([false, true]);
    expect(values(next)).to.include({ uid: values(made).uid, secret: null });
  });

  it('stays when it is given as its hash instead of itself', async () => {
    await bench.makeAccount();
    const secret = mintToken('sa');
    const made = await bench.core.converge(TOKEN, undefined, itself(secret, '1'));
    const hash = { secret_hash_wo: secretHash(secret), secret_hash_wo_version: '1' };
    const same = await bench.core.converge(TOKEN, made, bench.tokenConfig(hash));
    expect(values(same)).to.include({ uid: values(made).uid, rotated_at: values(made).rotated_at });
    expect(await bench.opens(secret)).to.equal(true);
  });

  it('that was used before is refused, at the attribute that gives it', async () => {
    await bench.makeAccount();
    const secret = mintToken('sa');
    const made = await bench.core.converge(TOKEN, undefined, itself(secret, '1'));
    await bench.planAndApply(TOKEN, made, null);
    const { diagnostics } = await refusal(bench.planAndApply(TOKEN, undefined, itself(secret, '1')));
    expect(summaries(diagnostics)).to.deep.equal(['That secret has been used before']);
    expect(diagnostics[0]?.attribute?.steps[0]?.attribute_name).to.equal('secret_wo');
    expect(JSON.stringify(diagnostics)).to.not.include(secret);
  });

  it('comes in place of one in the state where secrets are forbidden there, and does not only stand beside it', async () => {
    await bench.makeAccount();
    const daemons = await bench.core.converge(TOKEN, undefined, bench.tokenConfig());
    expect(values(daemons).secret).to.be.a('string');
    // With the version that the secret of the caller's would have.
    const made = { ...daemons, value: { ...values(daemons), secret_wo_version: '1' } };
    const own = mintToken('sa');
    await bench.configure({ forbid_secrets_in_state: true });
    const { diagnostics } = await refusal(bench.core.plan(TOKEN, made, itself(own, '1')));
    expect(summaries(diagnostics)).to.deep.equal(['A secret would stay in the Terraform state']);
    expect(diagnostics[0]?.detail).to.include('secret_wo is sent when secret_wo_version changes');
    const replaced = await bench.core.converge(TOKEN, made, itself(own, '2'));
    expect(values(replaced).secret).to.equal(null);
    expect(await bench.opens(own)).to.equal(true);
  });
});
