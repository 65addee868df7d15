/** docs/cli.md and the help say what is so, and what they show can be done as it stands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VERBS } from '../../cli/commands/index.ts';
import { EXIT } from '../../cli/exit.ts';
import { programOf } from '../../cli/main.ts';
import { SETTINGS } from '../../cli/profiles.ts';
import { flagsOf } from '../../daemon/command.ts';
import { DAEMON_VERBS, type DaemonVerb } from '../../daemon/verbs.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { COMMAND, freshPlace, freshStage, HOST } from './stage.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

const rowsOf = (text: string, first: RegExp) => [...text.matchAll(first)].map(([, cell]) => cell as string);
const rows = (first: RegExp) => rowsOf(TEXT, first);

describe('docs/cli.md', () => {
  it('lists every verb, and no other', () => {
    const verbs = [...VERBS.map(({ name }) => name), ...Object.keys(DAEMON_VERBS)];
    const [table = '', ...others] = TEXT.split(/^## /m);
    expect(rowsOf(table, /^\| `([a-z-]+)` \| [^|]+ \|$/gm)).to.deep.equal(verbs);
    const [json = ''] = others.filter((each) => each.startsWith('Output\n'));
    const shown = rowsOf(json, /^\| (`[^|]+`) \| [^|]+ \|$/gm).flatMap((cell) => cell.match(/(?<=`)[a-z-]+/g) ?? []);
    expect([...new Set(shown)], 'the table of what --json prints').to.have.members(verbs);
  });

  it('explains every exit status, and no other', () => {
    expect(rows(/^\| (\d+) \|/gm).map(Number)).to.have.members([...new Set(Object.values(EXIT))]);
  });

  it('names every setting as flag, variable and key', () => {
    const names = SETTINGS.filter((name) => name !== 'token' && name !== 'ca_certificate');
    for (const name of [...names, 'profile'])
      expect(TEXT).to.include(`| \`--${name}\` | \`ACCREDIT_${name.toUpperCase()}\``);
    for (const name of ['token', 'ca_certificate']) {
      expect(TEXT).to.include(`\`ACCREDIT_${name.toUpperCase()}_FILE\` | \`${name}\`, \`${name}_file\``);
      expect(TEXT).to.include(`\`--${name.replace('_', '-')}-file\``);
    }
  });

  it('shows a configuration file that is read', async () => {
    const [, shown = ''] = /```json\n([\s\S]*?)```/.exec(TEXT) ?? [];
    const { profiles } = JSON.parse(shown);
    expect(Object.keys(profiles)).to.include('production');
    for (const profile of Object.values(profiles)) {
      for (const key of Object.keys(profile as object)) {
        expect(SETTINGS).to.include(key.replace(/_file$/, ''));
      }
    }
  });
});

describe('the help', () => {
  const place = freshPlace();

  for (const verb of VERBS) {
    it(`has examples for ${verb.name}, whose flags exist`, async () => {
      const { status, stdout } = await place().cli([verb.name, '--help']);
      expect(status).to.equal(0);
      expect(verb.examples).to.not.be.empty;
      const program = programOf(HOST, process, () => () => async () => undefined);
      const command = program.commands.find((each) => each.name() === verb.name);
      const known = [program, command, ...(command?.commands ?? [])].flatMap((each) =>
        (each?.options ?? []).flatMap(({ long, short }) => [long, short]),
      );
      for (const [line] of verb.examples) {
        expect(stdout).to.include(`accredit ${line}`);
        expect(line.split(' ')[0]).to.equal(verb.name);
        for (const [flag] of line.matchAll(/(?<= )--?[a-z][a-z-]*/g)) expect(known, line).to.include(flag);
      }
    });
  }
});

describe('the help of the daemon’s verbs', () => {
  const place = freshPlace();

  for (const verb of Object.keys(DAEMON_VERBS) as DaemonVerb[]) {
    it(`is of ${verb} alone, has examples whose flags exist, and knows --json`, async () => {
      const { status, stdout } = await place().start([verb, '--help']).ended;
      expect(status).to.equal(0);
      expect(stdout).to.match(new RegExp(`^Usage: accredit ${verb} .*\\[FLAG…\\]\\n`));
      const known = flagsOf(verb).map(({ flag }) => flag);
      expect(known).to.include('--json');
      const examples = [...stdout.matchAll(/^ {2}# .+\n {2}accredit (.+)$/gm)].map(([, line]) => line as string);
      expect(examples).to.not.be.empty;
      for (const line of examples) {
        expect(line.split(' ')[0]).to.equal(verb);
        for (const [flag] of line.matchAll(/(?<= )--[a-z][a-z-]*/g)) expect(known, line).to.include(flag);
      }
      for (const flag of known) expect(stdout, flag).to.include(flag);
    });
  }
});

describe('the commands in docs/cli.md and the README', () => {
  const own = ownBlocks('test/cli/documented.test.ts');
  const { stage, place } = freshStage();

  it('do what they say, pasted one block after the other', async function () {
    this.timeout(120_000);
    const { request, dataDirectory } = stage().daemon;
    const account = '/v1/organizations/default/accounts/ci';
    await request.put(account).send({}).expect(201);
    await request.put(`${account}/tokens/deploy`).send({ expires_in: '10d' }).expect(201);
    const blocks = own.takeAll();
    expect(blocks).to.have.length.above(4);
    // In place of npx, which runs the same file; and the daemon has a port of its own here.
    const shell = `set -eu
npx() { shift; '${process.execPath}' '${COMMAND}' "$@"; }
ln -s '${dataDirectory}' data
${blocks.join('\n')}`;
    const child = spawn('sh', ['-c', shell], {
      cwd: place().path,
      env: { PATH: process.env.PATH ?? '', HOME: place().path, ACCREDIT_ENDPOINT: stage().daemon.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const take = (text: Buffer) => {
      said += text;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const [status] = await once(child, 'close');
    expect(status, said).to.equal(0);
    expect(said)
      .to.match(/^identifier +root@/m)
      .and.to.match(/^ok +endpoint/m);
    expect(place().mode('deploy-token')).to.equal(0o600);
    expect(place().read('audit.jsonl')).to.include('"action":"rotate"');
    expect(place().read('.local/share/bash-completion/completions/accredit')).to.include('complete -o filenames');
  });
});
