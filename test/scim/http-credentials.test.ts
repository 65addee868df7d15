/** Which credential opens SCIM, and what a token for SCIM opens. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { type Answer, Api } from '../contract/api.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, freshTenant, PROVISIONING, refused, Scim, type Tenant, USER_SCHEMA } from './http-tenant.ts';

const DAY = 86_400_000;
const ENDPOINTS = [
  ['GET', 'Users'],
  ['GET', 'Users?filter=userName%20eq%20%22alice%22'],
  ['POST', 'Users'],
  ['GET', 'Users/an-id'],
  ['PUT', 'Users/an-id'],
  ['PATCH', 'Users/an-id'],
  ['DELETE', 'Users/an-id'],
  ['GET', 'Groups'],
  ['POST', 'Groups'],
  ['PATCH', 'Groups/an-id'],
  ['DELETE', 'Groups/an-id'],
  ['GET', 'ServiceProviderConfig'],
  ['GET', 'Schemas'],
  ['GET', `Schemas/${USER_SCHEMA}`],
  ['GET', 'ResourceTypes'],
  ['POST', 'Bulk'],
  ['GET', 'no/such/path'],
  ['GET', ''],
] as const;

/** Whether it takes no credential at all. */
const isOpen = ({ security }: JsonObject) => Array.isArray(security) && security.length === 0;

describe('credentials and SCIM', () => {
  let daemon: TestDaemon;
  let clock: FakeClock;
  let tenant: Tenant;
  before(async () => {
    clock = fakeClock();
    daemon = await startTestDaemon({ clock, env: { ACCREDIT_RECYCLE_KEY_API: 'true' } });
  });
  after(() => daemon.close());
  beforeEach(async () => {
    tenant = await freshTenant(new Api(daemon.url, daemon.adminToken));
  });

  /** Asks everything of SCIM with that token, with a body that it must not come to read. */
  async function everywhere(token: string | undefined, check: (answer: Answer, endpoint: string) => void) {
    const scim = new Scim(daemon.url, token);
    const ask = async ([method, path]: (typeof ENDPOINTS)[number]) =>
      check(await scim.send(method, path, method.startsWith('P') ? '{' : undefined), `${method} ${path}`);
    await Promise.all(ENDPOINTS.map(ask));
  }

  it('a token for SCIM opens no path of the API and answers no question, whatever its account may do', async () => {
    const scim = await tenant.scimOf([], [{ role: 'owner' }]);
    const api = tenant.api.as(scim.token);
    const document = done(await tenant.api.send('GET', '/openapi.json'));
    const asked: string[] = [];
    for (const [template, item] of Object.entries(document.paths as Record<string, JsonObject>)) {
      // Metrics are open to whoever is on the machine itself.
      if (template.startsWith('/scim/') || template === '/metrics') continue;
      const path = template
        .replace('{organization}', tenant.organization.split('/')[1] as string)
        .replace(/\{\w+\}/g, 'identity-provider');
      for (const [method, operation] of Object.entries(item as Record<string, JsonObject>)) {
        if (method === 'parameters' || isOpen(operation) || operation['x-accredit-client']) continue;
        const answer = await api.send(method.toUpperCase() as 'GET', path, method === 'get' ? undefined : '{}');
        expect(answer.status, `${method} ${path}: ${answer.text}`).to.equal(403);
        expect(answer.body.code).to.equal('forbidden');
        asked.push(path);
      }
    }
    expect(asked).to.include.members(['/v1/authorize', '/v1/self', '/v1/introspect', '/v1/organizations']);
    expect(asked.length).to.be.greaterThan(50);
    const grant = { grant_type: 'client_credentials' };
    const refusal = await api.send('POST', '/v1/oauth/token', JSON.stringify(grant));
    expect(refusal.body, 'no access token is issued for it').to.include({ error: 'unauthorized_client' });
    const introspected = await tenant.api.post('introspect', { token: String(scim.token) });
    expect(introspected.body, 'a token of another organization').to.deep.equal({ active: false });
    done(await scim.get('Users'));
  });

  it('no other credential opens SCIM, however strong, and it learns nothing from the answer', async () => {
    await tenant.put('accounts/strong', { grants: [{ role: 'owner' }] });
    await tenant.put('apps/till');
    await tenant.put('users/alice', { grants: [{ role: 'owner' }] });
    const tokens: Record<string, unknown> = {
      api: (await tenant.put('accounts/strong/tokens/main')).secret,
      installation: daemon.adminToken,
      app: (await tenant.put('apps/till/tokens/main')).secret,
      personal: await tenant.token('alice'),
      enrolment: done(await tenant.api.post(`${tenant.at('users/alice')}/enrolment`, {})).secret,
    };
    for (const [name, token] of Object.entries(tokens)) {
      await everywhere(String(token), (answer, endpoint) => {
        refused(answer, 403);
        expect(answer.headers, `${name}, ${endpoint}`).to.not.have.any.keys('etag', 'allow');
        expect(answer.headers['www-authenticate']).to.equal('Bearer realm="accredit", error="insufficient_scope"');
      });
    }
    expect((await tenant.api.as(String(tokens.app)).send('GET', '/v1/self')).status).to.equal(403);
    expect(await tenant.authorize(String(tokens.api)), 'it is as good as before').to.equal(200);
  });

  it('nobody, and whoever presents what is no good or no longer is, is asked for a credential', async () => {
    const issued = async (name: string, body: JsonObject = {}) =>
      String((await tenant.put(`accounts/identity-provider/tokens/${name}`, { purpose: 'scim', ...body })).secret);
    const at = (name: string) => `accounts/identity-provider/tokens/${name}`;
    await tenant.put('accounts/disabled', { grants: [{ role: 'identity-provider' }] });
    const tokens: Record<string, string | undefined> = {
      nobody: undefined,
      malformed: 'nonsense',
      unknown: mintToken('scim'),
      expired: await issued('expired', { expires_in: '1d' }),
      revoked: await issued('revoked'),
      latched: await issued('latched'),
      rotated: await issued('rotated', { rotation: '1' }),
      deleted: await issued('deleted'),
      elsewhere: await issued('elsewhere', { allowed_cidrs: ['10.0.0.0/8'] }),
      disabled: String((await tenant.put('accounts/disabled/tokens/main', { purpose: 'scim' })).secret),
    };
    for (const name of ['expired', 'revoked', 'latched', 'rotated', 'deleted', 'disabled']) {
      done(await new Scim(daemon.url, tokens[name]).get('Users'));
    }
    await tenant.put(at('revoked'), { purpose: 'scim', state: 'revoked' });
    done(await tenant.api.put(`${tenant.at(at('latched'))}/revocation`, { reason: 'compromised' }));
    await tenant.put(at('rotated'), { purpose: 'scim', rotation: '2' });
    expect((await tenant.api.delete(tenant.at(at('deleted')))).status).to.equal(204);
    await tenant.put('accounts/disabled', { grants: [{ role: 'identity-provider' }], disabled: true });
    clock.advance(DAY);
    for (const [name, token] of Object.entries(tokens)) {
      await everywhere(token, (answer, endpoint) => {
        refused(answer, 401);
        const challenge = String(answer.headers['www-authenticate']);
        expect(challenge, `${name}, ${endpoint}`).to.match(/^Bearer realm="accredit"/);
        expect(challenge.includes('error="invalid_token"')).to.equal(name !== 'nobody');
      });
    }
  });

  it('a token for SCIM holds as much as its account holds for the whole organization, narrowed by its permissions', async () => {
    await tenant.user('alice@example.com');
    const secretOf = async (account: JsonObject, token: JsonObject) => {
      await tenant.put('projects/shop');
      await tenant.put('accounts/other', account);
      return String((await tenant.put('accounts/other/tokens/main', { purpose: 'scim', ...token })).secret);
    };
    const provisioning = { grants: [{ role: 'identity-provider' }] };
    const narrowed = new Scim(daemon.url, await secretOf(provisioning, { permissions: ['users.read'] }));
    done(await narrowed.list('Users'));
    refused(await narrowed.post('Users', { userName: 'bob' }), 403);
    refused(await narrowed.list('Groups'), 403);
    expect((await tenant.api.delete(tenant.at('accounts/other'))).status).to.equal(204);

    const shop = 'projects/shop';
    const local = await secretOf({ scope: shop, grants: [{ role: 'identity-provider', scope: shop }] }, {});
    refused(await new Scim(daemon.url, local).list('Users'), 404);
    refused(await new Scim(daemon.url, local).post('Users', { userName: 'bob' }), 404);
    expect(done(await tenant.scim.list('Users')).totalResults).to.equal(1);
  });

  describe('each operation needs its permissions and no others', () => {
    const run = { alice: '', bob: '', empty: '', full: '' };
    beforeEach(async () => {
      run.alice = String((await tenant.user('alice@example.com')).id);
      run.bob = String((await tenant.user('bob@example.com')).id);
      run.empty = String((await tenant.group('Empty')).id);
      run.full = String((await tenant.group('Full', run.alice)).id);
    });
    const title = [{ op: 'replace', path: 'displayName', value: 'Other' }];
    const joining = () => [{ op: 'add', path: 'members', value: [{ value: run.bob }] }];

    const operations: Readonly<Record<string, [needs: string[], ask: (scim: Scim) => Promise<Answer>]>> = {
      'list users': [['users.read'], (scim) => scim.list('Users')],
      'look a user up': [['users.read'], (scim) => scim.list('Users', { filter: 'userName eq "alice@example.com"' })],
      'read a user': [['users.read'], (scim) => scim.get(`Users/${run.alice}`)],
      'create a user': [['users.write'], (scim) => scim.post('Users', { userName: 'carol@example.com' })],
      'replace a user': [['users.write'], (scim) => scim.put(`Users/${run.alice}`, { userName: 'alice' })],
      'patch a user': [['users.write'], (scim) => scim.patch(`Users/${run.alice}`, title)],
      'delete a user': [['users.delete'], (scim) => scim.delete(`Users/${run.alice}`)],
      'list groups': [['teams.read'], (scim) => scim.list('Groups')],
      'look a group up': [['teams.read'], (scim) => scim.list('Groups', { filter: 'displayName eq "Full"' })],
      'read a group': [['teams.read'], (scim) => scim.get(`Groups/${run.full}`)],
      'create a group': [['teams.write'], (scim) => scim.post('Groups', { displayName: 'New' })],
      'create a group with members': [
        ['teams.write', 'users.write'],
        (scim) => scim.post('Groups', { displayName: 'New', members: [{ value: run.bob }] }),
      ],
      'rename a group': [['teams.write'], (scim) => scim.patch(`Groups/${run.full}`, title)],
      'replace a group': [['teams.write'], (scim) => scim.put(`Groups/${run.full}`, { displayName: 'Other' })],
      'add a member': [['teams.write', 'users.write'], (scim) => scim.patch(`Groups/${run.full}`, joining())],
      'remove the members': [
        ['teams.write', 'users.write'],
        (scim) => scim.patch(`Groups/${run.full}`, [{ op: 'remove', path: 'members' }]),
      ],
      'delete a group': [['teams.delete'], (scim) => scim.delete(`Groups/${run.empty}`)],
      'delete a group with members': [['teams.delete', 'users.write'], (scim) => scim.delete(`Groups/${run.full}`)],
    };

    for (const [name, [needs, ask]] of Object.entries(operations)) {
      it(`${name}: ${needs.join(' and ')}`, async () => {
        const all = async () => [(await tenant.scim.list('Users')).text, (await tenant.scim.list('Groups')).text];
        const before = await all();
        for (const needed of needs) {
          const lacking = await tenant.scimOf(PROVISIONING.filter((permission) => permission !== needed));
          expect(refused(await ask(lacking), 403)).to.include(needed);
          const [event] = await tenant.api.events(tenant.organization);
          expect(event?.outcome, 'on record').to.equal('refused');
        }
        expect(await all()).to.deep.equal(before);
        const answer = await ask(await tenant.scimOf(needs));
        expect(answer.status, answer.text).to.be.oneOf([200, 201, 204]);
      });
    }
  });
});
