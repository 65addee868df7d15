/** SCIM as a protocol over HTTP (RFC 7644): methods, paths, bodies, and what the service tells about itself. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from '../contract/api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import {
  done,
  freshTenant,
  GROUP_SCHEMA,
  made,
  refused,
  resourcesIn,
  type Scim,
  type Tenant,
  USER_SCHEMA,
} from './http-tenant.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const MEBIBYTE = 1024 * 1024;

describe('SCIM over HTTP', () => {
  let daemon: TestDaemon;
  let tenant: Tenant;
  let scim: Scim;
  before(async () => {
    daemon = await startTestDaemon();
  });
  after(() => daemon.close());
  beforeEach(async () => {
    tenant = await freshTenant(new Api(daemon.url, daemon.adminToken));
    scim = tenant.scim;
  });

  const metaOf = ({ meta }: JsonObject) => meta as JsonObject;

  const METHODS: Readonly<Record<string, string>> = {
    Users: 'GET, HEAD, POST',
    Groups: 'GET, HEAD, POST',
    'Users/an-id': 'GET, HEAD, PUT, PATCH, DELETE',
    'Groups/an-id': 'GET, HEAD, PUT, PATCH, DELETE',
    ServiceProviderConfig: 'GET, HEAD',
    Schemas: 'GET, HEAD',
    [`Schemas/${USER_SCHEMA}`]: 'GET, HEAD',
    ResourceTypes: 'GET, HEAD',
    'ResourceTypes/User': 'GET, HEAD',
  };
  for (const [path, allowed] of Object.entries(METHODS)) {
    it(`offers ${allowed} at ${path}, and says so`, async () => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        const answer = await scim.send(method, path, '{}');
        if (allowed.includes(method)) {
          expect(answer.status, method).to.not.equal(405);
        } else {
          refused(answer, 405);
          expect(answer.headers.allow).to.equal(allowed);
        }
      }
    });
  }

  it('answers HEAD with the headers of GET', async () => {
    const user = await tenant.user('alice@example.com');
    for (const path of ['Users', `Users/${user.id}`, 'Schemas']) {
      const got = await scim.get(path);
      const [head] = await raw('HEAD', path, {});
      expect(head.statusCode).to.equal(200);
      for (const name of ['etag', 'content-type', 'content-length']) {
        expect(head.headers[name], name).to.equal(got.headers[name]);
      }
    }
  });

  it('knows no other paths, whatever they are called', async () => {
    const { id } = await tenant.user('alice@example.com');
    const unknown = [
      ...['', 'Nothing', 'Bulk', 'Me', 'users', `users/${id}`, `Users/${id}/name`, 'Users/', `Users/${id}/`, 'Users//'],
      ...['constructor', 'toString', '__proto__', 'hasOwnProperty/x', 'constructor/prototype', 'Schemas/constructor'],
      ...[
        'Schemas/urn:nothing',
        'ResourceTypes/Nothing',
        'ServiceProviderConfig/x',
        'Users/%zz',
        'Users/%00',
        '%2e%2e',
      ],
      ...['Users/..%2f..%2fv1', `Users/${encodeURIComponent(`${id}/x`)}`, `Users/${'x'.repeat(5000)}`],
    ];
    for (const path of unknown) {
      const answer = await scim.get(path);
      refused(answer, 404);
      expect(answer.body.detail, path).to.equal('There is no such resource.');
    }
    const beside = await tenant.api.as(scim.token).send('GET', '/scim/v3/Users');
    expect(beside.headers['content-type']).to.equal('application/problem+json');
  });

  describe('bodies', () => {
    const writes = (user: JsonObject) =>
      [
        ['POST', 'Users'],
        ['PUT', `Users/${user.id}`],
        ['PATCH', `Users/${user.id}`],
        ['POST', 'Groups'],
      ] as const;

    it('are taken as application/scim+json or application/json, in UTF-8', async () => {
      const types = ['application/scim+json', 'application/json', 'Application/JSON; charset=UTF-8'];
      for (const [index, type] of types.entries()) {
        const answer = await scim.post('Users', { userName: `user${index}`, title: 'Größe' }, { 'Content-Type': type });
        expect(made(answer).title).to.equal('Größe');
      }
      const user = await tenant.user('alice@example.com');
      for (const [method, path] of writes(user)) {
        for (const type of ['text/plain', 'application/xml', 'application/json; charset=latin1', 'json']) {
          refused(await scim.send(method, path, '{"userName":"x"}', { 'Content-Type': type }), 415);
        }
        const [zipped] = await raw(
          method,
          path,
          { 'Content-Type': 'application/scim+json', 'Content-Encoding': 'gzip' },
          gzipSync('{"userName":"x","displayName":"x"}'),
        );
        expect(zipped.statusCode).to.equal(415);
        const [untyped] = await raw(method, path, {}, Buffer.from('{"userName":"x","displayName":"x"}'));
        expect(untyped.statusCode).to.equal(415);
      }
      expect(done(await scim.list('Users')).totalResults).to.equal(4);
    });

    it('are refused when they are no JSON, no object or too large, and change nothing', async () => {
      const user = await tenant.user('alice@example.com');
      const huge = JSON.stringify({ userName: 'x', displayName: 'x', title: 'x'.repeat(MEBIBYTE) });
      for (const [method, path] of writes(user)) {
        for (const text of ['', '{', 'userName', '{"userName":"x","userName":"y"}', '[]', '"x"', 'null', '7']) {
          refused(await scim.send(method, path, text), 400, 'invalidSyntax');
        }
        const type = { 'Content-Type': 'application/scim+json' };
        const [broken] = await raw(method, path, type, Buffer.from([0x7b, 0xff, 0x7d]));
        expect(broken.statusCode).to.equal(400);
        refused(await scim.send(method, path, huge), 413);
        const pieces = Array.from({ length: 12 }, () => 'x'.repeat(MEBIBYTE / 10));
        const inPieces = await tenant.api.as(scim.token).exactly(method, `/scim/v2/${path}`, pieces);
        refused(inPieces as Answer, 413);
      }
      const operation = { op: 'replace', path: 'title', value: 'x' };
      for (const body of [{ Operations: [] }, { Operations: 'x' }, { schemas: ['x'], Operations: [operation] }]) {
        refused(await scim.send('PATCH', `Users/${user.id}`, JSON.stringify(body)), 400, 'invalidSyntax');
      }
      expect(resourcesIn(await scim.list('Users'))).to.deep.equal([user]);
      expect(resourcesIn(await scim.list('Groups'))).to.deep.equal([]);
    });

    it('are not read before it is known who sends them', async () => {
      const lacking = await tenant.scimOf(['teams.read']);
      refused(await lacking.post('Users', { userName: 'x' }), 403);
      const answer = await tenant.api.as('nonsense').send('POST', '/scim/v2/Users', '{');
      refused(answer, 401);
    });
  });

  describe('what it tells about itself', () => {
    it('is what it does: patches, filters and versions, and none of the rest', async () => {
      const config = done(await scim.get('ServiceProviderConfig'));
      expect(config).to.deep.include({
        patch: { supported: true },
        bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
        filter: { supported: true, maxResults: 200 },
        changePassword: { supported: false },
        sort: { supported: false },
        etag: { supported: true },
      });
      expect(metaOf(config).location).to.equal(`${daemon.url}/scim/v2/ServiceProviderConfig`);
    });

    it('lists schemas and resource types, each at its own address and of no other name', async () => {
      for (const [path, ids] of [
        ['Schemas', [USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE]],
        ['ResourceTypes', ['User', 'Group']],
      ] as const) {
        const answer = await scim.list(path, { startIndex: 2, count: 1 });
        expect(answer.body, 'paging is ignored').to.include({ totalResults: ids.length, startIndex: 1 });
        const listed = resourcesIn(answer);
        expect(listed.map(({ id }) => id)).to.deep.equal(ids);
        for (const one of listed) {
          const { pathname } = new URL(String(metaOf(one).location));
          expect((await tenant.api.as(scim.token).send('GET', pathname)).body).to.deep.equal(one);
        }
        refused(await scim.list(path, { filter: 'id eq "User"' }), 403);
      }
      for (const type of resourcesIn(await scim.get('ResourceTypes'))) {
        done(await scim.list(String(type.endpoint).slice(1)));
        done(await scim.get(`Schemas/${type.schema}`));
      }
    });

    it('describes every attribute that is shown', async () => {
      const user = await tenant.user({
        userName: 'alice@example.com',
        name: { familyName: 'Doe' },
        emails: [{ value: 'alice@example.com' }],
        [ENTERPRISE]: { department: 'Sales', manager: { value: 'x' } },
      });
      const group = await tenant.group('Sales', String(user.id));
      const common = ['schemas', 'id', 'externalId', 'meta', ENTERPRISE];
      for (const [urn, shown] of [
        [USER_SCHEMA, done(await scim.get(`Users/${user.id}`))],
        [GROUP_SCHEMA, done(await scim.get(`Groups/${group.id}`))],
        [ENTERPRISE, user[ENTERPRISE] as JsonObject],
      ] as const) {
        const { attributes } = done(await scim.get(`Schemas/${urn}`));
        expect(undescribed(shown, attributes as JsonObject[], common), urn).to.deep.equal([]);
      }
    });
  });

  /** Sends exactly these headers and bytes. */
  async function raw(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Buffer,
  ): Promise<[IncomingMessage]> {
    const sent = request(`${daemon.url}/scim/v2/${path}`, {
      method,
      headers: { Authorization: `Bearer ${scim.token}`, ...headers },
      agent: false,
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return [response];
  }
});

/** The names in `shown` that none of `attributes` has, sub-attributes included. */
function undescribed(shown: JsonObject, attributes: readonly JsonObject[], common: readonly string[] = []): string[] {
  return Object.entries(shown).flatMap(([name, value]) => {
    if (common.includes(name)) return [];
    const described = attributes.find((attribute) => attribute.name === name);
    if (described === undefined) return [name];
    const parts = (Array.isArray(value) ? value : [value]) as Json[];
    return parts.flatMap((part) =>
      typeof part === 'object' && part !== null
        ? undescribed(part as JsonObject, described.subAttributes as JsonObject[]).map((sub) => `${name}.${sub}`)
        : [],
    );
  });
}
