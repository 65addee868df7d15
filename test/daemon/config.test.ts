import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { ConfigError, loadConfig, parseArguments } from '../../daemon/config.ts';
import { SETTINGS } from '../../daemon/settings.ts';
import { tokenHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import { freshDirectory } from './directory.ts';

describe('the configuration', () => {
  const directory = freshDirectory();

  const load = (words: string[], environment: Record<string, string> = {}) =>
    loadConfig(parseArguments(words), environment);

  it('is complete without anything given', () => {
    const { config, warnings } = load([]);
    expect(config).to.deep.include({
      listen: { host: '127.0.0.1', port: 7345 },
      dataDirectory: './data',
      allowPlaintext: false,
      recycleKeyApi: false,
      trustedProxies: [],
      logLevel: 'info',
    });
    expect(config.masterKey).to.equal(undefined);
    expect(warnings).to.deep.equal([]);
  });

  it('takes flags before the environment before the file', async () => {
    await writeFile(
      directory().file('config.json'),
      JSON.stringify({ listen: '127.0.0.1:1', data_dir: '/file', log_level: 'warn', trusted_proxies: ['10.0.0.0/8'] }),
    );
    const { config } = load(['--config', directory().file('config.json'), '--listen=127.0.0.1:3'], {
      ACCREDIT_LISTEN: '127.0.0.1:2',
      ACCREDIT_DATA_DIR: '/environment',
    });
    expect(config).to.deep.include({
      listen: { host: '127.0.0.1', port: 3 },
      dataDirectory: '/environment',
      logLevel: 'warn',
      trustedProxies: ['10.0.0.0/8'],
    });
  });

  it('takes a rate, or none, and says how one is written', () => {
    const rates = { ACCREDIT_RATE_LIMIT_FAILURES: 'off', ACCREDIT_RATE_LIMIT_USE: '100/1s' };
    expect(load([], rates).config).to.deep.include({
      rateLimitFailures: 'off',
      rateLimitUse: { quota: 100, window: 1000 },
    });
    expect(load([]).config).to.deep.include({ rateLimitFailures: { quota: 60, window: 60_000 }, rateLimitUse: 'off' });
    expect(() => load(['--rate-limit-use=100'])).to.throw(ConfigError, '--rate-limit-use must be "off" or a number');
  });

  it('takes only words that it knows for who sees the metrics', () => {
    expect(load(['--metrics-access', 'token']).config).to.include({ metricsAccess: 'token' });
    expect(() => load(['--metrics-access', 'all'])).to.throw(ConfigError, 'must be one of loopback, token, anyone');
  });

  it('takes a flag without a value for true', () => {
    const { config } = load(['--recycle-key-api'], { ACCREDIT_RECYCLE_KEY_API: 'false' });
    expect(config).to.include({ recycleKeyApi: true, allowPlaintext: false });
  });

  it('takes any variable from a file, and an empty one for none', async () => {
    await writeFile(directory().file('level'), 'debug\n');
    const environment = { ACCREDIT_LOG_LEVEL_FILE: directory().file('level'), ACCREDIT_LISTEN: '' };
    const { config } = load([], environment);
    expect(config).to.deep.include({ logLevel: 'debug', listen: { host: '127.0.0.1', port: 7345 } });
    expect(() => load([], { ...environment, ACCREDIT_LOG_LEVEL: 'info' })).to.throw(ConfigError, 'not both');
    expect(() => load([], { ACCREDIT_LISTEN_FILE: directory().file('none') })).to.throw(ConfigError, 'ENOENT');
  });

  it('refuses an unknown flag or key, and says which was meant', async () => {
    expect(() => parseArguments(['--lissten', 'x'])).to.throw(ConfigError, 'did you mean --listen?');
    expect(() => parseArguments(['listen'])).to.throw(ConfigError, 'unknown');
    await writeFile(directory().file('config.json'), '{"log_levle": "debug"}');
    expect(() => load(['--config', directory().file('config.json')])).to.throw(ConfigError, 'did you mean log_level?');
  });

  it('warns of an unknown variable, and knows those of the clients', () => {
    const { warnings } = load([], {
      ACCREDIT_LITSEN: ':1',
      ACCREDIT_ENDPOINT: 'x',
      ACCREDIT_TOKEN: 'x',
      ACCREDIT_TOKEN_FILE: 'x',
      ACCREDIT_CA_CERTIFICATE_FILE: 'x',
      ACCREDIT_FORBID_SECRETS_IN_STATE: 'x',
      PATH: '/bin',
    });
    expect(warnings).to.deep.equal(['unknown variable ACCREDIT_LITSEN; did you mean ACCREDIT_LISTEN?']);
  });

  it('warns of a signing key, which is to be kept from a daemon', () => {
    for (const name of ['ACCREDIT_PROVIDER_SIGNING_KEY', 'ACCREDIT_PROVIDER_SIGNING_KEY_PASSPHRASE_FILE']) {
      const { warnings } = load([], { [name]: 'hunter2' });
      expect(warnings.join()).to.include(name).and.include('npm run package:provider').and.not.include('hunter2');
    }
  });

  it('takes no secret on the command line', () => {
    for (const flag of ['--master-key', '--database-url']) {
      expect(() => parseArguments([flag, 'hunter2'])).to.throw(ConfigError, /no place for a secret.*_FILE/);
    }
  });

  for (const [name, value] of [
    ['ACCREDIT_LISTEN', '7345'],
    ['ACCREDIT_LISTEN', '127.0.0.1:70000'],
    ['ACCREDIT_LISTEN', '::1:7345'],
    ['ACCREDIT_DATABASE_URL', 'mysql://hunter2@x'],
    ['ACCREDIT_MASTER_KEY', 'hunter2'],
    ['ACCREDIT_MASTER_KEY', 'hunter2hunter2hunter2hunter2hunter2hunter2!'],
    ['ACCREDIT_ALLOW_PLAINTEXT', 'yes'],
    ['ACCREDIT_RECYCLE_KEY_API', 'yes'],
    ['ACCREDIT_TRUSTED_PROXIES', '10.0.0.0/40'],
    ['ACCREDIT_TRUSTED_PROXIES', 'proxy.example.com'],
    ['ACCREDIT_LOG_LEVEL', 'verbose'],
    ['ACCREDIT_BOOTSTRAP_TOKEN_SHA256', 'abc'],
  ] as const) {
    it(`refuses what is malformed and names it: ${name}=${value}`, () => {
      expect(() => load([], { [name]: value }))
        .to.throw(ConfigError, name)
        .with.property('message')
        .that.does.not.include('hunter2');
    });
  }

  it('refuses a file that is no JSON without repeating it', async () => {
    await writeFile(directory().file('config.json'), '{"master_key": hunter2');
    expect(() => load(['--config', directory().file('config.json')]))
      .to.throw(ConfigError, 'is not JSON')
      .with.property('message')
      .that.does.not.include('hunter2');
  });

  it('takes the hash of the first token as "accredit token" prints it', () => {
    const hash = 'ab'.repeat(32);
    for (const given of [hash, `sha256:${hash}`, hash.toUpperCase()]) {
      const { config } = load([], { ACCREDIT_BOOTSTRAP_TOKEN_SHA256: given });
      expect(config.bootstrapTokenSha256).to.equal(hash);
    }
  });

  it('takes a number in the file as one', async () => {
    await writeFile(directory().file('config.json'), '{"cache_size": 500}');
    expect(load(['--config', directory().file('config.json')]).config.cacheSize).to.equal(500);
  });

  it('reads IPv6 addresses and empty hosts', () => {
    expect(load(['--listen', '[::1]:80']).config.listen).to.deep.equal({ host: '::1', port: 80 });
    expect(load(['--listen', ':80']).config.listen).to.deep.equal({ host: '0.0.0.0', port: 80 });
  });
});

describe('the command', () => {
  const directory = freshDirectory();

  for (const words of [
    ['serve', '--help'],
    ['help', 'init'],
  ]) {
    it(`explains itself, and names every setting: ${words.join(' ')}`, async () => {
      const help = directory().run(words);
      expect(await help.exit).to.equal(0);
      const text = help.lines.join('\n');
      for (const { key } of Object.values(SETTINGS)) expect(text).to.include(`ACCREDIT_${key.toUpperCase()}`);
      for (const word of ['serve', 'init', '--listen']) expect(text).to.include(word);
    });
  }

  it('lists its verbs', async () => {
    const help = directory().run(['--help']);
    expect(await help.exit).to.equal(0);
    const text = help.lines.join('\n');
    for (const word of ['serve', 'init', '--recover', 'version', 'get']) {
      expect(text).to.include(word);
    }
  });

  it('tells its version', async () => {
    const version = directory().run(['version']);
    expect(await version.exit).to.equal(0);
    expect(version.lines).to.have.lengthOf(1);
    expect(version.lines[0]).to.match(/^accredit [0-9]+\.[0-9]+\.[0-9]+/);
  });

  it('makes a token that will be accepted, with the hash that stands for it', async () => {
    const made = directory().run(['token']);
    expect(await made.exit).to.equal(0);
    const [token = '', hash = ''] = made.lines.map((line) => line.slice(line.indexOf(': ') + 2));
    expect(tokenKind(token)).to.equal('sa');
    expect(hash).to.equal(`sha256:${tokenHash(token)}`);
  });

  for (const [line, said] of [
    ['sevre', 'unknown verb "sevre"; did you mean serve?'],
    ['', 'Usage: accredit VERB'],
    ['init --recovr', 'unknown flag --recovr; did you mean --recover?'],
    ['token --kin pat', "unknown option '--kin'; did you mean --kind?"],
    ['token --kind car', "argument 'car' is invalid. Allowed choices are sa, app, pat, scim, enrol"],
    ['version now', "too many arguments for 'version'"],
    ['--json serve', 'flags come behind the verb: accredit serve --json'],
    ['--json backup out.db --data-dir x', 'flags come behind the verb: accredit backup out.db --data-dir x --json'],
    ['--profile p --json init', 'init does not take --profile; it takes the flags of'],
  ] as const) {
    it(`refuses what it does not know with status 2 and the reason: accredit ${line}`, async () => {
      const refused = directory().run(line.split(' ').filter((word) => word !== ''));
      expect(await refused.exit).to.equal(2);
      expect(refused.stderr()).to.include(said).and.to.not.include('    at ');
      expect(refused.lines).to.deep.equal([]);
    });
  }
});
