/** Where a SCIM resource is, when it changed, and which version of it a client has in mind (RFC 7644, section 3.14). */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { Api } from '../contract/api.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, made, refused, type Scim, type Tenant } from './http-tenant.ts';

const MINUTE = 60_000;

describe('a resource of SCIM', () => {
  let daemon: TestDaemon;
  let clock: FakeClock;
  let tenant: Tenant;
  let scim: Scim;
  before(async () => {
    clock = fakeClock();
    daemon = await startTestDaemon({ clock });
  });
  after(() => daemon.close());
  beforeEach(async () => {
    tenant = await freshTenant(new Api(daemon.url, daemon.adminToken));
    scim = tenant.scim;
  });

  const metaOf = ({ meta }: JsonObject) => meta as JsonObject;
  const title = (value: string): Json[] => [{ op: 'replace', path: 'title', value }];

  describe('what is created', () => {
    it('is answered with its address and its version, which are those in it', async () => {
      for (const [path, body, resourceType] of [
        ['Users', { userName: 'alice@example.com' }, 'User'],
        ['Groups', { displayName: 'Sales' }, 'Group'],
      ] as const) {
        const { status, body: created, headers } = await scim.post(path, body);
        expect(status).to.equal(201);
        const location = `${daemon.url}/scim/v2/${path}/${created.id}`;
        expect(metaOf(created)).to.deep.include({ resourceType, location, created: '2030-01-01T00:00:00Z' });
        expect(headers).to.include({
          location,
          etag: String(metaOf(created).version),
          'content-type': 'application/scim+json',
          'cache-control': 'no-store',
        });
        expect(headers['x-request-id']).to.be.a('string');
        const { pathname } = new URL(location);
        expect((await tenant.api.as(scim.token).send('GET', pathname)).body).to.deep.equal(created);
      }
    });

    it('is at the address under which the client knows the daemon', async () => {
      const { id } = await tenant.user('alice@example.com');
      const at = async (headers: Readonly<Record<string, string>>) =>
        metaOf(done(await scim.get(`Users/${id}`, headers))).location;
      expect(await at({ Host: 'scim.example.com' })).to.equal(`http://scim.example.com/scim/v2/Users/${id}`);
      expect(await at({ Host: 'accredit_daemon:8443', 'X-Forwarded-Proto': 'https' })).to.equal(
        `https://accredit_daemon:8443/scim/v2/Users/${id}`,
      );
      expect(await at({ Host: '[::1]:7345' })).to.equal(`http://[::1]:7345/scim/v2/Users/${id}`);
      expect(await at({ Host: 'a"><script>' }), 'no address is made of nonsense').to.equal(`/scim/v2/Users/${id}`);
    });

    it('tells when it was changed last', async () => {
      const { id } = await tenant.user('alice@example.com');
      clock.advance(MINUTE);
      const [created, changed] = [clock.now() - MINUTE, clock.now()].map((time) => new Date(time).toISOString());
      const { meta } = done(await scim.patch(`Users/${id}`, title('Boss')));
      expect(meta).to.deep.include({
        created: created?.replace('.000Z', 'Z'),
        lastModified: changed?.replace('.000Z', 'Z'),
      });
    });
  });

  describe('versions', () => {
    it('let a change through that knows the last one, and no other', async () => {
      for (const [path, body] of [
        ['Users', { userName: 'alice@example.com' }],
        ['Groups', { displayName: 'Sales' }],
      ] as const) {
        const first = made(await scim.post(path, body));
        const at = `${path}/${first.id}`;
        const rename = [{ op: 'replace', path: 'displayName', value: 'Renamed' }];
        const second = done(await scim.patch(at, rename, { 'If-Match': String(metaOf(first).version) }));
        const [old, now] = [metaOf(first).version, metaOf(second).version].map(String) as [string, string];
        expect(old).to.not.equal(now);
        for (const stale of [old, `W/"nonsense"`, `${old}, W/"other"`, '""', 'x']) {
          const header = { 'If-Match': stale };
          refused(await scim.patch(at, [{ op: 'replace', path: 'externalId', value: 'x' }], header), 412);
          refused(await scim.put(at, { ...body, externalId: 'x' }, header), 412);
          refused(await scim.delete(at, header), 412);
        }
        expect(done(await scim.get(at))).to.deep.equal(second);
        for (const good of [now, now.replace('W/', ''), '*', `${old}, ${now}`]) {
          const answer = await scim.patch(at, rename, { 'If-Match': good });
          expect(done(answer), 'it changes nothing').to.deep.equal(second);
        }
        const third = done(await scim.put(at, { ...body, externalId: 'x' }, { 'If-Match': now }));
        expect((await scim.delete(at, { 'If-Match': String(metaOf(third).version) })).status).to.equal(204);
        refused(await scim.delete(at, { 'If-Match': '*' }), 404);
      }
    });

    it('spare the answer to whoever knows the last one', async () => {
      const user = await tenant.user('alice@example.com');
      const version = String(metaOf(user).version);
      for (const known of [version, version.replace('W/', ''), '*', `W/"other", ${version}`]) {
        const answer = await scim.get(`Users/${user.id}`, { 'If-None-Match': known });
        expect([answer.status, answer.text]).to.deep.equal([304, '']);
        expect(answer.headers.etag).to.equal(version);
        expect(answer.headers).to.not.have.any.keys('content-length', 'content-type');
      }
      done(await scim.get(`Users/${user.id}`, { 'If-None-Match': 'W/"other"' }));
      done(await scim.patch(`Users/${user.id}`, title('Boss')));
      expect(done(await scim.get(`Users/${user.id}`, { 'If-None-Match': version })).title).to.equal('Boss');
    });

    it('cover the members of a group and the groups of a user', async () => {
      const user = await tenant.user('alice@example.com');
      const group = await tenant.group('Sales');
      const versions = async () => [
        (await scim.get(`Users/${user.id}`)).headers.etag,
        (await scim.get(`Groups/${group.id}`)).headers.etag,
      ];
      const before = await versions();
      const add = [{ op: 'add', path: 'members', value: [{ value: String(user.id) }] }];
      const added = await scim.patch(`Groups/${group.id}`, add, { 'If-Match': String(before[1]) });
      expect(metaOf(done(added)).version).to.equal(added.headers.etag);
      const after = await versions();
      expect(after[1]).to.equal(added.headers.etag);
      expect(after[0]).to.not.equal(before[0]);
      expect(after[1]).to.not.equal(before[1]);
      refused(await scim.patch(`Groups/${group.id}`, add, { 'If-Match': String(before[1]) }), 412);
    });

    it('stay when the same is sent again, which leaves no trace', async () => {
      const user = await tenant.user({ userName: 'alice@example.com', title: 'Boss' });
      const group = await tenant.group('Sales', String(user.id));
      const events = async () => (await tenant.api.events(tenant.organization)).length;
      const shown = done(await scim.get(`Users/${user.id}`));
      const recorded = await events();
      clock.advance(MINUTE);
      expect(done(await scim.patch(`Users/${user.id}`, title('Boss')))).to.deep.equal(shown);
      expect(done(await scim.put(`Users/${user.id}`, shown))).to.deep.equal(shown);
      const whole = done(await scim.get(`Groups/${group.id}`));
      expect(done(await scim.put(`Groups/${group.id}`, whole))).to.deep.equal(whole);
      expect(await events()).to.equal(recorded);
    });
  });
});
