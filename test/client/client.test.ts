/** What the client asks for, and what it reads in the answers. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { VERSION } from '../../client/version.ts';
import { ADDRESS, failure, ScriptedServer, stored, TOKEN } from './scripted-server.ts';

describe('the API client', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(() => server.close());

  it('sends the headers of the contract and reads outcome, entity tag and secret', async () => {
    server.answers = [
      {
        status: 201,
        headers: { etag: '"u.1"', 'accredit-outcome': 'created' },
        body: { secret: 's', address: ADDRESS },
      },
    ];
    const made = await server
      .client({ product: 'accredit-terraform', manager: 'terraform' })
      .put(
        ADDRESS,
        { expires_in: '90d' },
        { claim: 'c1', adopt: true, allowSelf: true, ifMatch: '"u.0"', idempotencyKey: 'k1' },
      );
    expect(made).to.deep.equal({
      resource: { secret: 's', address: ADDRESS },
      etag: '"u.1"',
      outcome: 'created',
      warnings: [],
    });
    expect(server.seen[0]).to.include({ method: 'PUT', url: `/v1/${ADDRESS}`, body: '{"expires_in":"90d"}' });
    expect(server.seen[0]?.headers).to.include({
      authorization: `Bearer ${TOKEN}`,
      'user-agent': `accredit-terraform/${VERSION}`,
      'accredit-manager': 'terraform',
      'accredit-claim': 'c1',
      'accredit-adopt': 'true',
      'accredit-allow-self': 'true',
      'if-match': '"u.0"',
      'idempotency-key': 'k1',
      'content-type': 'application/json',
    });
  });

  it('names the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(VERSION).to.equal(version);
  });

  it('confirms deliveries with the hashes of the secrets, and tells what is not confirmed', async () => {
    const refused = [{ address: ADDRESS, code: 'rotation-conflict', detail: 'another secret' }];
    server.answers = ['drop', stored({ outcome: 'updated', confirmed: 0, refused })];
    const found = await server
      .client()
      .confirmDeliveries('organizations/default/manifests/m', new Map([[ADDRESS, 'sha256:ab']]));
    expect(found).to.deep.equal(refused);
    expect(server.seen[1]).to.include({
      method: 'POST',
      url: '/v1/organizations/default/manifests/m/delivered',
      body: JSON.stringify({ tokens: [{ address: ADDRESS, secret_hash: 'sha256:ab' }] }),
    });
    expect(server.seen[0]?.headers['idempotency-key']).to.equal(server.seen[1]?.headers['idempotency-key']);
    server.answers = [stored({ name: 'proxy' })];
    expect(await failure(server.client().confirmDeliveries('m', new Map()))).to.include({ code: 'unexpected-answer' });
  });

  it('passes claim and cascade of a DELETE in the query', async () => {
    server.answers = [{ status: 204, headers: { 'accredit-outcome': 'slot-ended' } }];
    expect(await server.client().delete(ADDRESS, { claim: 'c/1', cascade: false })).to.equal('slot-ended');
    expect(server.seen[0]?.url).to.equal(`/v1/${ADDRESS}?claim=c%2F1&cascade=false`);
    await server.client().delete(ADDRESS);
    expect(server.seen[1]?.url).to.equal(`/v1/${ADDRESS}`);
  });

  it('reads a dry run, which carries no Idempotency-Key', async () => {
    server.answers = [
      {
        status: 200,
        body: {
          outcome: 'rotated',
          changed: ['/rotation'],
          cuts_off: ['the secret'],
          warnings: ['too long'],
          resource: { name: 'deploy' },
        },
      },
      { status: 200, body: { outcome: 'rotated', changed: [], cuts_off: [], warnings: [] } },
    ];
    const expected = { outcome: 'rotated', changed: ['/rotation'], cutsOff: ['the secret'], warnings: ['too long'] };
    const plan = await server.client().planPut(ADDRESS, { rotation: '2' });
    expect(plan).to.deep.equal({ ...expected, parts: [], resource: { name: 'deploy' } });
    expect((await server.client().planRotate(ADDRESS)).resource).to.equal(undefined);
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      `PUT /v1/${ADDRESS}?dry_run=true`,
      `POST /v1/${ADDRESS}/rotation?dry_run=true`,
    ]);
    for (const { headers } of server.seen) expect(headers).not.to.have.property('idempotency-key');
  });

  it('rotates by POST with an Idempotency-Key', async () => {
    server.answers = [{ status: 200, headers: { 'accredit-outcome': 'rotated' }, body: { secret: 's' } }];
    expect((await server.client().rotate(ADDRESS, { overlap: '1h' })).resource).to.deep.equal({ secret: 's' });
    expect(server.seen[0]).to.include({ method: 'POST', url: `/v1/${ADDRESS}/rotation`, body: '{"overlap":"1h"}' });
    expect(server.seen[0]?.headers).to.have.property('idempotency-key');
  });

  it('lists every page', async () => {
    server.answers = [
      { status: 200, body: { items: [{ name: 'a' }, { name: 'b' }], next_cursor: 'n 1' } },
      { status: 200, body: { items: [{ name: 'c' }], next_cursor: null } },
    ];
    const names = [];
    for await (const item of server
      .client()
      .list('organizations/default/accounts', { limit: 2, labels: ['a:b', 'c'] })) {
      names.push(item.name);
    }
    expect(names).to.deep.equal(['a', 'b', 'c']);
    expect(server.seen.map(({ url }) => url)).to.deep.equal([
      '/v1/organizations/default/accounts?limit=2&label=a%3Ab&label=c',
      '/v1/organizations/default/accounts?cursor=n+1&limit=2&label=a%3Ab&label=c',
    ]);
  });

  it('works below a path', async () => {
    const answer = {
      organization: 'organizations/acme',
      permissions: ['*'],
      permissions_by_scope: [{ scope: 'organization', permissions: ['*'] }],
      confined_to: 'organization',
      identifier: 'i',
      address: 'a',
      token: 'a/tokens/t',
      valid_until: '2027-01-01T00:00:00.000Z',
    };
    server.answers = [{ status: 200, body: answer }];
    const { port } = server.http.address() as AddressInfo;
    const self = await server.client({ endpoint: `http://127.0.0.1:${port}/accredit/` }).self();
    expect(server.seen[0]?.url).to.equal('/accredit/v1/self');
    expect(self).to.deep.equal({
      identifier: 'i',
      address: 'a',
      organization: 'acme',
      permissions: ['*'],
      permissionsByScope: [{ scope: 'organization', permissions: ['*'] }],
      confinedTo: 'organization',
      token: 'a/tokens/t',
      validUntil: '2027-01-01T00:00:00.000Z',
      answer,
    });
  });
});
