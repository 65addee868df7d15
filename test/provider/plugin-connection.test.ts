/** What a provider lets in and what it carries: its socket, its client, and the messages between them. */
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { connect, parseHandshake, startProvider, unaryCall } from './core/process.ts';
import type { TerraformCore } from './core/terraform-core.ts';
import { usePlugin } from './plugin-bench.ts';

describe('The provider process', function () {
  this.timeout(30_000);
  const bench = usePlugin();

  describe('and its socket', () => {
    it('lie in a directory that only this user can enter', async () => {
      const { handshake } = await bench().launch();
      expect(dirname(dirname(handshake.address))).to.equal(tmpdir());
      expect(statSync(dirname(handshake.address)).mode & 0o777).to.equal(0o700);
    });

    it('lie where Terraform wants them, for the group that it names', async () => {
      const { handshake } = await bench().launch({
        PLUGIN_UNIX_SOCKET_DIR: bench().directory,
        PLUGIN_UNIX_SOCKET_GROUP: String(process.getgid!()),
      });
      expect(dirname(dirname(handshake.address))).to.equal(bench().directory);
      expect(statSync(dirname(handshake.address)).mode & 0o777).to.equal(0o710);
      expect(statSync(handshake.address).mode & 0o777).to.equal(0o660);
      expect(statSync(handshake.address).gid).to.equal(process.getgid!());
    });

    it('fall back to /tmp when the temporary directory has a path too long, or is not there', async () => {
      const long = join(bench().directory, 'x'.repeat(120));
      mkdirSync(long);
      for (const TMPDIR of [long, join(bench().directory, 'missing')]) {
        const core = await bench().launch({ TMPDIR });
        expect(dirname(dirname(core.handshake.address))).to.equal('/tmp');
        expect((await core.schema()).provider).to.not.equal(undefined);
      }
    });

    it('are gone after the end, however it came', async () => {
      const endings: ((core: TerraformCore) => unknown)[] = [
        (core) => core.shutdown(),
        (core) => core.client.close(),
        (core) => core.process.child.kill('SIGTERM'),
        (core) => core.process.child.kill('SIGHUP'),
      ];
      for (const end of endings) {
        const core = await bench().launch();
        await core.schema();
        expect(existsSync(core.handshake.address)).to.equal(true);
        await end(core);
        expect(await core.process.exit).to.deep.equal({ code: 0, signal: null });
        expect(existsSync(dirname(core.handshake.address)), String(end)).to.equal(false);
      }
    });
  });

  describe('towards its client', () => {
    it('refuses one without a certificate and one with another, and serves the right one after that', async () => {
      const right = createCertificate();
      const launched = startProvider({ command: bench().command, env: { TF_LOG: 'warn' } }, right);
      bench().endAfterwards(launched);
      const handshake = parseHandshake(await launched.firstLine);
      const ask = (client: ReturnType<typeof connect>) =>
        unaryCall(
          client,
          '/tfplugin6.Provider/GetProviderSchema',
          ['GetProviderSchema.Request', {}],
          'GetProviderSchema.Response',
        );
      for (const wrong of [undefined, createCertificate()]) {
        const client = connect(handshake, wrong);
        const error = await ask(client).then(
          () => undefined,
          (reason: Error) => reason,
        );
        expect(error?.message).to.match(/UNAVAILABLE/);
        client.close();
      }
      expect(launched.stderr()).to.contain('refused a connection');
      const client = connect(handshake, right);
      expect(await ask(client)).to.have.nested.property('resource_schemas.double_thing');
      client.close();
    });

    it('is not disturbed by those that come and go, from the moment that it says where it listens', async () => {
      const right = createCertificate();
      const launched = startProvider({ command: bench().command }, right);
      bench().endAfterwards(launched);
      const handshake = parseHandshake(await launched.firstLine);
      const visitors = ['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02'].map((text) => {
        const socket = connectSocket(handshake.address, () => socket.end(text, () => socket.destroy()));
        return once(
          socket.on('error', () => undefined),
          'close',
        );
      });
      await Promise.all(visitors);
      const client = connect(handshake, right);
      const check = ['HealthCheckRequest', {}] as [string, object];
      expect(await unaryCall(client, '/grpc.health.v1.Health/Check', check, 'HealthCheckResponse')).to.deep.equal({
        status: 1,
      });
      client.close();
    });

    it('speaks plaintext only when no client certificate was given', async () => {
      const plain = await bench().launch({}, false);
      expect(plain.handshake.line).to.match(/\|grpc\|$/);
      expect((await plain.schema()).resource_schemas).to.have.property('double_thing');

      const secure = await bench().launch();
      const client = connect({ ...secure.handshake, certificate: '' }, undefined);
      const call = unaryCall(client, '/grpc.health.v1.Health/Check', ['HealthCheckRequest', {}], 'HealthCheckResponse');
      const error = await call.then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.match(/UNAVAILABLE/);
      client.close();
    });

    it('reports its health, keeps the streams open, and knows no service that it does not have', async () => {
      const core = await bench().launch();
      const check = (service: string) =>
        unaryCall(
          core.client,
          '/grpc.health.v1.Health/Check',
          ['HealthCheckRequest', { service }],
          'HealthCheckResponse',
        );
      const identity = (bytes: Buffer) => bytes;
      const stdio = core.client.makeServerStreamRequest(
        '/plugin.GRPCStdio/StreamStdio',
        identity,
        identity,
        Buffer.alloc(0),
      );
      const broker = core.client.makeBidiStreamRequest('/plugin.GRPCBroker/StartStream', identity, identity);
      const ended: string[] = [];
      stdio.on('status', () => ended.push('stdio')).on('error', () => undefined);
      broker.on('status', () => ended.push('broker')).on('error', () => undefined);
      expect(await check('plugin')).to.deep.equal({ status: 1 });
      expect((await check('other').catch((error: Error) => error)) as Error).to.have.property('code', 5);
      expect(ended).to.deep.equal([]);
      broker.end();
      await once(broker, 'status');
      expect(await core.shutdown()).to.deep.equal({ code: 0, signal: null });
    });

    it('takes and sends messages far larger than four megabytes', async () => {
      const core = await bench().launch();
      const json = Buffer.from(JSON.stringify({ id: 'x', name: 'n'.repeat(20_000_000) }));
      const answer = await core.call('UpgradeResourceState', {
        type_name: 'double_thing',
        version: 0,
        raw_state: { json, flatmap: {} },
      });
      expect(answer.upgraded_state?.msgpack?.length).to.be.greaterThan(20_000_000);
    });

    it('says UNIMPLEMENTED to what it does not have', async () => {
      const core = await bench().launch();
      const error = await core.call('GetResourceIdentitySchemas', {}).catch((reason: Error) => reason);
      expect(error).to.have.property('code', 12);
    });
  });

  it('carries plans and results of a resource from core to the provider and back', async () => {
    const core = await bench().launch();
    const made = await core.converge('double_thing', undefined, { name: 'a' });
    expect(made.value).to.deep.include({ id: 'made', name: 'a', note: null });
    expect(Buffer.from(made.private).toString()).to.equal('p');
    const noted = await core.converge('double_thing', made, { name: 'a', note: 'e\u0301' });
    expect(noted.value).to.deep.include({ id: 'made', note: 'é' });
    expect((await core.plan('double_thing', noted, { name: 'b' })).action).to.equal('replace');
    const plan = await core.plan('double_thing', noted, null);
    expect((await core.apply('double_thing', noted, null, plan)).value).to.equal(null);
  });
});
