/** What a provider answers and logs when its logic fails. */
import { expect } from 'chai';
import { RPC_NAMES } from '../../terraform-provider/plugin/descriptors.ts';
import type { Diagnostic, Requests } from '../../terraform-provider/plugin/messages.ts';
import { usePlugin } from './plugin-bench.ts';

describe('The provider process', function () {
  this.timeout(30_000);
  const bench = usePlugin();

  describe('when a handler fails', () => {
    const SECRET = `acr_sa_${'0123456789'.repeat(4)}abcdef`;

    it('or the logic cannot be loaded, which is found out after the handshake, answers with a diagnostic', async () => {
      const core = await bench().launch({ DOUBLE_FAILURE: 'at start', TF_LOG_PROVIDER: 'error' });
      const { diagnostics } = await core.call('GetProviderSchema', {});
      expect(diagnostics?.[0]?.summary).to.equal('The provider failed unexpectedly');
      await core.shutdown();
      expect(core.process.stderr()).to.contain('there is\\nno logic');
    });

    it('answers with a diagnostic for every RPC, without the private text', async () => {
      const core = await bench().launch({ DOUBLE_FAILURE: `hidden ${SECRET}`, TF_LOG_PROVIDER: 'debug' });
      for (const rpc of RPC_NAMES) {
        const answer = (await core.call(rpc, {} as Requests[typeof rpc])) as {
          diagnostics?: Diagnostic[];
          error?: { text: string };
          Error?: string;
        };
        const text =
          answer.Error ??
          answer.error?.text ??
          `${answer.diagnostics?.[0]?.summary} ${answer.diagnostics?.[0]?.detail}`;
        expect(text, rpc).to.contain('failed unexpectedly').and.to.contain('TF_LOG_PROVIDER');
        expect(JSON.stringify(answer), rpc).not.to.contain('hidden');
      }
      await core.shutdown();
      expect(core.process.stderr()).to.contain('hidden (token)').and.not.to.contain(SECRET.slice(0, 12));
    });

    it('logs lines that Terraform can read', async () => {
      const core = await bench().launch({ DOUBLE_FAILURE: 'x', TF_LOG_PROVIDER: 'trace' });
      await core.call('ReadDataSource', { type_name: 'x' });
      await core.shutdown();
      for (const line of core.process.stderr().trimEnd().split('\n')) {
        const entry = JSON.parse(line) as Record<string, string>;
        expect(entry['@timestamp']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(entry['@level']).to.be.oneOf(['debug', 'error']);
        expect(entry['@message']).to.be.a('string');
      }
    });

    it('logs nothing unless asked', async () => {
      const core = await bench().launch({ DOUBLE_FAILURE: 'x', TF_LOG: undefined, TF_LOG_PROVIDER: undefined });
      await core.call('ReadDataSource', { type_name: 'x' });
      await core.shutdown();
      expect(core.process.stderr()).to.equal('');
    });
  });
});
