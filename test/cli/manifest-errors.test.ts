// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is written so in a manifest is no template.
/** What is wrong with a manifest is said at its place, all of it at once, before anything is sent. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readOnlyAttributes } from '../../terraform-provider-spec/derive/attributes.ts';
import { childKinds, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { TREE_KINDS } from '../../terraform-provider-spec/manifest.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { expectGolden } from './golden.ts';
import { freshWorkshop } from './manifest-stage.ts';

const WRONG = `# yaml-language-server: $schema=manifest.schema.json
manifest: shop
organisation: default
variables: [REGISTRY, SET]
projects:
  shop: { display_name: "\${REGISTRY} \${OTHER} $\${X} \${SET}" }
  Shop: {}
roles:
  publisher: { permissions: [builds.*, buildsread] }
accounts:
  ci:
    grants: [{ role: publsher, scope: projects/shop }, { role: viewr }, { role: somewhere-else }]
    token: {}
    tokens:
      deploy:
        expries_in: 90d
        rotate_every: 30
        overlap: 1w
        delivr: []
        deliver:
          - file: ./x
          - fil: x
          - dotenv: { file: .env }
          - dotenv: { file: .env, key: 1X }
          - command: vault
          - command: []
          - stdout-json: false
          - file: x
            stdout-json: true
      other:
        expires_in: 90d
        expires_at: 2030-01-01T00:00:00Z
        deliver: { file: y }
      hashed:
        secret_hash: sha256:${'0a'.repeat(32)}
        deliver: [{ file: ./y }]
      first:
        deliver: [{ file: z }]
      second:
        deliver: [{ file: ./z }]
acounts:
  x:
`;

const FIRST = `manifest: shop
organization: default
projects:
  shop:
    display_name: Shop
accounts:
  ci:
    display_name: CI
    tokens:
      deploy: { deliver: [{ file: a }] }
  bot: {}
`;

const SECOND = `manifest: store
organization: other
projects:
  shop:
accounts:
  ci:
    tokens:
      deploy: { deliver: [{ file: b }] }
      second: { deliver: [{ file: c }] }
  bot:
    display_name: Bot
  bot:
`;

describe('errors in a manifest', () => {
  const workshop = freshWorkshop();

  it('are all told at once, each with file, line, column, the line, and what may have been meant', async () => {
    const file = workshop().write('wrong.yaml', WRONG);
    const plain = await workshop().accredit(['validate', file], { SET: 'x' });
    expect(plain.status).to.equal(1);
    expect(plain.stdout).to.equal('');
    expectGolden('errors.txt', plain.stderr);
    const coloured = await workshop().accredit(['validate', file], { SET: 'x', FORCE_COLOR: '1' });
    expectGolden('errors-coloured.txt', coloured.stderr);
    expect(
      (await workshop().accredit(['validate', file], { SET: 'x', FORCE_COLOR: '1', NO_COLOR: '1' })).stderr,
    ).to.equal(plain.stderr);
  });

  it('name both places of what several files declare twice', async () => {
    workshop().write('d/a.yaml', FIRST);
    workshop().write('d/b.yml', SECOND);
    const { status, stderr } = await workshop().accredit(['validate', workshop().file('d')]);
    expect(status).to.equal(1);
    expectGolden('errors-twice.txt', stderr);
  });

  it('of form are told where they are', async () => {
    const texts = {
      'open.yaml': 'manifest: [shop\nprojects: {}\n',
      'tab.yaml': 'manifest: shop\nprojects:\n\tshop: {}\n',
      'text.yaml': 'just a text\n',
      'list.json': '[1, 2]\n',
      'number.yaml': 'manifest: shop\nroles:\n  a: { labels: { x: .inf } }\n  [1]: {}\n',
      'alias.yaml': 'manifest: shop\nroles: *nowhere\n',
      'unnamed.yaml': 'roles: {}\n',
    };
    let all = '';
    for (const [name, text] of Object.entries(texts)) {
      const { status, stderr } = await workshop().accredit(['validate', workshop().write(name, text)]);
      expect(status, name).to.equal(1);
      all += stderr;
    }
    expectGolden('errors-form.txt', all);
  });

  it('are JSON with --json, with the same places', async () => {
    const file = workshop().write('wrong.yaml', 'manifest: shop\nroles:\n  a: { permisions: [] }\n');
    const { status, stderr, stdout } = await workshop().accredit(['validate', '--json', file]);
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    const { error } = JSON.parse(stderr);
    expect(error.code).to.equal('invalid-manifest');
    expect(error.errors).to.have.length(1);
    expect(error.errors[0]).to.include({ file: 'DIR/wrong.yaml', line: 3, column: 8, severity: 'error', also: null });
    workshop().write('d/a.yaml', FIRST);
    workshop().write('d/b.yml', SECOND);
    const twice = JSON.parse((await workshop().accredit(['validate', '--json', workshop().file('d')])).stderr);
    expect(twice.error.errors[0].also).to.deep.equal({
      detail: 'it is given here first',
      ...{ file: 'DIR/d/a.yaml', line: 1, column: 1 },
    });
  });

  it('name a file that is in another encoding, with the line, and nothing writes in it', async () => {
    const text = Buffer.from('manifest: shop\nroles:\n  a: { description: "caf\u00e9" } # ok\n  b: {}\n', 'latin1');
    writeFileSync(workshop().file('latin.yaml'), text);
    const other = workshop().write('other.yaml', 'roles: { c: { permisions: [] } }\n');
    for (const verb of ['validate', 'fmt']) {
      const { status, stderr } = await workshop().accredit([verb, workshop().file('latin.yaml'), other]);
      expect(status).to.equal(1);
      expect(stderr).to.include('DIR/latin.yaml:3:25: error: this is not UTF-8');
    }
    expect(readFileSync(workshop().file('latin.yaml'))).to.deep.equal(text);
    const utf8 = workshop().write(
      'utf8.yaml',
      '\ufeffmanifest: shop\nroles: { a: { description: "\ufffd caf\u00e9" } }\n',
    );
    expect((await workshop().accredit(['validate', utf8])).status).to.equal(0);
  });

  it('remind of subdirectories with files that nobody has named', async () => {
    workshop().write('d/a.yaml', FIRST);
    workshop().write('d/more/b.yaml', 'teams: { x: {} }\n');
    for (const other of ['d/.git/c.yaml', 'd/scripts/run.sh']) workshop().write(other, 'x: y\n');
    const [d, more] = [workshop().file('d'), workshop().file('d/more')];
    const { status, stderr, stdout } = await workshop().accredit(['validate', d]);
    expect(status).to.equal(0);
    expect(stdout).to.include('4 resources');
    expect(stderr).to.equal(
      'warning: the files in DIR/d/more are not read: name that directory too if they belong to it\n\n',
    );
    for (const named of [[more], [`${more}/`], [`${more}/b.yaml`]]) {
      const all = await workshop().accredit(['validate', d, ...named]);
      expect(all).to.deep.include({ status: 0, stderr: '' });
      expect(all.stdout).to.include('5 resources');
    }
  });

  it('that are only warnings are in the JSON of what is valid', async () => {
    const file = workshop().write('doubt.yaml', 'manifest: shop\nroles: { a: { description: "${X}" } }\n');
    const { status, stderr, stdout } = await workshop().accredit(['validate', '--json', file]);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    const { warnings, ...rest } = JSON.parse(stdout);
    expect(rest).to.deep.equal({ valid: true, manifest: 'shop', resources: 1 });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include({ severity: 'warning', file: 'DIR/doubt.yaml', line: 2, column: 28 });
  });

  it('never show a token that somebody has written there', async () => {
    const token = `acr_sa_${'Q'.repeat(46)}`;
    const file = workshop().write('wrong.yaml', `manifest: shop\nroles:\n  ${token}: { permisions: [${token}] }\n`);
    for (const words of [['validate'], ['validate', '--json']]) {
      const { status, stderr } = await workshop().accredit([...words, file]);
      expect(status).to.equal(1);
      expect(stderr).to.not.include(token);
      expect(stderr).to.include('acr_sa_**');
    }
  });

  it('refuse what only the daemon sets, each at its place, and schema and command agree about it', async () => {
    const schema = JSON.parse(readFileSync('terraform-provider-spec/generated/manifest.schema.json', 'utf8'));
    for (const kind of TREE_KINDS.flatMap((one) => [one, ...childKinds(one)])) {
      const names = Object.keys(readOnlyAttributes(kind));
      const lies = kind.parent === 'organization' ? '' : '    ';
      const holder = kindNamed(kind.parent as string);
      const above = lies === '' ? '' : `${holder.collection}:\n  x:\n`;
      const body = names.map((name) => `${lies}    ${name}: 1\n`).join('');
      const text = `manifest: shop\n${above}${lies}${kind.collection}:\n${lies}  x:\n${body}`;
      const { status, stderr } = await workshop().accredit(['validate', '--json', workshop().write('a.yaml', text)]);
      expect(status, text).to.equal(1);
      const { errors } = JSON.parse(stderr).error as { errors: { line: number; column: number; detail: string }[] };
      const own = errors.filter(({ detail }) => /is set by the daemon alone/.test(detail));
      const first = text.split('\n').indexOf(`${lies}    ${names[0]}: 1`) + 1;
      expect(own.map(({ line, column }) => [line, column])).to.deep.equal(
        names.map((_name, index) => [first + index, 5 + lies.length]),
      );
      const { properties } = lies === '' ? schema : schema.properties[holder.collection].additionalProperties;
      expect(properties[kind.collection].additionalProperties.properties).to.not.have.any.keys(...names);
    }
  });

  it('say loudly that a token lies in the file, and never show what stands behind "secret"', async () => {
    const token = mintToken('sa');
    const write = (secret: string) =>
      workshop().write(
        'secret.yaml',
        `manifest: shop\naccounts: { ci: { tokens: { deploy: { status: active, secret: ${secret}, expries: 1d } } } }\n`,
      );
    for (const [secret, word] of [
      [token, 'revoke it'],
      ['hunter2', '"secret_hash"'],
      ['"hunt\\x65r2"', '"secret_hash"'],
    ] as const) {
      const file = write(secret);
      for (const words of [['validate'], ['validate', '--json'], ['plan'], ['validate', file]]) {
        const { status, stdout, stderr } = await workshop().accredit([...words, file]);
        expect(status).to.equal(1);
        expect(stdout + stderr).to.not.match(/acr_sa_[^*]|hunt/);
        expect(stderr).to.include(word.replaceAll('"', words.includes('--json') ? '\\"' : '"'));
      }
    }
  });

  it('never steer the terminal of whoever looks at a file of somebody else', async () => {
    const steering = '\u001b]0;x\u0007\u009b2J\u202e';
    const texts = [
      `manifest: shop\n"\\e]0;x\\a\\u202e": {}\nroles: { a: { ${steering}: [] } }\n`,
      `manifest: shop\nroles:\t# ${steering}\n  a: { permissions: ["\\e[2J", x] }\n`,
      `manifest: shop\nroles: { a: { permisions: [] } } # ${steering}\n`,
      `manifest: shop\naccounts: { a: { tokens: { b: { deliver: [{ file: "\\e[2J" }, { file: "\\e[2J" }] } } } }\n`,
    ];
    const name = `wrong${steering}.yaml`;
    for (const [index, text] of texts.entries()) {
      const file = workshop().write(`${index}/${name}`, text);
      const twice = workshop().write(`${index}/again-${name}`, text);
      for (const words of [
        ['validate', file],
        ['validate', file, twice],
        ['fmt', file],
      ]) {
        const { stderr } = await workshop().accredit(words);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there.
        expect(stderr, words.join(' ')).to.not.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
        if (words[0] === 'validate') expect(stderr).to.include('wrong\\u001b]0;x\\u0007\\u009b2J\\u202e.yaml:');
      }
    }
    const file = workshop().write('e.yaml', 'manifest: shop\nroles:\n  a: { description: "\u001b", permisions: [] }\n');
    const { stderr } = await workshop().accredit(['validate', file]);
    // The mark stands below what is meant, as it is shown.
    expect(stderr).to.match(/^ {2}3 \| {3}a: \{ description: "\\u001b", permisions.*\n {4}\| {31}\^~~~~~~~~~$/m);
  });

  it('a valid manifest is valid without daemon, token and network', async () => {
    const file = workshop().write('a.yaml', FIRST);
    const { status, stdout, stderr } = await workshop().accredit(['validate', file], {
      ACCREDIT_ENDPOINT: 'http://[::1]:1',
    });
    expect({ status, stdout, stderr }).to.deep.equal({
      status: 0,
      stdout: 'The manifest shop is valid: 4 resources.\n',
      stderr: '',
    });
  });

  it('a command line without files, or with files that are none, is one of usage', async () => {
    expect((await workshop().accredit(['validate'])).status).to.equal(2);
    workshop().write('empty/readme.txt', '');
    expect((await workshop().accredit(['validate', workshop().file('empty')])).status).to.equal(2);
  });
});
