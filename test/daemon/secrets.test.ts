import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { freshDirectory } from './directory.ts';

const ACCOUNT = '/v1/organizations/default/accounts/ci';

describe('the log at debug level', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startTestDaemon();
  });
  after(() => daemon.close());

  it('names who did what, and holds no secret that ever came by, wherever it was put', async () => {
    const { request, as, log, adminToken } = daemon;
    await request.put(ACCOUNT).send({}).expect(201);
    const { body } = await request.put(`${ACCOUNT}/tokens/a`).send({}).expect(201);
    const planted = mintToken('sa');
    const madeByUs = mintToken('sa');
    const nobody = as();
    await request
      .put(`${ACCOUNT}/tokens/b`)
      .send({ secret_hash: `sha256:${tokenHash(madeByUs)}` })
      .expect(201);
    await as(planted).get('/v1/self').expect(401);
    await nobody.get('/v1/self').auth('ci', planted).expect(401);
    await nobody.get('/v1/self').set('X-Api-Key', planted).expect(401);
    await nobody.get(`/v1/self?access_token=${planted}`).expect(401);
    await nobody.get(`/v1/${planted}`).expect(404);
    await request.get(`/v1/organizations/${planted}`).expect(400);
    await request.get('/v1/self').set('X-Request-Id', planted).expect(200);
    await request
      .put(ACCOUNT)
      .send({ [planted]: planted, description: 5 })
      .expect(422);
    await request.put(ACCOUNT).set('Content-Type', 'application/json').send(`{"a": ${planted}`).expect(400);
    await request.post('/v1/introspect').send({ token: planted }).expect(200, { active: false });
    await as(body.secret).get('/v1/authorize').expect(200);
    await request.post(`${ACCOUNT}/tokens/a/rotation`).expect(200);
    await daemon.maintain();

    const text = log.join('');
    expect(text).to.include('"token":"organizations/default/accounts/ci/tokens/a"');
    const key = (await readFile(join(daemon.dataDirectory, 'master-key'), 'utf8')).trim();
    const basic = Buffer.from(`ci:${planted}`).toString('base64');
    for (const secret of [planted, adminToken, body.secret, madeByUs]) {
      expect(text).to.not.include(secret.slice(7, 47));
      expect(text).to.not.include(tokenHash(secret));
    }
    for (const secret of [key, basic.slice(8, -4)]) expect(text).to.not.include(secret);
  });

  it('would show a secret without the redaction', () => {
    // The control: the request id and the path above are logged as they come.
    expect(daemon.log.join('')).to.include('acr_[redacted]');
  });
});

describe('the memory of a daemon', () => {
  const directory = freshDirectory();
  const filter = (pid: number | string) => `/proc/${pid}/coredump_filter`;

  if (existsSync(filter('self'))) {
    it('is in no core dump', async () => {
      const daemon = directory().serve();
      await daemon.ready;
      expect(Number.parseInt(await readFile(filter(daemon.child.pid as number), 'utf8'), 16)).to.equal(0);
    });
  }
});
