import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import supertest from 'supertest';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { stop } from '../support/process.ts';
import { freshDirectory, statusOf } from './directory.ts';

describe('the first start', () => {
  const directory = freshDirectory();

  it('makes an owner token in a private file, and says where it lies and when it is ready', async () => {
    const daemon = directory().serve();
    const url = await daemon.ready;
    expect(daemon.lines).to.deep.equal([
      `the first admin token is in ${directory().file('admin-token')}`,
      `accredit ready on ${url}`,
    ]);
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
    expect(await directory().read('admin-token')).to.match(/^acr_sa_[0-9A-Za-z]{46}\n$/);
    for (const name of ['admin-token', 'master-key', 'accredit.db']) {
      expect(await directory().mode(name), name).to.equal(0o600);
    }
    const { body } = await supertest(url)
      .get('/v1/self')
      .set('Authorization', `Bearer ${await directory().token()}`);
    expect(body.token).to.equal('organizations/default/accounts/root/tokens/bootstrap');
    expect(body.grants).to.deep.equal([{ role: 'owner', scope: 'organization' }]);
  });

  it('says with --json what it has made, where it listens and what went wrong, for programs', async () => {
    const file = directory().file('admin-token');
    const said = async (...words: string[]) => {
      const ran = directory().run(words);
      const status = await ran.exit;
      return { status, ...JSON.parse(status === 0 ? ran.lines.join('\n') : ran.stderr()) };
    };
    expect(await said('init', '--json')).to.deep.equal({ status: 0, outcome: 'created', admin_token_file: file });
    expect(await said('init', '--json')).to.deep.equal({ status: 0, outcome: 'unchanged', admin_token_file: null });
    expect(await said('init', '--recover', '--json')).to.deep.include({
      ...{ status: 0, outcome: 'recovered', admin_token_file: file },
    });
    const { status, error } = await said('init', '--json', '--listn', 'x');
    expect({ status, code: error.code }).to.deep.equal({ status: 2, code: 'usage' });
    expect(error.message).to.include('--listen');
    const daemon = directory().serve({}, ['--json']);
    const [line = ''] = await once(createInterface({ input: daemon.child.stdout as Readable }), 'line');
    const { ready, ...rest } = JSON.parse(line);
    expect(rest).to.deep.equal({ admin_token_file: file });
    expect(await statusOf(ready, await directory().token())).to.equal(200);
    expect(await stop(daemon)).to.equal(0);
  });

  it('is the only one that makes a token: the next one keeps it, and the key', async () => {
    await stop(await readied());
    const [token, key] = [await directory().read('admin-token'), await directory().read('master-key')];
    const url = await directory().serve().ready;
    expect(await directory().read('admin-token')).to.equal(token);
    expect(await directory().read('master-key')).to.equal(key);
    expect(await statusOf(url, token.trim())).to.equal(200);
  });

  it('takes a token whose hash was given, and writes none', async () => {
    const token = mintToken('sa');
    const url = await directory().serve({ env: { ACCREDIT_BOOTSTRAP_TOKEN_SHA256: tokenHash(token) } }).ready;
    expect(await statusOf(url, token)).to.equal(200);
    expect(await directory().exists('admin-token')).to.equal(false);
  });

  it('is over once an organization exists: the hash is ignored, and the log says so', async () => {
    await stop(await readied());
    const late = mintToken('sa');
    const daemon = directory().serve({ env: { ACCREDIT_BOOTSTRAP_TOKEN_SHA256: tokenHash(late) } });
    const url = await daemon.ready;
    expect(await statusOf(url, late)).to.equal(401);
    expect(await statusOf(url, await directory().token())).to.equal(200);
    expect(daemon.stderr()).to.include('ACCREDIT_BOOTSTRAP_TOKEN_SHA256 is ignored');
  });

  it('uses the token file that a crash left beside an empty database', async () => {
    const left = mintToken('sa');
    await writeFile(directory().file('admin-token'), `${left}\n`, { mode: 0o600 });
    expect(await statusOf(await directory().serve().ready, left)).to.equal(200);
    expect(await directory().token()).to.equal(left);
  });

  it('refuses a token file that holds something else', async () => {
    await writeFile(directory().file('admin-token'), 'hunter2\n', { mode: 0o600 });
    const daemon = directory().serve();
    expect(await daemon.exit).to.equal(1);
    expect(daemon.stderr()).to.include('holds no token').and.to.not.include('hunter2');
  });

  it('can be had without serving', async () => {
    const init = directory().run(['init']);
    expect(await init.exit).to.equal(0);
    expect(init.lines).to.deep.equal([`the first admin token is in ${directory().file('admin-token')}`]);
    const token = await directory().token();
    const again = directory().run(['init']);
    expect(await again.exit).to.equal(0);
    expect(again.lines).to.deep.equal(['nothing to do: an organization exists']);
    expect(await statusOf(await directory().serve().ready, token)).to.equal(200);
  });

  async function readied() {
    const daemon = directory().serve();
    await daemon.ready;
    return daemon;
  }
});

describe('a data directory that cannot be used', () => {
  const directory = freshDirectory();

  it('stops the daemon with its path and the reason, and no stack', async () => {
    await writeFile(directory().file('file'), '');
    await mkdir(directory().file('garbage'));
    await writeFile(directory().file('garbage/accredit.db'), 'this is no database, whatever else it may be');
    await mkdir(directory().file('odd/master-key'), { recursive: true, mode: 0o700 });
    for (const [name, said] of [
      ['file', 'the data directory $ is no directory'],
      ['file/below', 'the data directory $ cannot be used: ENOTDIR'],
      ['garbage', 'the database $/accredit.db cannot be used: SQLITE_NOTADB'],
      ['odd', '$/master-key cannot be read: EISDIR'],
    ] as const) {
      const path = directory().file(name);
      const text = await refusal({ ACCREDIT_DATA_DIR: path });
      expect(text).to.include(said.replace('$', path)).and.to.not.include('    at ');
    }
  });

  // Nothing is closed to root, unless it has laid down that power for good.
  const through = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : [];

  it('or read says who would have to own it', async () => {
    expect(await directory().run(['init']).exit).to.equal(0);
    for (const [name, said] of [
      ['master-key', '/master-key cannot be read: EACCES'],
      ['accredit.db', '/accredit.db cannot be used: SQLITE_CANTOPEN'],
      ['lock', '/lock cannot be used: SQLITE_CANTOPEN'],
      ['.', 'the data directory'],
    ] as const) {
      const mode = await directory().mode(name);
      await chmod(directory().file(name), 0);
      const text = await refusal({}, through);
      await chmod(directory().file(name), mode);
      expect(text).to.include(said).and.include('the user who runs accredit').and.to.not.include('    at ');
    }
  });

  async function refusal(env: Record<string, string> = {}, through: readonly string[] = []): Promise<string> {
    const daemon = directory().serve({ env, through });
    expect(await daemon.exit, daemon.stderr()).to.equal(1);
    return daemon.stderr();
  }
});

describe('the master key', () => {
  const directory = freshDirectory();

  async function initialised(env: Record<string, string> = {}): Promise<void> {
    expect(await directory().run(['init'], { env }).exit).to.equal(0);
  }

  async function refusal(env: Record<string, string> = {}, through: readonly string[] = []): Promise<string> {
    const daemon = directory().serve({ env, through });
    expect(await daemon.exit, daemon.stderr()).to.equal(1);
    expect(daemon.lines).to.deep.equal([]);
    return daemon.stderr();
  }

  it('that is missing beside existing data stops the daemon, and no new one is made', async () => {
    await initialised();
    await rename(directory().file('master-key'), directory().file('elsewhere'));
    expect(await refusal()).to.include('The master key is missing');
    expect(await directory().exists('master-key')).to.equal(false);
    await rename(directory().file('elsewhere'), directory().file('master-key'));
    expect(await statusOf(await directory().serve().ready, await directory().token())).to.equal(200);
  });

  it('that is another one than the database was written under stops the daemon', async () => {
    await initialised();
    const other = randomBytes(32).toString('base64');
    const said = await refusal({ ACCREDIT_MASTER_KEY: other });
    expect(said).to.include('ACCREDIT_MASTER_KEY is not the master key of this database').and.to.not.include(other);
    await writeFile(directory().file('master-key'), `${other}\n`);
    expect(await refusal()).to.include('is not the master key of this database');
  });

  it('that others may read stops the daemon', async () => {
    await initialised();
    await chmod(directory().file('master-key'), 0o640);
    expect(await refusal())
      .to.include('mode 0640')
      .and.to.include('chmod 600');
  });

  it('that is cut short stops the daemon', async () => {
    await initialised();
    await writeFile(directory().file('master-key'), 'c2hvcnQ=\n');
    expect(await refusal())
      .to.include('holds no master key')
      .and.to.not.include('c2hvcnQ');
  });

  it('that is given is not written anywhere', async () => {
    const key = randomBytes(32).toString('base64');
    await initialised({ ACCREDIT_MASTER_KEY: key });
    expect(await directory().exists('master-key')).to.equal(false);
    await writeFile(directory().file('key'), `${key}\n`, { mode: 0o600 });
    const env = { ACCREDIT_MASTER_KEY_FILE: directory().file('key') };
    expect(await statusOf(await directory().serve({ env }).ready, await directory().token())).to.equal(200);
  });

  it('must be given with PostgreSQL', async () => {
    const said = await refusal({ ACCREDIT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(said).to.include('With PostgreSQL the master key must be given');
  });
});

describe('the data directory', () => {
  const directory = freshDirectory();

  it('serves one daemon: a second one is refused and says why, and the first goes on', async () => {
    const url = await directory().serve().ready;
    const second = directory().serve();
    expect(await second.exit).to.equal(1);
    expect(second.stderr()).to.include('in use by another accredit daemon');
    expect(await statusOf(url, await directory().token())).to.equal(200);
  });

  it('gives its holder a new owner token, but not while a daemon runs', async () => {
    const daemon = directory().serve();
    await daemon.ready;
    const lost = await directory().token();
    await writeFile(directory().file('backup.db'), '');
    for (const words of [['init', '--recover'], ['init'], ['restore-backup', directory().file('backup.db')]]) {
      const refused = directory().run(words);
      expect(await refused.exit, words.join(' ')).to.equal(1);
      expect(refused.stderr(), words.join(' '))
        .to.include(`a daemon is running on the data directory ${directory().path}: stop it first`)
        .and.not.include('of its own');
    }
    expect(await directory().token()).to.equal(lost);
    await stop(daemon);

    const recovery = directory().run(['init', '--recover']);
    expect(await recovery.exit, recovery.stderr()).to.equal(0);
    const said = recovery.lines.join('\n');
    expect(said)
      .to.include('still work')
      .and.include('"accredit list accounts/root/tokens"')
      .and.include('accredit revoke');
    const token = await directory().token();
    expect(token).to.not.equal(lost);
    expect(await directory().mode('admin-token')).to.equal(0o600);
    const url = await directory().serve().ready;
    const { body } = await supertest(url)
      .get('/v1/organizations/default/audit-events?limit=1')
      .set('Authorization', `Bearer ${token}`)
      .expect(200);
    expect(body.items[0]).to.include({ action: 'recover', actor_token: null });
  });

  it('that is not there is neither recovered nor made', async () => {
    const typo = directory().file('typo');
    const recovery = directory().run(['init', '--recover', '--data-dir', typo]);
    expect(await recovery.exit).to.equal(1);
    expect(recovery.stderr()).to.include(`there is no ${typo}/accredit.db`);
    expect(await directory().exists('typo')).to.equal(false);
    const empty = directory().run(['init', '--recover']);
    expect(await empty.exit).to.equal(1);
    expect(await readdir(directory().path)).to.deep.equal([]);
  });

  it('has nothing to recover before it was initialised', async () => {
    const recovery = directory().run(['init', '--recover']);
    expect(await recovery.exit).to.equal(1);
    expect(recovery.stderr()).to.include('There is nothing to recover');
    expect(await directory().exists('admin-token')).to.equal(false);
  });
});
