/** The signing keys where they are kept: sealed, and one set for all daemons on a database. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import { Keyring } from '../../daemon/crypto/keyring.ts';
import { readMasterKey } from '../../daemon/crypto/master-key.ts';
import { openSigningKey, type SigningKey } from '../../daemon/crypto/signing-key.ts';
import { fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { type Postgres, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { Stage } from './stage.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('the signing keys in SQLite', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage.daemon.close());

  const select = (sql: string) =>
    new Promise<Record<string, unknown>[]>((resolve, reject) => {
      const file = join(stage.daemon.dataDirectory, 'accredit.db');
      const database = new sqlite3.Database(file, sqlite3.OPEN_READONLY);
      database.all(sql, (error: Error | null, rows: Record<string, unknown>[]) => {
        database.close();
        if (error === null) resolve(rows);
        else reject(error);
      });
    });

  it('are nowhere in the clear: not in a file, not in the log, not in an answer', async () => {
    const secret = await stage.account('ci', ['builds.read']);
    const jwt = await stage.issue('ci', secret);
    const rotation = await stage.daemon.request.post('/v1/signing-keys/rotation').expect(200);
    const published = await (await fetch(String(stage.server.jwks_uri))).text();
    const audit = await stage.daemon.request.get('/v1/organizations/default/audit-events').expect(200);
    const { dataDirectory, log } = stage.daemon;
    const files = await Promise.all((await readdir(dataDirectory)).map((name) => readFile(join(dataDirectory, name))));
    const texts = [log.join(''), jwt, rotation.text, published, audit.text].map((text) => Buffer.from(text));
    const everything = Buffer.concat([...files, ...texts]);

    const keyring = new Keyring((await readMasterKey(join(dataDirectory, 'master-key'))) as Buffer);
    const rows = await select('SELECT * FROM signing_keys');
    expect(rows).to.have.length(2);
    for (const row of rows) {
      const key = { ...row, public_key: JSON.parse(String(row.public_key)) } as SigningKey;
      const { privateKey } = openSigningKey(keyring, key);
      const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
      const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
      const scalar = Buffer.from(String(d), 'base64url');
      const forms = [scalar, scalar.toString('hex'), scalar.toString('base64').slice(0, -1), d, pem.split('\n')[1]];
      for (const form of forms) expect(everything.includes(form as string | Buffer), String(form)).to.equal(false);
      // The control: the public half is found in the same way.
      expect(everything.includes(x as string)).to.equal(true);
    }
  });
});

(postgresAvailable() ? describe : describe.skip)('the signing keys in PostgreSQL', function () {
  this.timeout(60_000);
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

  it('are one set for all daemons, sealed, and nothing in a row can be changed', async () => {
    const env = { ACCREDIT_MASTER_KEY: key, ACCREDIT_ISSUER: 'https://accredit.test' };
    const here = await startTestDaemon({ database, env });
    const there = await startTestDaemon({ database, env });
    const client = new pg.Client(database);
    await client.connect();
    try {
      const metadata = await fetch(`${here.url}/.well-known/oauth-authorization-server`);
      expect(await metadata.json()).to.include({ issuer: 'https://accredit.test' });
      const grant = { grant_type: 'client_credentials', client_id: 'root', client_secret: here.adminToken };
      const issue = async (url: string) => {
        const answer = await fetch(`${url}/v1/oauth/token`, { method: 'POST', body: new URLSearchParams(grant) });
        return ((await answer.json()) as { access_token: string }).access_token;
      };
      const ask = async (url: string, token: string) => {
        const answer = await fetch(`${url}/v1/authorize`, { headers: { Authorization: `Bearer ${token}` } });
        await answer.arrayBuffer();
        return answer.status;
      };
      const [one, two] = await Promise.all([issue(here.url), issue(there.url)]);
      expect(decodeProtectedHeader(one).kid).to.equal(decodeProtectedHeader(two).kid);
      for (const url of [here.url, there.url]) for (const jwt of [one, two]) expect(await ask(url, jwt)).to.equal(200);
      // A key that leaked is dropped by one, and dead for both.
      for (let time = 1; time <= 2; time += 1) expect(await ask(there.url, one)).to.equal(200);
      await here.request.post('/v1/signing-keys/rotation').send({ overlap: '0s' }).expect(200);
      expect(await ask(there.url, one)).to.equal(401);
      const next = await issue(there.url);
      expect(await ask(here.url, next)).to.equal(200);

      const { rows } = await client.query('SELECT * FROM signing_keys');
      expect(rows).to.have.length(1);
      expect(JSON.stringify(rows)).to.not.match(/PRIVATE|"d":/);
      // Somebody who can write the database puts a key of their own there.
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      const jwk = await exportJWK(publicKey);
      await client.query('UPDATE signing_keys SET public_key = $1', [JSON.stringify(jwk)]);
      const { kid } = decodeProtectedHeader(next);
      const forged = await new SignJWT({ ...(decodeJwt(next) as object), scope: '*' } as never)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: kid as string })
        .sign(privateKey);
      expect(await ask(here.url, forged)).to.equal(401);
    } finally {
      await client.end();
      await Promise.all([here.close(), there.close()]);
    }
  });

  describe('of two daemons', () => {
    const clock = fakeClock();
    let here: TestDaemon;
    let there: TestDaemon;

    beforeEach(async () => {
      const env = { ACCREDIT_MASTER_KEY: key, ACCREDIT_ISSUER: 'https://accredit.test' };
      here = await startTestDaemon({ database, env, clock });
      there = await startTestDaemon({ database, env, clock });
    });
    afterEach(async () => {
      await Promise.all([here.close(), there.close()]);
    });

    const kids = async ({ url }: TestDaemon) => {
      const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid);
    };
    const issue = async ({ url }: TestDaemon, client_id: string, client_secret: string) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
      const answer = await fetch(`${url}/v1/oauth/token`, { method: 'POST', body });
      return ((await answer.json()) as { access_token: string }).access_token;
    };
    const ask = async ({ url }: TestDaemon, token: string) => {
      const answer = await fetch(`${url}/v1/authorize`, { headers: { Authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      return answer.status;
    };

    it('are made once, and replaced once, however many find that it is time', async () => {
      const [one, two] = await Promise.all([kids(here), kids(there)]);
      expect(one).to.have.length(1).and.deep.equal(two);
      clock.advance(30 * DAY - HOUR);
      await Promise.all([here.maintain(), there.maintain(), here.maintain(), there.maintain()]);
      const both = await kids(here);
      expect(both)
        .to.have.length(2)
        .and.deep.equal(await kids(there));
      expect(both[0]).to.equal(one[0]);
      clock.advance(HOUR);
      const signers = await Promise.all([here, there].map((daemon) => issue(daemon, 'root', here.adminToken)));
      for (const jwt of signers) expect(decodeProtectedHeader(jwt).kid).to.equal(both[1]);
    });

    it('sign nothing that outlives its token at either of them', async () => {
      const organization = '/v1/organizations/default';
      for (const [how, end] of Object.entries({
        revoked: (path: string) => there.as(here.adminToken).put(`${path}/tokens/t`).send({ state: 'revoked' }),
        rotated: (path: string) => there.as(here.adminToken).put(`${path}/tokens/t`).send({ rotation: 'again' }),
        disabled: (path: string) => there.as(here.adminToken).put(path).send({ disabled: true }),
        deleted: (path: string) => there.as(here.adminToken).delete(path),
      })) {
        const path = `${organization}/accounts/${how}`;
        await here.request.put(path).send({}).expect(201);
        const { body } = await here.request.put(`${path}/tokens/t`).send({}).expect(201);
        const jwt = await issue(here, how, body.secret);
        for (const daemon of [here, there, here, there]) expect(await ask(daemon, jwt), how).to.equal(200);
        const { status, text } = await end(path);
        expect(status, text).to.be.oneOf([200, 204]);
        for (const daemon of [here, there]) expect(await ask(daemon, jwt), how).to.equal(401);
      }
    });
  });
});
