/** How a provider ends: told to, or left alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { connect, parseHandshake, startProvider, unaryCall } from './core/process.ts';
import type { TerraformCore } from './core/terraform-core.ts';
import { COOKIE, usePlugin } from './plugin-bench.ts';

describe('The provider process', function () {
  this.timeout(30_000);
  const bench = usePlugin();

  describe('when it is to stop', () => {
    const CONFIGURE = { terraform_version: '1.11.4', config: {} };

    it('aborts what is running on StopProvider, says so, and serves later calls', async () => {
      const core = await bench().launch({ TF_LOG: 'info' });
      for (let round = 0; round < 2; round += 1) {
        const running = core.call('ConfigureProvider', CONFIGURE);
        await eventually(core, '"waits"', round + 1);
        expect(await core.call('StopProvider', {})).to.deep.equal({ Error: '' });
        expect((await running).diagnostics?.[0]).to.include({ severity: 1, summary: 'Interrupted' });
      }
      expect((await core.schema()).resource_schemas).to.have.property('double_thing');
    });

    it('aborts a call whose caller has gone', async () => {
      const core = await bench().launch({ TF_LOG: 'info' });
      const call = core.client.makeUnaryRequest(
        '/tfplugin6.Provider/ConfigureProvider',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        () => undefined,
      );
      await eventually(core, '"waits"', 1);
      call.cancel();
      await eventually(core, '"aborted"', 1);
    });

    it('ignores SIGINT, which is meant for Terraform', async () => {
      const core = await bench().launch({ TF_LOG: 'debug' });
      core.process.child.kill('SIGINT');
      await eventually(core, 'ignored SIGINT', 1);
      expect((await core.schema()).resource_schemas).to.have.property('double_thing');
    });

    it('answers Shutdown and is gone at once, even while a call hangs', async () => {
      const core = await bench().launch({ TF_LOG: 'info' });
      core.call('ConfigureProvider', CONFIGURE).catch(() => undefined);
      await eventually(core, '"waits"', 1);
      const started = performance.now();
      expect(await core.shutdown()).to.deep.equal({ code: 0, signal: null });
      const took = performance.now() - started;
      console.log(`    exit ${took.toFixed(0)} ms after Shutdown`);
      expect(took).to.be.lessThan(1500);
    });

    it('is gone soon after Shutdown even if the connection stays', async () => {
      const core = await bench().launch();
      await unaryCall(core.client, '/plugin.GRPCController/Shutdown', ['Empty', {}], 'Empty');
      expect(await core.process.exit).to.deep.equal({ code: 0, signal: null });
      core.client.close();
    });

    it('ends by itself when the last connection is closed, but not before', async () => {
      const right = createCertificate();
      const launched = startProvider({ command: bench().command }, right);
      bench().endAfterwards(launched);
      const handshake = parseHandshake(await launched.firstLine);
      const [first, second] = [connect(handshake, right), connect(handshake, right)];
      const check = (client: typeof first) =>
        unaryCall(client, '/grpc.health.v1.Health/Check', ['HealthCheckRequest', {}], 'HealthCheckResponse');
      await Promise.all([check(first), check(second)]);
      first.close();
      await check(second);
      second.close();
      expect(await launched.exit).to.deep.equal({ code: 0, signal: null });
    });

    it('ends by itself when Terraform dies before it connects', async () => {
      const parent = spawn(
        process.execPath,
        ['-e', 'require("node:child_process").spawn(process.argv[1], { stdio: "inherit" })', bench().command[0]],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TF_PLUGIN_MAGIC_COOKIE: COOKIE } },
      );
      const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
      const { address } = parseHandshake(line.trimEnd());
      expect(existsSync(address)).to.equal(true);
      parent.kill('SIGKILL');
      // Both held this end of the pipe: it closes when the provider is gone, too.
      await once(parent, 'close');
      expect(existsSync(address)).to.equal(false);
    });
  });
});

/** Waits until the text stands `count` times in the log. */
async function eventually(core: TerraformCore, text: string, count: number): Promise<void> {
  while (core.process.stderr().split(text).length <= count) await once(core.process.child.stderr!, 'data');
}
