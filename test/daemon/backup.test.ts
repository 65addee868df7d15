/** A backup is all that was acknowledged before it, opens nothing by itself, and goes back only where it fits. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import supertest from 'supertest';
import { parseMasterKey } from '../../daemon/crypto/master-key.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { stop } from '../support/process.ts';
import { type Directory, freshDirectory, statusOf } from './directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const ORGANIZATION = '/v1/organizations/default';
/** Writers at a time. */
const WRITERS = 16;

describe('a backup', () => {
  const directory = freshDirectory();
  const own = ownBlocks('test/daemon/backup.test.ts');

  /** Makes tokens until it is told to stop; the secrets are in `acknowledged` as soon as their answer was there. */
  async function load(url: string, admin: string, acknowledged: string[]) {
    let ending = false;
    const send = (path: string, body: object) =>
      supertest(url).put(path).set('Authorization', `Bearer ${admin}`).send(body).expect(201);
    await send(`${ORGANIZATION}/accounts/ci`, {});
    let number = 0;
    const write = async () => {
      while (!ending) {
        const secret = mintToken('sa');
        number += 1;
        await send(`${ORGANIZATION}/accounts/ci/tokens/t${number}`, { secret_hash: secretHash(secret) });
        acknowledged.push(secret);
      }
    };
    const writers = Array.from({ length: WRITERS }, write);
    return {
      /** Resolves once so many more were acknowledged. */
      async more(count: number) {
        const enough = acknowledged.length + count;
        while (acknowledged.length < enough) await delay(5);
      },
      async end() {
        ending = true;
        await Promise.all(writers);
      },
    };
  }

  async function backUp(file: string, data = directory().path): Promise<Record<string, unknown>> {
    const made = directory().run(['backup', file, '--data-dir', data, '--json']);
    expect(await made.exit, made.stderr()).to.equal(0);
    return JSON.parse(made.lines.join('\n'));
  }

  async function restored(file: string, key: string | undefined, name = 'other'): Promise<string> {
    const other = directory().file(name);
    await mkdir(other, { mode: 0o700 });
    if (key !== undefined) await writeFile(`${other}/master-key`, `${key}\n`, { mode: 0o600 });
    const done = directory().run(['restore-backup', file, '--data-dir', other]);
    expect(await done.exit, done.stderr()).to.equal(0);
    return other;
  }

  const initialise = async ({ run }: Directory) => {
    const done = run(['init']);
    expect(await done.exit, done.stderr()).to.equal(0);
  };

  it('taken under load and restored elsewhere verifies every token that was acknowledged before it', async function () {
    this.timeout(120_000);
    const daemon = directory().serve();
    const url = await daemon.ready;
    const admin = await directory().token();
    const acknowledged: string[] = [];
    const writing = await load(url, admin, acknowledged);
    await writing.more(300);
    const before = acknowledged.length;
    const file = directory().file('backup.db');
    const made = await backUp(file);
    expect(acknowledged.length, 'the daemon went on writing').to.be.above(before);
    expect(made).to.include({ file, master_key_included: false });
    await writing.end();
    // The last of these are only in the write-ahead log yet.
    const later = directory().file('later.db');
    await backUp(later);
    daemon.child.kill('SIGKILL');
    await daemon.exit;

    const key = (await directory().read('master-key')).trim();
    const last = directory().serve({ env: { ACCREDIT_DATA_DIR: await restored(later, key, 'last') } });
    expect(await statusOf(await last.ready, acknowledged.at(-1) as string)).to.equal(200);
    await stop(last);
    const other = await restored(file, key);
    const second = directory().serve({ env: { ACCREDIT_DATA_DIR: other } });
    const elsewhere = await second.ready;
    const statuses = await Promise.all(acknowledged.slice(0, before).map((secret) => statusOf(elsewhere, secret)));
    expect(statuses.filter((status) => status !== 200)).to.deep.equal([]);
    expect(await statusOf(elsewhere, admin)).to.equal(200);
    // What came after it is not there: the check can fail.
    expect(await statusOf(elsewhere, acknowledged.at(-1) as string)).to.equal(401);
    // It is a database like any other: it takes writes.
    await supertest(elsewhere)
      .put(`${ORGANIZATION}/accounts/new`)
      .set('Authorization', `Bearer ${admin}`)
      .send({})
      .expect(201);
    await stop(second);
  });

  it('holds neither key nor token, is readable by its owner alone, and says that the key is missing', async () => {
    await initialise(directory());
    const file = directory().file('backup.db');
    const made = directory().run(['backup', file]);
    expect(await made.exit, made.stderr()).to.equal(0);
    expect(made.lines.join('\n'))
      .to.include('The master key is not in it')
      .and.to.include(directory().file('master-key'));
    const key = parseMasterKey(await directory().read('master-key')) as Buffer;
    const bytes = await readFile(file);
    for (const secret of [key, key.toString('base64'), key.toString('hex'), await directory().token()]) {
      expect(bytes.includes(secret)).to.equal(false);
    }
    for (const name of ['backup.db', 'backup.db.sha256']) expect(await directory().mode(name)).to.equal(0o600);
    expect(await readdir(directory().path)).to.not.include('backup.db.partial');
  });

  it('is there after a crash of the machine, with its checksum', async function () {
    if (!existsSync('/proc/self/fd')) this.skip();
    await initialise(directory());
    // Node's own function, which says on standard error what it has synced.
    const witness = `
import { readlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
const handle = await open('/dev/null');
const handles = Object.getPrototypeOf(handle);
await handle.close();
const { sync } = handles;
handles.sync = async function () {
  await sync.call(this);
  writeSync(2, 'synced ' + readlinkSync('/proc/self/fd/' + this.fd) + '\\n');
};`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(witness)}`;
    await mkdir(directory().file('copies'));
    const made = directory().run(['backup', directory().file('copies/backup.db')], { env: { NODE_OPTIONS } });
    expect(await made.exit, made.stderr()).to.equal(0);
    const synced = made
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('synced '))
      .map((line) => line.replace(`synced ${directory().path}/`, ''));
    const checksum = synced.findIndex((path) => path.startsWith('copies/backup.db.sha256'));
    expect(synced).to.include('copies/backup.db.partial');
    expect(checksum).to.be.above(synced.indexOf('copies'));
    expect(synced.lastIndexOf('copies')).to.be.above(checksum);
  });

  it('without its key, or with another one, starts no daemon', async () => {
    await initialise(directory());
    const file = directory().file('backup.db');
    await backUp(file);
    const other = await restored(file, undefined);
    const refusal = async () => {
      const daemon = directory().serve({ env: { ACCREDIT_DATA_DIR: other } });
      expect(await daemon.exit).to.equal(1);
      return daemon.stderr();
    };
    expect(await refusal()).to.include('The master key is missing');
    await writeFile(`${other}/master-key`, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    expect(await refusal()).to.include('is not the master key of this database');
  });

  it('is verified without changing anything, and refused where it does not fit', async () => {
    await initialise(directory());
    const file = directory().file('backup.db');
    await backUp(file);
    const verify = async (env: Record<string, string> = {}) => {
      const found = directory().run(['restore-backup', file, '--verify'], { env });
      return { status: await found.exit, said: found.lines.join('\n') + found.stderr() };
    };
    const before = await readdir(directory().path);
    const good = await verify();
    expect(good.status, good.said).to.equal(0);
    expect(good.said)
      .to.include('is whole')
      .and.to.include('what was backed up')
      .and.to.include('master key of this installation fits');
    expect(await readdir(directory().path)).to.deep.equal(before);

    const wrong = await verify({ ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64') });
    expect(wrong).to.include({ status: 1 });
    expect(wrong.said).to.include('is not that of the backup');

    const bytes = await readFile(file);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 1;
    await writeFile(file, bytes);
    expect((await verify()).said).to.include('is not what was backed up');
    await writeFile(file, bytes.subarray(0, bytes.length / 2));
    expect(await verify()).to.include({ status: 1 });
    await writeFile(file, 'no database');
    expect((await verify()).said).to.include('is no backup of accredit that can be read');
  });

  it('replaces nothing: neither a file, nor a database, nor that of a running daemon', async () => {
    await initialise(directory());
    const file = directory().file('backup.db');
    await backUp(file);
    const refusal = async (words: string[]) => {
      const ran = directory().run(words);
      expect(await ran.exit, words.join(' ')).to.be.oneOf([1, 2]);
      return ran.stderr();
    };
    const { mtimeMs } = await stat(file);
    expect(await refusal(['backup', file])).to.include('a backup replaces nothing');
    expect((await stat(file)).mtimeMs).to.equal(mtimeMs);
    expect(await refusal(['restore-backup', file])).to.include('that has no database');
    expect(await refusal(['backup'])).to.include('accredit backup FILE');
    expect(await refusal(['backup', directory().file('x'), '--data-dir', directory().file('none')])).to.include(
      'there is no',
    );
    await directory().serve().ready;
    expect(await refusal(['restore-backup', file])).to.include('a daemon is running on the data directory');
    const remote = directory().run(['backup', directory().file('y')], {
      env: {
        ACCREDIT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64'),
      },
    });
    expect(await remote.exit).to.equal(2);
    expect(remote.stderr()).to.include('pg_dump --format=custom');
  });

  it('leaves nothing half done where the copy does not fit', async () => {
    await initialise(directory());
    const file = directory().file('backup.db');
    await backUp(file);
    const other = directory().file('other');
    await mkdir(other, { mode: 0o700 });
    await writeFile(`${other}/master-key`, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const ran = directory().run(['restore-backup', file, '--data-dir', other]);
    expect(await ran.exit).to.equal(1);
    expect((await readdir(other)).sort()).to.deep.equal(['lock', 'master-key']);
    await copyFile(directory().file('master-key'), `${other}/master-key`);
    const again = directory().run(['restore-backup', file, '--data-dir', other]);
    expect(await again.exit, again.stderr()).to.equal(0);
  });

  it('is taken, verified and restored by the commands in docs/operations.md as they stand', async () => {
    const blocks = own.takeAll();
    expect(blocks).to.have.lengthOf(2);
    const data = directory().file('data');
    const made = directory().run(['init', '--data-dir', data]);
    expect(await made.exit, made.stderr()).to.equal(0);
    // In place of npx, which runs the same file.
    const shell = `set -eu\nnpx() { shift; '${process.execPath}' '${join(ROOT, 'bin/accredit')}' "$@"; }\n${blocks.join('')}`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', shell], { cwd: directory().path, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(stdout.match(/the master key of this installation fits/g)).to.have.lengthOf(2);
    const url = await directory().serve({ env: { ACCREDIT_DATA_DIR: directory().file('restored') } }).ready;
    expect(await statusOf(url, (await directory().read('data/admin-token')).trim())).to.equal(200);
  });
});
