/** Where the command finds its daemon and its token: flags > environment > profile. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type GlobalOptions, readConnection } from '../../cli/connection.ts';
import { UsageError } from '../../cli/exit.ts';
import { freshPlace } from './stage.ts';

const A = 'https://a.example.com';
const B = 'https://b.example.com';

describe('the settings of the command', () => {
  const place = freshPlace();

  const read = (options: GlobalOptions, env: Record<string, string> = {}) =>
    readConnection(options, { HOME: place().path, ...env });
  const config = (content: unknown, mode = 0o600) =>
    place().write(
      '.config/accredit/config.json',
      typeof content === 'string' ? content : JSON.stringify(content),
      mode,
    );
  const refusal = (options: GlobalOptions, env: Record<string, string> = {}): string => {
    try {
      read(options, env);
    } catch (error) {
      expect(error).to.be.instanceOf(UsageError);
      return (error as Error).message;
    }
    throw new Error('nothing was refused');
  };

  it('are those of a daemon on this machine where nothing is given', () => {
    expect(read({})).to.deep.equal({
      endpoint: 'http://127.0.0.1:7345',
      organization: 'default',
      token: undefined,
      caCertificate: undefined,
      from: {},
    });
  });

  it('are taken from flags before the environment before the profile, each by itself', () => {
    config({
      default_profile: 'a',
      profiles: { a: { endpoint: A, token: 'of-a', organization: 'acme', ca_certificate: 'PEM' } },
    });
    expect(read({})).to.include({ endpoint: A, token: 'of-a', organization: 'acme', caCertificate: 'PEM' });
    const env = { ACCREDIT_TOKEN: 'of-env', ACCREDIT_ORGANIZATION: 'beta', ACCREDIT_CA_CERTIFICATE: 'PEM 2' };
    expect(read({}, env)).to.include({ endpoint: A, token: 'of-env', organization: 'beta', caCertificate: 'PEM 2' });
    const tokenFile = place().write('token', 'of-flag\n');
    const given = read({ tokenFile, organization: 'gamma' }, { ...env, ACCREDIT_ENDPOINT: B });
    expect(given).to.include({ endpoint: B, token: 'of-flag', organization: 'gamma', caCertificate: 'PEM 2' });
    expect(given.from).to.deep.equal({
      endpoint: 'ACCREDIT_ENDPOINT',
      token: '--token-file',
      organization: '--organization',
      ca_certificate: 'ACCREDIT_CA_CERTIFICATE',
    });
  });

  it('can each lie in a file that variable or profile name', () => {
    const file = place().write('somewhere/token', ' of-file \n');
    expect(read({}, { ACCREDIT_TOKEN_FILE: file }).token).to.equal('of-file');
    place().write('.config/accredit/endpoint', `${A}\n`);
    // Relative to the configuration file, wherever the command is run.
    config({ profiles: { a: { endpoint_file: 'endpoint', token_file: file } } }, 0o644);
    expect(read({ profile: 'a' })).to.include({ endpoint: A, token: 'of-file' });
    expect(refusal({}, { ACCREDIT_TOKEN: 'x', ACCREDIT_TOKEN_FILE: file })).to.include('both ACCREDIT_TOKEN and');
    expect(refusal({}, { ACCREDIT_TOKEN_FILE: '/nowhere' })).to.include('ACCREDIT_TOKEN_FILE: there is no /nowhere');
  });

  it('are refused where the file that is to hold one is empty, and are not taken for none', () => {
    const file = place().write('empty', ' \n');
    for (const [options, env, from] of [
      [{ tokenFile: file }, {}, '--token-file'],
      [{ caCertificateFile: file }, {}, '--ca-certificate-file'],
      [{}, { ACCREDIT_TOKEN_FILE: file }, 'ACCREDIT_TOKEN_FILE'],
      [{}, { ACCREDIT_ENDPOINT_FILE: file }, 'ACCREDIT_ENDPOINT_FILE'],
      [{}, { ACCREDIT_CLI_CONFIG_FILE: file }, 'ACCREDIT_CLI_CONFIG_FILE'],
    ] as const) {
      expect(refusal(options, env)).to.equal(`${from}: the file ${file} is empty`);
    }
    config({ profiles: { a: { token_file: file } } });
    expect(refusal({ profile: 'a' })).to.equal(`token_file of the profile a: the file ${file} is empty`);
  });

  it('every variable can be the file that holds its value, those that name a profile or a path too', async () => {
    const named = place().write('named.json', JSON.stringify({ profiles: { a: { endpoint: A }, b: { endpoint: B } } }));
    const inFile = (name: string, value: string) => ({ [`${name}_FILE`]: place().write(name, `${value}\n`) });
    const env = { ...inFile('ACCREDIT_CLI_CONFIG', named), ...inFile('ACCREDIT_PROFILE', 'b') };
    expect(read({}, env).endpoint).to.equal(B);
    expect(refusal({}, { ...env, ACCREDIT_PROFILE: 'a' })).to.include('both ACCREDIT_PROFILE and');
    const manifest = place().write('a.yaml', 'manifest: m\n');
    const both = {
      ...inFile('ACCREDIT_STATE_DIR', place().path),
      ACCREDIT_STATE_DIR: place().path,
      ACCREDIT_TOKEN: 'x',
    };
    const { status, stderr } = await place().cli(['plan', manifest], both);
    expect(stderr).to.include('both ACCREDIT_STATE_DIR and');
    expect(status).to.equal(1);
  });

  it('of a profile that a flag names go before the environment, those of one that a variable names behind it', () => {
    config({ profiles: { a: { endpoint: A, token: 'of-a' }, b: { endpoint: B, token: 'of-b' } } });
    const env = { ACCREDIT_ENDPOINT: B, ACCREDIT_TOKEN: 'of-env' };
    expect(read({ profile: 'a' }, env)).to.include({ endpoint: A, token: 'of-a' });
    expect(read({}, { ...env, ACCREDIT_PROFILE: 'a' })).to.include({ endpoint: B, token: 'of-env' });
    expect(read({}, { ACCREDIT_PROFILE: 'b' })).to.include({ endpoint: B, token: 'of-b' });
  });

  it('never send the token of a profile to another endpoint than the profile’s', () => {
    config({ default_profile: 'a', profiles: { a: { endpoint: A, token: 'of-a' } } });
    expect(refusal({ endpoint: B }))
      .to.include('--endpoint names another endpoint')
      .and.to.not.include('of-a');
    expect(refusal({}, { ACCREDIT_ENDPOINT: B })).to.include('ACCREDIT_ENDPOINT names another endpoint');
    expect(read({ endpoint: `${A}/` }).token).to.equal('of-a');
    expect(read({ endpoint: B }, { ACCREDIT_TOKEN: 'of-env' })).to.include({ endpoint: B, token: 'of-env' });
  });

  it('lie where ACCREDIT_CLI_CONFIG or XDG_CONFIG_HOME say', () => {
    const named = place().write(
      'named.json',
      JSON.stringify({ default_profile: 'a', profiles: { a: { endpoint: A } } }),
    );
    place().write(
      'xdg/accredit/config.json',
      JSON.stringify({ default_profile: 'b', profiles: { b: { endpoint: B } } }),
    );
    expect(read({}, { ACCREDIT_CLI_CONFIG: named }).endpoint).to.equal(A);
    expect(read({}, { XDG_CONFIG_HOME: place().file('xdg') }).endpoint).to.equal(B);
    expect(refusal({}, { ACCREDIT_CLI_CONFIG: place().file('none.json') })).to.include('there is no ');
  });

  it('that are wrong are refused with the place, and with what may have been meant', () => {
    for (const [content, said] of [
      ['{ "profiles"', 'is not JSON'],
      ['[]', 'must hold one JSON object'],
      [{ profile: {} }, 'unknown key profile in'],
      [{ profiles: { a: { endpont: A } } }, 'unknown key endpont of the profile a in'],
      [{ profiles: { a: { endpont: A } } }, 'did you mean endpoint?'],
      [{ profiles: { a: { token: 1 } } }, 'token of the profile a'],
      [{ profiles: { a: { endpoint: A, endpoint_file: 'x' } } }, 'has endpoint and endpoint_file'],
      [{ profiles: { prod: {} } }, 'unknown profile a in'],
      [{ default_profile: 1 }, 'must be the name of a profile'],
    ] as const) {
      config(content);
      expect(refusal(said.includes('default') || said.includes('name of') ? {} : { profile: 'a' })).to.include(said);
    }
    config({ profiles: { a: { token: 'of-a' } } }, 0o640);
    expect(refusal({ profile: 'a' }))
      .to.include('mode 0640')
      .and.to.include('chmod 600')
      .and.to.not.include('of-a');
    for (const endpoint of ['a.example.com', 'ftp://a.example.com', 'https://me@a.example.com']) {
      expect(refusal({ endpoint })).to.include('--endpoint: the endpoint');
    }
  });

  it('say before a token travels in the clear', async () => {
    const { stderr } = await place().cli(['whoami'], {
      ACCREDIT_ENDPOINT: 'http://accredit.invalid',
      ACCREDIT_TOKEN: 'x',
    });
    expect(stderr).to.include('in the clear').and.to.include('accredit.invalid');
  });
});

describe('an endpoint at which something else answers', () => {
  const place = freshPlace();
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function stranger(status: number, type: string, body: string): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('has one exit status and is named, whatever it answers', async () => {
    for (const [status, type, body] of [
      [200, 'text/html', '<h1>shop</h1>'],
      [200, 'application/json', '{"hello": "world"}'],
      [302, 'text/html', ''],
      [401, 'text/html', '<h1>log in</h1>'],
      [403, 'application/json', '{"error": "forbidden"}'],
      [404, 'text/plain', 'not found'],
      [404, 'application/json', '{"error": "not found"}'],
      [409, 'text/plain', ''],
      [500, 'text/html', '<h1>oh</h1>'],
    ] as const) {
      const endpoint = await stranger(status, type, body);
      const env = { ACCREDIT_ENDPOINT: endpoint, ACCREDIT_TOKEN: 'x' };
      for (const words of [
        ['whoami'],
        ['get', 'accounts/ci'],
        ['list', 'accounts'],
        ['delete', 'accounts/ci', '--yes'],
      ]) {
        const ran = await place().cli([...words, '--json'], env);
        const { error } = JSON.parse(ran.stderr);
        const told = `${words.join(' ')}: ${status} ${type} ${ran.stderr}`;
        expect(error.code, told).to.equal('unexpected-answer');
        expect(error.message, told).to.include(endpoint);
        expect(ran, told).to.include({ status: 6, stdout: '' });
      }
    }
  });
});
