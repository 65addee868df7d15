/** How a provider begins: what it asks of the machine and of Terraform, and what it says where that is not there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { encodeMessage } from '../../terraform-provider/plugin/wire.ts';
import { getProviderSchema } from '../../terraform-provider/rpc/get-provider-schema.ts';
import { TerraformCore } from './core/terraform-core.ts';
import { COOKIE, DOUBLE, installProvider, usePlugin } from './plugin-bench.ts';

describe('The provider process', function () {
  this.timeout(30_000);
  const bench = usePlugin();

  describe('when it starts', () => {
    it('by hand explains what it is for, and fails', () => {
      const { status, stdout, stderr } = spawnSync(bench().command[0], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      });
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
        const { status, stdout } = spawnSync(bench().command[0], {
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
        const { status, stdout, stderr } = spawnSync(bench().command[0], { encoding: 'utf8', env });
        if (isTooOld) expect(stdout).to.match(/^The accredit provider needs Node\.js 20\.19 or newer; this is v.*\n$/);
        else expect([stdout, stderr.includes('Terraform starts it')]).to.deep.equal(['', true]);
        expect(status).to.equal(1);
      });
    }

    it('answers protocol 6, whatever the order in which it is offered', async () => {
      for (const versions of ['5,6', '6,5', '6']) {
        const { handshake } = await bench().launch({ PLUGIN_PROTOCOL_VERSIONS: versions });
        expect(handshake.line).to.match(/^1\|6\|unix\|\/[^|]+\|grpc\|[A-Za-z0-9+/]{51,}$/);
      }
    });

    it('tells about multiplexing only when asked, and then that there is none', async () => {
      const { handshake } = await bench().launch({ PLUGIN_MULTIPLEX_GRPC: 'true' });
      expect(handshake.line.split('|')).to.have.length(7);
      expect(handshake.line).to.match(/\|false$/);
    });

    it('runs wherever the file lies, under any package.json', async () => {
      for (const type of ['module', 'commonjs']) {
        const place = join(bench().directory, type);
        mkdirSync(place);
        writeFileSync(join(place, 'package.json'), JSON.stringify({ type }));
        // The name that Terraform asks for ends in what looks like an extension.
        const copy = join(place, 'terraform-provider-double_v0.1.0');
        await installProvider(copy, DOUBLE);
        const core = await TerraformCore.launch({ command: [copy] });
        bench().endAfterwards(core.process);
        expect((await core.schema()).resource_schemas, type).to.have.property('double_thing');
      }
    });
  });

  it('says on standard output, where Terraform looks, that there is no Node', () => {
    const { status, stdout } = spawnSync(bench().command[0], { env: { PATH: bench().directory }, encoding: 'utf8' });
    expect(status).to.equal(1);
    expect(stdout).to.match(/^The accredit provider needs Node\.js 20\.19 or newer[^\n]*\n$/);
  });

  it('answers with the schema of its sources, whether it was built in or is made', async () => {
    const main = fileURLToPath(new URL('../../terraform-provider/main.ts', import.meta.url));
    const built = join(bench().directory, 'terraform-provider-built');
    await installProvider(built, main);
    const schema = encodeMessage('GetProviderSchema.Response', await getProviderSchema());
    for (const launched of [[built], [process.execPath, '--import', 'tsx', main]]) {
      const core = await TerraformCore.launch({ command: launched });
      bench().endAfterwards(core.process);
      const answer = encodeMessage('GetProviderSchema.Response', await core.schema());
      expect(Buffer.from(answer).equals(schema), launched[0]).to.equal(true);
      // What is not known beforehand is answered all the same.
      expect(await core.call('ValidateProviderConfig', {})).to.have.property('diagnostics');
    }
  });
});
