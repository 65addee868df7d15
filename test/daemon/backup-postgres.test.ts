/** The way that docs/operations.md names for PostgreSQL, carried out as it stands. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { startTestDaemon } from '../support/daemon.ts';
import { type Postgres, postgresAvailable, postgresPath, startPostgres } from '../support/postgres.ts';

describe('a dump of PostgreSQL', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let directory: string;

  before(async function () {
    if (!postgresAvailable()) this.skip();
    postgres = await startPostgres();
    directory = await mkdtemp(join(tmpdir(), 'accredit-dump-'));
  });
  after(async () => {
    await postgres?.stop();
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  it('taken while the daemon runs and restored elsewhere verifies every token, and takes no other key', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const [dump, restore] = ['pg_dump', 'pg_restore'].map((name) => new RegExp(`\`(${name} [^\`]+)\``).exec(text)?.[1]);
    const run = (command: string | undefined, url: string) => {
      const { status, stderr } = spawnSync('sh', ['-c', command ?? 'exit 9'], {
        cwd: directory,
        env: { PATH: `${process.env.PATH}${delimiter}${postgresPath()}`, ACCREDIT_DATABASE_URL: url },
        encoding: 'utf8',
      });
      expect(status, stderr).to.equal(0);
    };
    const env = { ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64') };
    const source = await postgres.url();
    const daemon = await startTestDaemon({ database: source, env });
    const target = await postgres.url();
    try {
      await daemon.request.put('/v1/organizations/default/accounts/ci').send({}).expect(201);
      const token = await daemon.request.put('/v1/organizations/default/accounts/ci/tokens/a').send({}).expect(201);
      run(dump, source);
      run(restore, target);
      const other = await startTestDaemon({ database: target, env });
      try {
        await other.as(token.body.secret).get('/v1/self').expect(200);
        await other.as(daemon.adminToken).put('/v1/organizations/default/accounts/new').send({}).expect(201);
      } finally {
        await other.close();
      }
      const wrong = startTestDaemon({
        database: target,
        env: { ACCREDIT_MASTER_KEY: randomBytes(32).toString('base64') },
      });
      const refused = await wrong.then(
        () => 'started',
        (error: Error) => error.message,
      );
      expect(refused).to.include('is not the master key of this database');
    } finally {
      await daemon.close();
    }
  });
});
