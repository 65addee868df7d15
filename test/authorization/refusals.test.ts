/** What is kept on record of refusals: attempts of whoever has a good credential, a few a minute, and no secret. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Caller } from '../../daemon/domain/api.ts';
import type { StoredAuditEvent } from '../../daemon/domain/model.ts';
import type { ProblemCode } from '../../daemon/domain/problem.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { Api } from '../contract/api.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { HOUR, refused, SECOND, secretOf } from '../support/service.ts';
import { A, D, openWorld, type World } from './world.ts';

const STRONG = `${D}/accounts/strong/tokens`;

describe('the record of refusals', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.f.close());
  beforeEach(() => world.f.clock.advance(60 * SECOND));

  /** The events that `act` leaves, of both organizations, the oldest first. */
  async function eventsOf(act: () => Promise<unknown>): Promise<StoredAuditEvent[]> {
    const newest = (await world.events(1))[0]?.id ?? 0;
    await act();
    return (await world.events(1000)).filter(({ id }) => id > newest).reverse();
  }

  const attempts = (caller: () => Caller, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_none, index) =>
        refused(world.put(`${D}/accounts/new-${index}`, {}, { caller: caller() }), 'forbidden'),
      ),
    );

  it('keeps at most 60 of one token in a minute, then again, and those of others beside them', async () => {
    const viewer = () => world.as('viewer');
    const first = await eventsOf(() => attempts(viewer, 75));
    expect(first).to.have.length(60);
    expect(new Set(first.map(({ outcome }) => outcome))).to.deep.equal(new Set(['refused']));
    world.f.clock.advance(59 * SECOND);
    expect(await eventsOf(() => attempts(viewer, 5)), 'in the same minute').to.have.length(0);
    expect(await eventsOf(() => attempts(() => world.as('porter'), 5)), 'of another token').to.have.length(5);
    world.f.clock.advance(SECOND);
    expect(await eventsOf(() => attempts(viewer, 61)), 'in the next minute').to.have.length(60);
  });

  it('counts whatever is refused, and by the token, not by its account', async () => {
    const one = world.f.as(secretOf(await world.put(`${D}/accounts/viewer/tokens/one`, {})));
    const two = world.f.as(secretOf(await world.put(`${D}/accounts/viewer/tokens/two`, {})));
    const mixed = await eventsOf(async () => {
      for (let round = 0; round < 20; round += 1) {
        await refused(world.get(`${A}/accounts/boss`, { caller: one }), 'not-found');
        await refused(world.delete(`${D}/accounts/weak`, { caller: one }), 'forbidden');
        await refused(world.rotate(`${STRONG}/main`, null, { caller: one }), 'forbidden');
        await refused(world.enrol(`${D}/users/bob`, { caller: one }), 'forbidden');
      }
    });
    expect(mixed).to.have.length(60);
    expect(new Set(mixed.map(({ action }) => action))).to.deep.equal(new Set(['get', 'delete', 'rotate', 'enrol']));
    expect(await eventsOf(() => attempts(() => two, 3))).to.have.length(3);
  });

  it('says who tried what with which token, in the log of the caller, and why it was refused', async () => {
    const caller = world.as('boss');
    const events = await eventsOf(() => refused(world.put(`${D}/accounts/mine`, {}, { caller }), 'not-found'));
    expect(events.map(({ id: _id, ...event }) => event)).to.deep.equal([
      {
        organization: A,
        at: world.f.clock.now,
        actor: 'boss@acme.accredit.internal',
        actor_token: `${A}/accounts/boss/tokens/main`,
        action: 'put',
        address: `${D}/accounts/mine`,
        outcome: 'refused',
        request_id: caller.requestId,
        details: { code: 'not-found', detail: `There is no ${D}.` },
      },
    ]);
  });

  it('has nothing of a dry run, which is a question and writes nothing, also where it is refused', async () => {
    const dry = { caller: world.as('viewer'), dryRun: true };
    const events = await eventsOf(async () => {
      await refused(world.put(`${D}/accounts/new`, {}, dry), 'forbidden');
      await refused(world.delete(`${D}/accounts/weak`, dry), 'forbidden');
      await refused(world.rotate(`${STRONG}/main`, null, dry), 'forbidden');
      await refused(world.revoke(`${STRONG}/main`, dry), 'forbidden');
      await refused(world.enrol(`${D}/users/bob`, dry), 'forbidden');
      const tree = { accounts: { new: {} } };
      await refused(world.service.putManifest({ ...dry, address: `${D}/manifests/new`, body: tree }), 'forbidden');
    });
    expect(events).to.deep.equal([]);
    expect(await eventsOf(() => attempts(() => world.as('viewer'), 1)), 'of what is no dry run').to.have.length(1);
  });

  it('has nothing of a credential that is no good', async () => {
    const bad = await badCredentials(world);
    const events = await eventsOf(async () => {
      for (const [what, caller] of bad) {
        await refused(world.get(`${D}/accounts/weak`, { caller }), 'unauthenticated').catch((error: Error) => {
          throw new Error(`${what}: ${error.message}`);
        });
        await refused(world.put(`${D}/accounts/new`, {}, { caller }), 'unauthenticated');
        await refused(world.delete(`${D}/accounts/weak`, { caller }), 'unauthenticated');
        await refused(world.revoke(`${STRONG}/main`, { caller }), 'unauthenticated');
        await refused(world.service.rotateSelf({ caller, body: null }), 'unauthenticated');
        await refused(world.service.audit({ caller, organization: 'default', limit: 1 }), 'unauthenticated');
      }
    });
    expect(events).to.deep.equal([]);
    expect(bad.length).to.be.at.least(12);
  });

  it('has nothing of what really is not there, for whoever would see it', async () => {
    const events = await eventsOf(async () => {
      for (const who of ['root', 'admin'] as const) {
        const caller = world.as(who);
        await refused(world.get(`${D}/accounts/ghost`, { caller }), 'not-found');
        await refused(world.get(`${STRONG}/ghost`, { caller }), 'not-found');
        await refused(world.get(`${D}/apps/ghost`, { caller }), 'not-found');
        await refused(world.list('service_account_token', `${D}/accounts/ghost`, { caller }), 'not-found');
        await refused(world.put(`${D}/accounts/ghost/tokens/main`, {}, { caller }), 'not-found');
        await refused(world.rotate(`${STRONG}/ghost`, null, { caller }), 'not-found');
        await refused(world.revoke(`${STRONG}/ghost`, { caller }), 'not-found');
        await refused(world.service.revocation({ caller, address: `${STRONG}/main` }), 'not-found');
        await refused(world.enrol(`${D}/users/ghost`, { caller }), 'not-found');
        expect((await world.delete(`${D}/accounts/ghost`, { caller })).outcome).to.equal('unchanged');
      }
      await refused(world.get('organizations/ghost'), 'not-found');
      await refused(world.service.audit({ caller: world.as('root'), organization: 'ghost', limit: 1 }), 'not-found');
    });
    expect(events).to.deep.equal([]);
  });

  it('has nothing of what nobody could do, whoever asks', async () => {
    const before = await world.rows();
    const events = await eventsOf(async () => {
      for (const [code, attempt] of IMPOSSIBLE) await refused(attempt(world), code);
    });
    expect(events).to.deep.equal([]);
    expect(await world.rows()).to.deep.equal(before);
  });

  it('has nothing of the questions of services, which are answered and not attempted', async () => {
    const credential = { scheme: 'bearer', token: world.secrets.get('viewer') as string } as const;
    const events = await eventsOf(async () => {
      const question = { credential, ip: '127.0.0.1', permission: 'builds.write' };
      expect((await world.service.verify(question, 'question')).decision).to.equal('forbidden');
      expect((await world.service.verify({ ...question, organization: 'acme' }, 'question')).decision).to.equal(
        'forbidden',
      );
    });
    expect(events).to.deep.equal([]);
  });
});

describe('the record of a refusal', () => {
  it('holds no secret, wherever the caller put one, and neither do database and log', async () => {
    const daemon = await startTestDaemon();
    try {
      const root = new Api(daemon.url, daemon.adminToken);
      expect((await root.put(`${D}/accounts/viewer`, { grants: [{ role: 'viewer' }] })).status).to.equal(201);
      const own = String((await root.put(`${D}/accounts/viewer/tokens/main`, {})).body.secret);
      const other = mintToken('sa');
      const viewer = root.as(own);
      const headers = { 'X-Request-Id': own, 'Idempotency-Key': other, 'Accredit-Claim': own, 'User-Agent': other };
      const body: JsonObject = {
        display_name: own,
        description: other,
        labels: { x: other },
        secret_hash: `sha256:${tokenHash(other)}`,
      };
      const answers = [
        await viewer.put(`${D}/accounts/new`, body, { headers }),
        await viewer.put(`${D}/accounts/viewer/tokens/main`, body, { headers }),
        await viewer.put('organizations/acme', body, { headers }),
        await viewer.post('introspect', { token: other }),
        await viewer.get('organizations/acme', { headers: { 'X-Request-Id': own, Cookie: other } }),
        await root.as(undefined).get('organizations/acme', { headers: { 'X-Api-Key': own } }),
        await root.as(undefined).get('organizations/acme', { headers: { Authorization: basic('viewer', own) } }),
      ];
      expect(answers.map(({ status }) => status)).to.deep.equal([403, 403, 404, 403, 404, 404, 404]);
      const events = (await root.all(`${D}/audit-events`)).filter(({ outcome }) => outcome === 'refused');
      expect(events).to.have.length(answers.length);
      await daemon.maintain();
      const texts = {
        'the answers': JSON.stringify(answers),
        'the events': JSON.stringify(events),
        'the log': daemon.log.join('\n'),
        'the database': await filesIn(daemon.dataDirectory, ['admin-token', 'master-key']),
      };
      for (const [where, text] of Object.entries(texts)) {
        expect(text.length, where).to.be.above(100);
        for (const secret of [own, other, tokenHash(other)]) expect(text.includes(secret), where).to.equal(false);
      }
      expect(texts['the database'].includes(`${D}/accounts/viewer/tokens/main`), 'what is there is found').to.equal(
        true,
      );
    } finally {
      await daemon.close();
    }
  });
});

/** Credentials that are well-formed or not, and good for nothing. */
async function badCredentials(world: World): Promise<[string, Caller][]> {
  const { f } = world;
  const mint = async (name: string, body: JsonObject = {}) =>
    secretOf(await world.put(`${D}/accounts/admin/tokens/${name}`, body));
  const rotated = await mint('rotated');
  await world.rotate(`${D}/accounts/admin/tokens/rotated`, null);
  const deleted = await mint('deleted');
  await world.delete(`${D}/accounts/admin/tokens/deleted`);
  const revoked = await mint('revoked');
  await world.put(`${D}/accounts/admin/tokens/revoked`, { state: 'revoked' });
  const latched = await mint('latched');
  await world.revoke(`${D}/accounts/admin/tokens/latched`);
  const expired = await mint('expired', { expires_in: '1h' });
  const lapsed = secretOf(await world.enrol(`${D}/users/bob`));
  f.clock.advance(25 * HOUR);
  const replaced = secretOf(await world.enrol(`${D}/users/bob`));
  await world.enrol(`${D}/users/bob`);
  await world.put(`${D}/accounts/off`, { grants: [{ role: 'admin' }] });
  const disabled = secretOf(await world.put(`${D}/accounts/off/tokens/main`, {}));
  await world.put(`${D}/accounts/off`, { grants: [{ role: 'admin' }], disabled: true });
  const fenced = await mint('fenced', { allowed_cidrs: ['10.0.0.0/8'] });
  const good = await mint('good');
  const { credential, ...rest } = f.as(good);
  return [
    ['nonsense', f.as('nonsense')],
    ['unknown', f.as(mintToken('sa'))],
    ['rotated away', f.as(rotated)],
    ['deleted', f.as(deleted)],
    ['declared as revoked', f.as(revoked)],
    ['revoked in an emergency', f.as(latched)],
    ['expired', f.as(expired)],
    ['of a disabled account', f.as(disabled)],
    ['from another network', f.as(fenced, '192.0.2.1')],
    ['under another name', { ...rest, credential: { ...credential, scheme: 'basic', username: 'root' } }],
    ['a lapsed enrolment', f.as(lapsed)],
    ['a replaced enrolment', f.as(replaced)],
  ];
}

/** What no right lets anybody do, each as the owner of the installation. */
const IMPOSSIBLE: readonly [ProblemCode, (world: World) => Promise<unknown>][] = [
  ['revoked', (w) => w.put(`${STRONG}/latched`, { rotation: 'x' })],
  ['revoked', (w) => w.rotate(`${STRONG}/latched`, null)],
  ['revoked', (w) => w.put(`${STRONG}/latched`, {}, { claim: 'mine' })],
  ['built-in', (w) => w.put(`${D}/roles/viewer`, { permissions: ['*'] })],
  ['built-in', (w) => w.put(`${D}/token-profiles/static`, { regenerate: 'self' })],
  ['rotation-forbidden', (w) => w.rotate(`${STRONG}/once`, null)],
  ['secret-in-use', (w) => w.put(`${STRONG}/new`, { secret_hash: `sha256:${tokenHash(w.f.root)}` })],
  ['invalid', (w) => w.put(`${D}/accounts/new`, { scope: 'projects/mine', grants: [{ role: 'viewer' }] })],
  [
    'invalid',
    (w) =>
      w.put(`${D}/accounts/new`, { scope: 'projects/mine', grants: [{ role: 'viewer', scope: 'projects/theirs' }] }),
  ],
  ['invalid', (w) => w.put(`${D}/projects/mine`, { parent: 'inner' })],
  ['immutable', (w) => w.put(`${D}/accounts/member`, { scope: 'teams/green' })],
  ['in-use', (w) => w.delete(`${D}/roles/builder`)],
];

function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
}

/** Everything in a directory but some files, as text. */
async function filesIn(directory: string, except: readonly string[]): Promise<string> {
  const names = (await readdir(directory)).filter((name) => !except.includes(name));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'latin1')));
  return texts.join('\n');
}
