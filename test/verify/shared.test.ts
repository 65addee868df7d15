/** Several daemons on one database: what one acknowledged, every other one knows with its next answer. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { caseTime } from '../support/cases.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { type Postgres, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { type Running, serve, stop } from '../support/process.ts';
import { printedSeed } from '../support/seed.ts';
import { random, switchAndAsk } from './switches.ts';

const ORGANIZATION = '/v1/organizations/default';

(postgresAvailable() ? describe : describe.skip)('daemons on one PostgreSQL', function () {
  this.timeout(caseTime(60_000));
  const key = randomBytes(32).toString('base64');
  let postgres: Postgres;
  let database: string;

  before(async () => {
    postgres = await startPostgres();
  });
  beforeEach(async () => {
    database = await postgres.url();
  });
  after(() => postgres.stop());

  it('both see every change as soon as one of them has acknowledged it', async () => {
    const env = { ACCREDIT_MASTER_KEY: key, ACCREDIT_ISSUER: 'https://accredit.test' };
    const first = await startTestDaemon({ database, env });
    const second = await startTestDaemon({ database, env });
    try {
      const fronts = [first, second].map(({ url }) => ({ url, adminToken: first.adminToken }));
      const next = random(printedSeed('verification by two daemons'));
      const { answers, certain } = await switchAndAsk(fronts, next);
      console.log(`    ${answers} answers, ${certain} of which could be only one`);
      expect(certain).to.be.above(100);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });

  describe('of which one', () => {
    let here: TestDaemon;
    let there: Running;
    let url: string;
    let directory: string;
    let token: string;

    const startThere = async () => {
      const env = { ACCREDIT_DATABASE_URL: database, ACCREDIT_MASTER_KEY: key };
      there = serve(directory, { env });
      url = await there.ready;
    };
    const put = async (path: string, body: JsonObject = {}): Promise<JsonObject> =>
      (
        await here.request
          .put(`${ORGANIZATION}${path}`)
          .send(body)
          .ok(({ status }) => status < 300)
      ).body;
    const askThere = async (): Promise<number> => {
      const answer = await fetch(`${url}/v1/authorize?permission=builds.write`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    /** Resolves once it really stands still. */
    const pause = async () => {
      there.child.kill('SIGSTOP');
      const state = async () => (await readFile(`/proc/${there.child.pid}/stat`, 'utf8')).split(') ')[1]?.[0];
      while ((await state()) !== 'T') await new Promise((resolve) => setImmediate(resolve));
    };
    const sql = async (...statements: string[]) => {
      const client = new pg.Client(database);
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    };

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'accredit-shared-'));
      here = await startTestDaemon({ database, env: { ACCREDIT_MASTER_KEY: key } });
      await startThere();
      await put('/roles/builder', { permissions: ['builds.write'] });
      await put('/accounts/ci', { grants: [{ role: 'builder' }] });
      token = (await put('/accounts/ci/tokens/t')).secret as string;
      // From the second time on it is answered from memory.
      for (let time = 1; time <= 3; time += 1) expect(await askThere()).to.equal(200);
    });
    afterEach(async () => {
      there.child.kill('SIGCONT');
      await stop(there);
      await here.close();
      await rm(directory, { recursive: true, force: true });
    });

    it('was paused meanwhile, it refuses what was revoked, in its first answer', async () => {
      await pause();
      const asked = askThere();
      await put('/accounts/ci/tokens/t', { state: 'revoked' });
      const askedLater = askThere();
      there.child.kill('SIGCONT');
      // Asked before the revocation, it may be either; it was not answered before, so it is refused.
      expect(await asked).to.equal(401);
      expect(await askedLater).to.equal(401);
    });

    it('was paused for so long that nobody remembers what changed, it forgets everything', async () => {
      await pause();
      await put('/roles/builder', { permissions: [] });
      for (let change = 1; change <= 3; change += 1) await put('/accounts/other', { description: String(change) });
      await sql('DELETE FROM revisions WHERE revision < (SELECT max(revision) FROM revisions)');
      there.child.kill('SIGCONT');
      expect(await askThere()).to.equal(403);
    });

    it('lost its connections, it reads on new ones', async () => {
      await put('/accounts/ci', { grants: [{ role: 'builder' }], disabled: true });
      await sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'accredit'",
      );
      expect(await askThere()).to.equal(401);
      await put('/accounts/ci', { grants: [{ role: 'builder' }] });
      expect(await askThere()).to.equal(200);
    });

    it('is restarted, it knows no less', async () => {
      await put('/accounts/ci/tokens/t', { permissions: ['x.y'] });
      await stop(there);
      await startThere();
      expect(await askThere()).to.equal(403);
      await put('/accounts/ci/tokens/t');
      for (let time = 1; time <= 3; time += 1) expect(await askThere()).to.equal(200);
      const grants = [{ role: 'none' }];
      await put('/accounts/ci', { grants });
      expect(await askThere()).to.equal(403);
    });

    it('cannot reach the database, it answers nothing from memory, and recovers by itself', async () => {
      await postgres.kill();
      try {
        expect(await askThere()).to.equal(503);
      } finally {
        await postgres.restart();
      }
      await put('/accounts/ci/tokens/t', { state: 'revoked' });
      expect(await askThere()).to.equal(401);
    });
  });
});
