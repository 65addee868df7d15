/** Secrets reach their sinks whole, readable by nobody else, and without harm to what is there already. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { deliver, obstacle } from '../../cli/manifest/deliver.ts';
import { setEntry } from '../../cli/manifest/dotenv.ts';
import { appendLineDurably, writeDurably, writeNewDurably } from '../../cli/manifest/durable.ts';
import { openJournal } from '../../cli/manifest/journal.ts';
import type { Sink } from '../../cli/manifest/sinks.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { cases } from '../support/cases.ts';
import { syncedBy } from '../support/synced.ts';
import { freshWorkshop } from './manifest-stage.ts';

const ADDRESS = 'organizations/default/accounts/ci/tokens/deploy';

describe('the delivery of a secret', () => {
  const workshop = freshWorkshop();
  const secret = mintToken('sa');

  async function taken(sink: Sink, environment: Readonly<Record<string, string>> = {}) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const surroundings = { environment: { PATH: process.env.PATH, ...environment }, stdout, stderr };
    await deliver(sink, { address: ADDRESS, secret }, surroundings);
    return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
  }

  it('to a file replaces it as a whole, for its owner alone, and makes the directories that lack', async () => {
    const path = workshop().file('a/b/token');
    await taken({ type: 'file', path });
    expect(workshop().read('a/b/token')).to.equal(`${secret}\n`);
    expect([workshop().mode('a'), workshop().mode('a/b'), workshop().mode('a/b/token')]).to.deep.equal([
      0o700, 0o700, 0o600,
    ]);
    workshop().write(
      'open',
      'a secret of before, which is longer than the new one, so that a part of it could stay behind',
    );
    chmodSync(workshop().file('open'), 0o644);
    await taken({ type: 'file', path: workshop().file('open') });
    expect(workshop().read('open')).to.equal(`${secret}\n`);
    expect(workshop().mode('open')).to.equal(0o600);
    expect(readdirSync(workshop().path).sort()).to.deep.equal(['a', 'open']);
  });

  it('to a file goes where a link leads, and the link stays; what a crash left beside it is taken away', async () => {
    const target = workshop().write('real/token', 'old');
    symlinkSync(target, workshop().file('link'));
    workshop().write('real/.token.accredit-new', 'half');
    await taken({ type: 'file', path: workshop().file('link') });
    expect(lstatSync(workshop().file('link')).isSymbolicLink()).to.equal(true);
    expect(readlinkSync(workshop().file('link'))).to.equal(target);
    expect(workshop().read('real/token')).to.equal(`${secret}\n`);
    expect(readdirSync(workshop().file('real'))).to.deep.equal(['token']);
  });

  it('to a file goes where a link leads at which nothing is yet, over links, and makes the directories that lack', async () => {
    symlinkSync('chained', workshop().file('link'));
    symlinkSync('real/deep/token', workshop().file('chained'));
    const sink: Sink = { type: 'file', path: workshop().file('link') };
    expect(obstacle(sink, {})).to.equal(undefined);
    await taken(sink);
    expect(workshop().read('real/deep/token')).to.equal(`${secret}\n`);
    expect(
      [lstatSync(workshop().file('link')), lstatSync(workshop().file('chained'))].every((one) => one.isSymbolicLink()),
    ).to.be.true;
    await taken({ type: 'dotenv', path: workshop().file('link'), key: 'A' });
    expect(workshop().read('real/deep/token')).to.include(`A=${secret}\n`);
  });

  it('to a file is known beforehand to fail where a link leads to nothing that could be written', () => {
    workshop().write('plain', '');
    symlinkSync('plain/token', workshop().file('through'));
    symlinkSync('.', workshop().file('place'));
    symlinkSync('loop', workshop().file('loop'));
    for (const [name, why] of [
      ['through', /plain is no directory$/],
      ['place', /is a directory$/],
      ['loop', /loop leads in a circle$/],
    ] as const) {
      for (const sink of [
        { type: 'file', path: workshop().file(name) },
        { type: 'dotenv', path: workshop().file(name), key: 'A' },
      ] as const)
        expect(obstacle(sink, {})).to.match(why);
    }
    const output = { type: 'github-output', key: 'a' } as const;
    expect(obstacle(output, { GITHUB_OUTPUT: workshop().file('through') })).to.match(/plain is no directory$/);
  });

  it('to a link out of a directory in which nothing can be written is no less possible for that', async () => {
    workshop().write('closed/kept', '');
    symlinkSync('../token', workshop().file('closed/link'));
    chmodSync(workshop().file('closed'), 0o500);
    const sinks = ['link', 'kept'].map((name) => ({ type: 'file', path: workshop().file(`closed/${name}`) }) as const);
    const why = sinks.map((sink) => obstacle(sink, {}));
    await taken(sinks[0] as Sink);
    chmodSync(workshop().file('closed'), 0o700);
    // Root may write everywhere.
    const closed = process.getuid?.() === 0 ? undefined : `nothing can be written in ${workshop().file('closed')}`;
    expect(why).to.deep.equal([undefined, closed]);
    expect(workshop().read('token')).to.equal(`${secret}\n`);
  });

  it('cannot be led astray by a link that somebody put where the new file is written first', async () => {
    const victim = workshop().write('victim', 'untouched');
    workshop().write('x/token', 'old');
    symlinkSync(victim, workshop().file('x/.token.accredit-new'));
    await taken({ type: 'file', path: workshop().file('x/token') });
    expect(workshop().read('victim')).to.equal('untouched');
    expect(workshop().read('x/token')).to.equal(`${secret}\n`);
  });

  it('to a dotenv entry leaves every other line as it is', async () => {
    const before =
      '# settings\nexport A="x\nTOKEN=inside\n"\n\nexport TOKEN = old # gone\nB=\'y\'\nTOKEN=again\nTOKEN2=z\n';
    const path = workshop().write('.env', before);
    await taken({ type: 'dotenv', path, key: 'TOKEN' });
    expect(workshop().read('.env')).to.equal(
      `# settings\nexport A="x\nTOKEN=inside\n"\n\nexport TOKEN=${secret}\nB='y'\nTOKEN2=z\n`,
    );
    expect(workshop().mode('.env')).to.equal(0o600);
    await taken({ type: 'dotenv', path: workshop().file('new.env'), key: 'TOKEN' });
    expect(workshop().read('new.env')).to.equal(`TOKEN=${secret}\n`);
  });

  it('to a dotenv entry keeps the ends of lines, and writes in no file of another encoding', async () => {
    expect(setEntry('A=x\r\nTOKEN=y\r\nB=z\r\n', 'TOKEN', 'new')).to.equal('A=x\r\nTOKEN=new\r\nB=z\r\n');
    expect(setEntry('A=x\r\nTOKEN=y\r\n', 'TOKEN', 'new')).to.equal('A=x\r\nTOKEN=new\r\n');
    expect(setEntry('A=x\r\n', 'TOKEN', 'new')).to.equal('A=x\r\nTOKEN=new\r\n');
    const path = workshop().file('.env');
    const latin = Buffer.from('NAME=caf\u00e9\n', 'latin1');
    writeFileSync(path, latin);
    const error = await taken({ type: 'dotenv', path, key: 'TOKEN' }).catch((one: Error) => one);
    expect(error).to.be.instanceOf(Error);
    expect((error as Error).message)
      .to.include('not UTF-8')
      .and.to.not.include(secret);
    expect(readFileSync(path)).to.deep.equal(latin);
  });

  it('to dotenv files with random lines changes the entry alone, and the second time nothing', () => {
    const key = fc.constantFrom('A', 'B', 'TOKEN', 'TOKEN_2');
    const value = fc.stringMatching(/^[a-z0-9 #=$]{0,8}$/);
    const line = fc.oneof(
      fc.tuple(key, value).map(([name, text]) => `${name}=${text}`),
      fc.tuple(key, value).map(([name, text]) => `export ${name}="${text}"`),
      value.map((text) => `# ${text}`),
      fc.constant(''),
    );
    const property = fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const others = (text: string) => text.split('\n').filter((one) => !/^(export )?TOKEN=/.test(one));
      const before = lines.map((one) => `${one}\n`).join('');
      const after = setEntry(before, 'TOKEN', 'x');
      expect(after.match(/^(export )?TOKEN=x$/gm)).to.have.length(1);
      expect(others(after)).to.deep.equal(others(before === '' ? '\n' : before).slice(before === '' ? 1 : 0));
      expect(setEntry(after, 'TOKEN', 'x')).to.equal(after);
    });
    fc.assert(property, { numRuns: cases(200) });
  });

  it('to a command goes to its standard input and nowhere else, and what it prints hides it', async () => {
    const script = 'tee got; echo done >&2; tr "\\0" " " < /proc/$$/cmdline > words';
    const sink: Sink = { type: 'command', command: ['sh', '-c', script], directory: workshop().path };
    const { stdout, stderr } = await taken(sink);
    expect(workshop().read('got')).to.equal(secret);
    expect(stdout).to.equal('');
    expect(stderr).to.include('done');
    expect(stderr).to.include('acr_sa_**');
    expect(stderr + (existsSync('/proc') ? workshop().read('words') : '')).to.not.include(secret);
  });

  it('to a command that fails, is not there or is killed fails without the secret in the message', async () => {
    const directory = workshop().path;
    for (const [command, why] of [
      [['sh', '-c', 'cat; exit 3'], 'sh ended with status 3'],
      [['sh', '-c', 'kill -9 $$'], 'sh ended with SIGKILL'],
      [['./not-there'], './not-there cannot be run'],
    ] as [[string, ...string[]], string][]) {
      const error = await taken({ type: 'command', command, directory }).catch((reason: Error) => reason);
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message)
        .to.include(why)
        .and.not.include(secret);
    }
  });

  it('to a command does not hand on the token of whoever applies', async () => {
    const sink: Sink = { type: 'command', command: ['sh', '-c', 'env > env'], directory: workshop().path };
    await taken(sink, {
      ACCREDIT_TOKEN: secret,

      ACCREDIT_TOKEN_FILE: '/t',
      VAULT_TOKEN: 'v',
    });
    const names = workshop()
      .read('env')
      .split('\n')
      .map((line) => line.replace(/=.*/, ''));
    expect(names).to.include.members(['PATH', 'ACCREDIT_TOKEN_FILE', 'VAULT_TOKEN']);
    expect(names).to.not.include('ACCREDIT_TOKEN');
  });

  it('to an output of a step of GitHub Actions is masked first, and appended', async () => {
    const output = workshop().write('output', 'before=1\n');
    const env = { GITHUB_OUTPUT: output, GITHUB_ACTIONS: 'true' };
    const { stderr, stdout } = await taken({ type: 'github-output', key: 'ci_token' }, env);
    expect(stderr).to.equal(`::add-mask::${secret}\n`);
    expect(stdout).to.equal('');
    expect(workshop().read('output')).to.equal(`before=1\nci_token=${secret}\n`);
  });

  it('to an output begins a line, also where what was written before did not come to the end of its own', async () => {
    const output = workshop().write('output', 'ci_token=acr_sa_ha');
    for (let times = 0; times < 2; times += 1) {
      await taken({ type: 'github-output', key: 'ci_token' }, { GITHUB_OUTPUT: output });
    }
    const line = `ci_token=${secret}\n`;
    expect(workshop().read('output')).to.equal(`ci_token=acr_sa_ha\n${line}${line}`);
  });

  it('to such an output where nobody reads the mask is not shown for it', async () => {
    const output = workshop().file('output');
    const { stderr, stdout } = await taken({ type: 'github-output', key: 'ci_token' }, { GITHUB_OUTPUT: output });
    expect(stderr + stdout).to.equal('');
    expect(workshop().read('output')).to.equal(`ci_token=${secret}\n`);
  });

  it('to standard output is one line of JSON', async () => {
    const { stdout } = await taken({ type: 'stdout-json' });
    expect(stdout).to.equal(`${JSON.stringify({ address: ADDRESS, secret })}\n`);
  });
});

describe('the journal of secrets', () => {
  const workshop = freshWorkshop();
  const key = { endpoint: 'http://127.0.0.1:7345', manifest: 'organizations/default/manifests/shop' };

  it('keeps what was added for whoever comes next, readable by nobody else', () => {
    const secret = mintToken('sa');
    openJournal(workshop().path, key).add(new Map([[ADDRESS, secret]]));
    expect([...openJournal(workshop().path, key).found]).to.deep.equal([[ADDRESS, secret]]);
    const files = readdirSync(workshop().path, { recursive: true, withFileTypes: true });
    const modes = files.map((entry) => lstatSync(`${entry.parentPath}/${entry.name}`).mode & 0o777);
    expect(new Set(modes)).to.deep.equal(new Set([0o700, 0o600]));
  });

  it('is one for each manifest and each daemon', () => {
    openJournal(workshop().path, key).add(new Map([[ADDRESS, mintToken('sa')]]));
    for (const other of [
      { ...key, endpoint: 'http://127.0.0.1:7346' },
      { ...key, manifest: 'organizations/default/manifests/other' },
    ])
      expect(openJournal(workshop().path, other).found.size).to.equal(0);
    expect(openJournal(workshop().path, { ...key, endpoint: 'http://127.0.0.1:7345/' }).found.size).to.equal(1);
  });

  it('is one for each manifest also where names with dots, put together, are the same', () => {
    const [one, other] = ['organizations/a.manifests.b/manifests/c', 'organizations/a/manifests/b.manifests.c'].map(
      (manifest) => ({ ...key, manifest }),
    );
    openJournal(workshop().path, one as typeof key).add(new Map([[ADDRESS, mintToken('sa')]]));
    expect(openJournal(workshop().path, other as typeof key).found.size).to.equal(0);
    expect(openJournal(workshop().path, one as typeof key).found.size).to.equal(1);
  });

  it('takes back what was added alone, and keeps only what is still to be delivered', () => {
    const [first, second] = [mintToken('sa'), mintToken('sa')];
    openJournal(workshop().path, key).add(new Map([[ADDRESS, first]]));
    const journal = openJournal(workshop().path, key);
    journal.add(new Map([[`${ADDRESS}2`, second]]));
    journal.takeBack();
    expect([...openJournal(workshop().path, key).found.values()]).to.deep.equal([first]);
    journal.keepOnly(new Map([['x', second]]));
    expect([...openJournal(workshop().path, key).found]).to.deep.equal([['x', second]]);
    openJournal(workshop().path, key).keepOnly(new Map());
    expect(readdirSync(workshop().path, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())).to.be
      .empty;
  });

  it('that was cut off is of one who has sent nothing; one of somebody else is refused without showing it', () => {
    openJournal(workshop().path, key).add(new Map([[ADDRESS, mintToken('sa')]]));
    const [directory = ''] = readdirSync(workshop().file('journal'));
    workshop().write(`journal/${directory}/0-cut.secrets`, '{"version":1,"manifest":"organizations/de');
    expect(openJournal(workshop().path, key).found.size).to.equal(1);
    workshop().write(`journal/${directory}/1-odd.secrets`, 'a password\n');
    expect(() => openJournal(workshop().path, key))
      .to.throw(/1-odd\.secrets is no journal/)
      .and.not.match(/password/);
  });
});

describe('what is written so that it outlives a crash of the machine', () => {
  const workshop = freshWorkshop();
  /** Below the workshop, which is `.`. */
  const syncedIn = (work: () => void) => syncedBy(work).map((path) => relative(workshop().path, path) || '.');

  before(function () {
    if (!existsSync('/proc/self/fd')) this.skip();
  });

  it('is synced with the names of all directories that were made for it', () => {
    expect(syncedIn(() => writeDurably(workshop().file('a/b/c/token'), 'x'))).to.include.members([
      '.',
      'a',
      'a/b',
      'a/b/c',
    ]);
    expect(syncedIn(() => writeNewDurably(workshop().file('j/k/l'), 'x', '.x'))).to.include.members([
      '.',
      'j',
      'j/k',
      'j/k/l',
    ]);
    symlinkSync('d/e/token', workshop().file('link'));
    expect(syncedIn(() => writeDurably(workshop().file('link'), 'x'))).to.include.members(['.', 'd', 'd/e']);
  });

  it('costs no more syncs where they are there', () => {
    writeDurably(workshop().file('a/b/token'), 'x');
    expect(syncedIn(() => writeDurably(workshop().file('a/b/token'), 'y')))
      .to.have.length(2)
      .and.to.include('a/b');
  });

  it('is synced with its name also where it is appended to a file that was not there', () => {
    const path = workshop().file('output');
    expect(syncedIn(() => appendLineDurably(path, 'x'))).to.deep.equal(['output', '.']);
    expect(syncedIn(() => appendLineDurably(path, 'x'))).to.deep.equal(['output']);
  });
});
