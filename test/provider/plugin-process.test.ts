import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { bundleProvider } from '../../scripts/build-provider.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { RPC_NAMES } from '../../terraform-provider/plugin/descriptors.ts';
import type { Diagnostic, Requests } from '../../terraform-provider/plugin/messages.ts';
import { encodeMessage } from '../../terraform-provider/plugin/wire.ts';
import { getProviderSchema } from '../../terraform-provider/rpc/get-provider-schema.ts';
import { connect, type LaunchedProcess, parseHandshake, startProvider, unaryCall } from './core/process.ts';
import { TerraformCore } from './core/terraform-core.ts';

describe('The provider process', function () {
  this.timeout(30_000);
  let directory: string;
  let command: [string];
  const children: LaunchedProcess[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-plugin-test-'));
    // Its compiled code is to go with it.
    process.env.XDG_CACHE_HOME = join(directory, 'cache');
    command = [join(directory, 'terraform-provider-double')];
    writeFileSync(command[0], await bundleProvider(fileURLToPath(new URL('plugin-double.ts', import.meta.url))));
    chmodSync(command[0], 0o755);
  });
  after(() => {
    delete process.env.XDG_CACHE_HOME;
    rmSync(directory, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const { child, exit } of children.splice(0)) {
      // Not SIGKILL, which would leave the socket behind.
      child.kill('SIGTERM');
      await exit;
    }
  });

  async function launch(env: Record<string, string | undefined> = {}, tls = true): Promise<TerraformCore> {
    const core = await TerraformCore.launch({ command, env, tls });
    children.push(core.process);
    return core;
  }

  /** Waits until the text stands `count` times in the log. */
  async function eventually(core: TerraformCore, text: string, count: number): Promise<void> {
    while (core.process.stderr().split(text).length <= count) await once(core.process.child.stderr!, 'data');
  }

  describe('when it starts', () => {
    it('by hand explains what it is for, and fails', () => {
      const { status, stdout, stderr } = spawnSync(command[0], { encoding: 'utf8', env: { PATH: process.env.PATH } });
      expect(status).to.equal(1);
      expect(stdout).to.equal('');
      expect(stderr)
        .to.contain('Terraform starts it')
        .and.to.contain('required_providers')
        .and.to.contain('filesystem_mirror');
    });

    const refusals: [string, Record<string, string>, RegExp][] = [
      [
        'a Terraform without protocol 6',
        { PLUGIN_PROTOCOL_VERSIONS: '4,5' },
        /Plugin version: 6, Client versions: 4, 5\./,
      ],
      ['ports that are none', { PLUGIN_MAX_PORT: 'many' }, /PLUGIN_MAX_PORT is no port: "many"/],
      ['an unknown group', { PLUGIN_UNIX_SOCKET_GROUP: 'no such group' }, /no group "no such group"/],
      ['a client certificate that is none', { PLUGIN_CLIENT_CERT: 'x' }, /PLUGIN_CLIENT_CERT is no certificate/],
    ];
    for (const [what, env, text] of refusals) {
      it(`with ${what} says so in one line on standard output, and fails`, () => {
        const { status, stdout } = spawnSync(command[0], {
          encoding: 'utf8',
          timeout: 10_000,
          env: { ...process.env, TF_PLUGIN_MAGIC_COOKIE: COOKIE, ...env },
        });
        expect(stdout).to.match(text);
        expect(stdout.trimEnd()).not.to.contain('\n');
        expect(status).to.equal(1);
      });
    }

    for (const [version, isTooOld] of [
      ['14.21.3', true],
      ['20.9.0', true],
      ['20.18.3', true],
      ['20.19.0', false],
      ['20.100.0', false],
      ['22.1.0', false],
      ['100.0.0', false],
    ] as const) {
      it(`${isTooOld ? 'says in one line which Node it needs' : 'begins'} under Node ${version}`, () => {
        // The version alone decides: some that are too old have this function, and some that are not lack it.
        const told = `${isTooOld ? '' : 'delete process.getBuiltinModule;'}Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
        const env = {
          PATH: process.env.PATH,
          NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(told)}"`,
        };
        const { status, stdout, stderr } = spawnSync(command[0], { encoding: 'utf8', env });
        if (isTooOld) expect(stdout).to.match(/^The accredit provider needs Node\.js 20\.19 or newer; this is v.*\n$/);
        else expect([stdout, stderr.includes('Terraform starts it')]).to.deep.equal(['', true]);
        expect(status).to.equal(1);
      });
    }

    it('answers protocol 6, whatever the order in which it is offered', async () => {
      for (const versions of ['5,6', '6,5', '6']) {
        const { handshake } = await launch({ PLUGIN_PROTOCOL_VERSIONS: versions });
        expect(handshake.line).to.match(/^1\|6\|unix\|\/[^|]+\|grpc\|[A-Za-z0-9+/]{51,}$/);
      }
    });

    it('tells about multiplexing only when asked, and then that there is none', async () => {
      const { handshake } = await launch({ PLUGIN_MULTIPLEX_GRPC: 'true' });
      expect(handshake.line.split('|')).to.have.length(7);
      expect(handshake.line).to.match(/\|false$/);
    });

    it('runs wherever the file lies, under any package.json', async () => {
      for (const type of ['module', 'commonjs']) {
        const place = join(directory, type);
        mkdirSync(place);
        writeFileSync(join(place, 'package.json'), JSON.stringify({ type }));
        // The name that Terraform asks for ends in what looks like an extension.
        const copy = join(place, 'terraform-provider-double_v0.1.0');
        writeFileSync(copy, await bundleProvider(fileURLToPath(new URL('plugin-double.ts', import.meta.url))));
        chmodSync(copy, 0o755);
        const core = await TerraformCore.launch({ command: [copy] });
        children.push(core.process);
        expect((await core.schema()).resource_schemas, type).to.have.property('double_thing');
      }
    });
  });

  it('says on standard output, where Terraform looks, that there is no Node', () => {
    const { status, stdout } = spawnSync(command[0], { env: { PATH: directory }, encoding: 'utf8' });
    expect(status).to.equal(1);
    expect(stdout).to.match(/^The accredit provider needs Node\.js 20\.19 or newer[^\n]*\n$/);
  });

  describe('and its socket', () => {
    it('lie in a directory that only this user can enter', async () => {
      const { handshake } = await launch();
      expect(dirname(dirname(handshake.address))).to.equal(tmpdir());
      expect(statSync(dirname(handshake.address)).mode & 0o777).to.equal(0o700);
    });

    it('lie where Terraform wants them, for the group that it names', async () => {
      const { handshake } = await launch({
        PLUGIN_UNIX_SOCKET_DIR: directory,
        PLUGIN_UNIX_SOCKET_GROUP: String(process.getgid!()),
      });
      expect(dirname(dirname(handshake.address))).to.equal(directory);
      expect(statSync(dirname(handshake.address)).mode & 0o777).to.equal(0o710);
      expect(statSync(handshake.address).mode & 0o777).to.equal(0o660);
      expect(statSync(handshake.address).gid).to.equal(process.getgid!());
    });

    it('fall back to /tmp when the temporary directory has a path too long, or is not there', async () => {
      const long = join(directory, 'x'.repeat(120));
      mkdirSync(long);
      for (const TMPDIR of [long, join(directory, 'missing')]) {
        const core = await launch({ TMPDIR });
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
        const core = await launch();
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
      const launched = startProvider({ command, env: { TF_LOG: 'warn' } }, right);
      children.push(launched);
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
      const launched = startProvider({ command }, right);
      children.push(launched);
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
      const plain = await launch({}, false);
      expect(plain.handshake.line).to.match(/\|grpc\|$/);
      expect((await plain.schema()).resource_schemas).to.have.property('double_thing');

      const secure = await launch();
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
      const core = await launch();
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
      const core = await launch();
      const json = Buffer.from(JSON.stringify({ id: 'x', name: 'n'.repeat(20_000_000) }));
      const answer = await core.call('UpgradeResourceState', {
        type_name: 'double_thing',
        version: 0,
        raw_state: { json, flatmap: {} },
      });
      expect(answer.upgraded_state?.msgpack?.length).to.be.greaterThan(20_000_000);
    });

    it('says UNIMPLEMENTED to what it does not have', async () => {
      const core = await launch();
      const error = await core.call('GetResourceIdentitySchemas', {}).catch((reason: Error) => reason);
      expect(error).to.have.property('code', 12);
    });
  });

  describe('when a handler fails', () => {
    const SECRET = `acr_sa_${'0123456789'.repeat(4)}abcdef`;

    it('or the logic cannot be loaded, which is found out after the handshake, answers with a diagnostic', async () => {
      const core = await launch({ DOUBLE_FAILURE: 'at start', TF_LOG_PROVIDER: 'error' });
      const { diagnostics } = await core.call('GetProviderSchema', {});
      expect(diagnostics?.[0]?.summary).to.equal('The provider failed unexpectedly');
      await core.shutdown();
      expect(core.process.stderr()).to.contain('there is\\nno logic');
    });

    it('answers with a diagnostic for every RPC, without the private text', async () => {
      const core = await launch({ DOUBLE_FAILURE: `hidden ${SECRET}`, TF_LOG_PROVIDER: 'debug' });
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
      const core = await launch({ DOUBLE_FAILURE: 'x', TF_LOG_PROVIDER: 'trace' });
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
      const core = await launch({ DOUBLE_FAILURE: 'x', TF_LOG: undefined, TF_LOG_PROVIDER: undefined });
      await core.call('ReadDataSource', { type_name: 'x' });
      await core.shutdown();
      expect(core.process.stderr()).to.equal('');
    });
  });

  describe('when it is to stop', () => {
    const CONFIGURE = { terraform_version: '1.11.4', config: {} };

    it('aborts what is running on StopProvider, says so, and serves later calls', async () => {
      const core = await launch({ TF_LOG: 'info' });
      for (let round = 0; round < 2; round += 1) {
        const running = core.call('ConfigureProvider', CONFIGURE);
        await eventually(core, '"waits"', round + 1);
        expect(await core.call('StopProvider', {})).to.deep.equal({ Error: '' });
        expect((await running).diagnostics?.[0]).to.include({ severity: 1, summary: 'Interrupted' });
      }
      expect((await core.schema()).resource_schemas).to.have.property('double_thing');
    });

    it('aborts a call whose caller has gone', async () => {
      const core = await launch({ TF_LOG: 'info' });
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
      const core = await launch({ TF_LOG: 'debug' });
      core.process.child.kill('SIGINT');
      await eventually(core, 'ignored SIGINT', 1);
      expect((await core.schema()).resource_schemas).to.have.property('double_thing');
    });

    it('answers Shutdown and is gone at once, even while a call hangs', async () => {
      const core = await launch({ TF_LOG: 'info' });
      core.call('ConfigureProvider', CONFIGURE).catch(() => undefined);
      await eventually(core, '"waits"', 1);
      const started = performance.now();
      expect(await core.shutdown()).to.deep.equal({ code: 0, signal: null });
      const took = performance.now() - started;
      console.log(`    exit ${took.toFixed(0)} ms after Shutdown`);
      expect(took).to.be.lessThan(1500);
    });

    it('is gone soon after Shutdown even if the connection stays', async () => {
      const core = await launch();
      await unaryCall(core.client, '/plugin.GRPCController/Shutdown', ['Empty', {}], 'Empty');
      expect(await core.process.exit).to.deep.equal({ code: 0, signal: null });
      core.client.close();
    });

    it('ends by itself when the last connection is closed, but not before', async () => {
      const right = createCertificate();
      const launched = startProvider({ command }, right);
      children.push(launched);
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
        ['-e', 'require("node:child_process").spawn(process.argv[1], { stdio: "inherit" })', command[0]],
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

  it('answers with the schema of its sources, whether it was built in or is made', async () => {
    const main = fileURLToPath(new URL('../../terraform-provider/main.ts', import.meta.url));
    const built = join(directory, 'terraform-provider-built');
    writeFileSync(built, await bundleProvider(main));
    chmodSync(built, 0o755);
    const schema = encodeMessage('GetProviderSchema.Response', await getProviderSchema());
    for (const launched of [[built], [process.execPath, '--import', 'tsx', main]]) {
      const core = await TerraformCore.launch({ command: launched });
      children.push(core.process);
      const answer = encodeMessage('GetProviderSchema.Response', await core.schema());
      expect(Buffer.from(answer).equals(schema), launched[0]).to.equal(true);
      // What is not known beforehand is answered all the same.
      expect(await core.call('ValidateProviderConfig', {})).to.have.property('diagnostics');
    }
  });

  it('carries plans and results of a resource from core to the provider and back', async () => {
    const core = await launch();
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

const COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';
