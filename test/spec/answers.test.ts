import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { SOURCE_ADDRESS, setFiles, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Answer, Api } from '../contract/api.ts';
import { prerequisitesOf } from '../contract/bench.ts';
import { OwnersApi } from '../contract/owners-api.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';
import { type DescribedResponse, faults, operations, resolve } from './document.ts';

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

const ACCOUNT = '/v1/organizations/default/accounts/ci';
const TOKEN = `${ACCOUNT}/tokens/deploy`;

describe('answers of a running daemon', () => {
  const met = new Map<string, Set<number>>();
  let daemon: TestDaemon;
  let owner: Api;
  let packages: string;

  before(async () => {
    packages = await mkdtemp(join(tmpdir(), 'accredit-packages-'));
    await stubPackages(packages, { signingKey: await throwAwayKey() });
    const env = { ACCREDIT_RECYCLE_KEY_API: 'true', ACCREDIT_METRICS_ACCESS: 'token' };
    daemon = await startTestDaemon({ env: { ...env, ACCREDIT_PROVIDER_PACKAGES: packages } });
    owner = new OwnersApi(daemon.url, daemon.adminToken);
  });
  after(async () => {
    await daemon.close();
    await rm(packages, { recursive: true });
  });

  /** Sends a request, and holds the answer to what the document says of the operation and status. */
  async function call(method: Method, target: string, options: CallOptions = {}): Promise<Answer> {
    const { body, headers, api = owner, text } = options;
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await api.send(method, target, sent, headers);
    const where = `${method} ${target} answered ${answer.status} ${answer.text.slice(0, 300)}`;
    const described = describedAt(method, target);
    expect(described, where).not.to.equal(undefined);
    expect(described?.responses, where).to.have.property(String(answer.status));
    const statuses = met.get(described?.operationId ?? '') ?? new Set();
    met.set(described?.operationId ?? '', statuses.add(answer.status));
    requireDescribed(
      resolve(described?.responses[answer.status] ?? null) as unknown as DescribedResponse,
      answer,
      where,
    );
    return answer;
  }

  async function everyScimOperation(): Promise<void> {
    await owner.put('organizations/default/accounts/provider', { grants: [{ role: 'owner' }] });
    const { body } = await owner.put('organizations/default/accounts/provider/tokens/scim', { purpose: 'scim' });
    const api = owner.as(String(body.secret));
    const patch = { Operations: [{ op: 'replace', value: { externalId: 'x-1' } }] };
    const bodies = { Users: { userName: 'bjensen' }, Groups: { displayName: 'Tour guides' } };
    for (const [name, desired] of Object.entries(bodies)) {
      const made = await call('POST', `/scim/v2/${name}`, { api, body: desired });
      const target = `/scim/v2/${name}/${made.body.id}`;
      await call('GET', `/scim/v2/${name}?count=1&startIndex=1`, { api });
      await call('GET', target, { api });
      await call('GET', target, { api, headers: { 'If-None-Match': made.headers.etag as string } });
      await call('PUT', target, { api, body: desired });
      await call('PATCH', target, { api, body: patch });
      await call('PATCH', target, { api, body: patch, headers: { 'If-Match': 'W/"other"' } });
      await call('DELETE', target, { api });
      await call('GET', target, { api });
    }
    for (const path of ['ServiceProviderConfig', 'Schemas', 'ResourceTypes', 'ResourceTypes/User']) {
      await call('GET', `/scim/v2/${path}`, { api });
    }
    await call('GET', '/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User', { api });
  }

  async function everyOperationOfManifests(): Promise<void> {
    const target = '/v1/organizations/default/manifests/shop';
    const secret_hash = `sha256:${tokenHash(mintToken('sa'))}`;
    const accounts = { shop: { tokens: { deploy: { expires_in: '90d' }, test: { secret_hash } } } };
    const tokens = [{ address: 'organizations/default/accounts/shop/tokens/test', secret_hash }];
    const headers = { 'Idempotency-Key': 'manifest' };
    await call('PUT', `${target}?dry_run=true`, { body: { accounts } });
    await call('PUT', target, { body: { accounts }, headers });
    await call('PUT', target, { body: { accounts }, headers });
    await call('POST', `${target}/delivered?dry_run=true`, { body: { tokens } });
    await call('POST', `${target}/delivered`, { body: { tokens } });
    await call('PUT', target, { body: { accounts: { shop: { description: 'Ships' } } } });
    await call('POST', `${target}/delivered`, { body: { tokens } });
    await call('GET', target);
    await call('GET', '/v1/organizations/default/manifests');
    await call('DELETE', `${target}?dry_run=true`);
    await call('DELETE', target);
  }

  async function everyFileOfTheProvider(): Promise<void> {
    const api = owner.as(undefined);
    const [registry, mirror] = [
      `${TERRAFORM_PATHS.registry}accredit/accredit`,
      TERRAFORM_PATHS.mirror + SOURCE_ADDRESS,
    ];
    await call('GET', TERRAFORM_PATHS.discovery, { api });
    await call('GET', `${registry}/versions`, { api });
    const download = `${registry}/0.1.0/download/linux/amd64`;
    const { body } = await call('GET', download, { api });
    await call('GET', `${mirror}/index.json`, { api });
    await call('GET', `${mirror}/0.1.0.json`, { api });
    const { pathname, search } = new URL(String(body.download_url), `${daemon.url}${download}`);
    const { headers } = await call('GET', pathname + search, { api });
    await call('GET', pathname + search, { api, headers: { 'If-None-Match': headers.etag as string } });
    await call('GET', `${pathname}?sha256=other`, { api });
    const { signature, sums, manifest, signingKey } = setFiles('0.1.0');
    for (const name of [signature, sums, manifest, signingKey]) {
      await call('GET', `${TERRAFORM_PATHS.packages}0.1.0/${name}`, { api });
    }
  }

  it('every operation succeeds with an answer that the document describes', async function () {
    // Hundreds of requests.
    this.timeout(60_000);
    await call('PUT', '/v1/organizations/acme', { body: {} });
    await call('PUT', '/v1/organizations/acme', { body: { settings: { purge_after: '90d' } } });
    await call('GET', '/v1/organizations/acme');
    await call('GET', '/v1/organizations');
    await call('DELETE', '/v1/organizations/acme?dry_run=true');
    await call('DELETE', '/v1/organizations/acme');
    await call('GET', '/v1/organizations/default/roles');
    await call('GET', '/v1/organizations/default/roles/viewer');
    await call('PUT', `${ACCOUNT}?dry_run=true`, { body: {} });
    await call('PUT', ACCOUNT, {
      body: { grants: [{ role: 'viewer' }] },
      headers: { 'Accredit-Manager': 'terraform' },
    });
    await call('GET', ACCOUNT);
    await call('GET', '/v1/organizations/default/accounts?limit=1');
    await call('GET', '/v1/organizations/default/accounts?limit=1&label=env:none');
    const headers = { 'Idempotency-Key': 'one', 'Accredit-Claim': 'first' };
    const full = {
      expires_in: '9d',
      overlap: '1d',
      permissions: ['accounts.read'],
      allowed_cidrs: ['127.0.0.0/8', '::1/128'],
    };
    const { body: made } = await call('PUT', TOKEN, { body: full, headers });
    await call('PUT', TOKEN, { body: full, headers });
    await call('PUT', TOKEN, { body: { ...full, description: 'Deploys' } });
    const holder = new Api(daemon.url, made.secret as string);
    await call('GET', `${TOKEN}?view=full`);
    await call('GET', `${ACCOUNT}/tokens?view=full&status=active&unused_since=2020-01-01T00:00:00Z`);
    await call('GET', '/v1/organizations/default/tokens?expires_before=2099-01-01T00:00:00.5Z');
    await call('GET', '/v1/self', { api: holder });
    await call('GET', '/v1/authorize?permission=accounts.read', { api: holder });
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await call('POST', '/v1/introspect', {
      body: { token: made.secret as string, client_ip: '127.0.0.1', permission: 'accounts.read' },
    });
    await call('POST', '/v1/introspect', { text: 'token=nonsense', headers: form });
    const client = { client_id: 'ci', client_secret: made.secret as string };
    const nobody = new Api(daemon.url);
    const credentials = { grant_type: 'client_credentials', ...client };
    const issued = await call('POST', '/v1/oauth/token', { body: credentials, api: nobody });
    const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const subject = { subject_token: issued.body.access_token as string };
    const type = { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    await call('POST', '/v1/oauth/token', { body: { grant_type: exchange, ...subject, ...type }, api: nobody });
    await call('POST', '/v1/oauth/token', { body: { grant_type: 'password' } });
    await call('POST', '/v1/oauth/token', { body: { grant_type: 'client_credentials' }, api: nobody });
    await call('POST', '/v1/introspect', {
      body: { token: issued.body.access_token as string, client_ip: '127.0.0.1' },
    });
    await call('POST', '/v1/oauth/revoke', { body: { token: 'nonsense' } });
    await call('POST', '/v1/oauth/revoke', { text: '', headers: form });
    await call('GET', '/.well-known/jwks.json', { api: nobody });
    await call('GET', '/.well-known/oauth-authorization-server', { api: nobody });
    await call('POST', '/v1/signing-keys/rotation?dry_run=true');
    await call('POST', '/v1/signing-keys/rotation', { body: { overlap: '1h' } });
    await call('POST', `${TOKEN}/rotation?dry_run=true`);
    const rotated = await call('POST', `${TOKEN}/rotation`, { body: { overlap: '1h' } });
    const self = await call('POST', '/v1/self/rotate', { api: new Api(daemon.url, rotated.body.secret as string) });
    await call('PUT', '/automate/recycle_key.json', { api: new Api(daemon.url, self.body.secret as string), text: '' });
    await call('PUT', `${TOKEN}/revocation?dry_run=true`, { body: { reason: 'other' } });
    await call('PUT', `${TOKEN}/revocation`, { body: { reason: 'compromised' } });
    await call('GET', `${TOKEN}/revocation`);
    await call('GET', TOKEN);
    await call('DELETE', `${TOKEN}/revocation?dry_run=true`);
    await call('DELETE', `${TOKEN}/revocation`);
    await call('GET', '/v1/organizations/default/audit-events?limit=1000');
    await call('DELETE', `${TOKEN}?dry_run=true`);
    await call('DELETE', TOKEN);
    await call('DELETE', ACCOUNT, { headers: { 'Accredit-Adopt': 'true' } });
    const names = Object.fromEntries(KINDS.map(({ parameter }) => [parameter, 'it']));
    for (const kind of KINDS) {
      for (const needed of prerequisitesOf(kind, names)) await owner.put(needed.address, needed.body);
      const target = `/v1/${formatAddress(kind, names)}`;
      const collection = target.slice(0, target.lastIndexOf('/'));
      await call('PUT', target, { body: kind.examples.full });
      await call('PUT', target, { body: kind.examples.changed });
      await call('GET', `${target}?view=full`);
      await call('GET', `${collection}?view=full`);
      if (kind.token === undefined) continue;
      const { body: newer } = await call('POST', `${target}/rotation`);
      await call('POST', `${target}/delivered`, { body: { rotated_at: newer.rotated_at as string } });
      await call('PUT', `${target}/revocation`, { body: { reason: 'leaver' } });
      await call('GET', `${target}/revocation`);
      await call('DELETE', `${target}/revocation`);
    }
    await call('GET', '/v1/organizations/it/tokens?view=full&usage=never&never_expires=false&without_successor=true');
    await call('GET', '/v1/organizations/it/token-counts');
    await call('GET', '/v1/organizations/it/token-counts?exceeds_max_lifetime=true');
    await call('POST', '/v1/organizations/it/users/it/enrolment', { body: { expires_in: '1h' } });
    await call('POST', '/v1/organizations/it/users/it/enrolment?dry_run=true');
    for (const kind of [...KINDS].reverse().filter((each) => lineage(each).length > 1)) {
      await call('DELETE', `/v1/${formatAddress(kind, names)}`);
    }
    await everyOperationOfManifests();
    await everyScimOperation();
    await everyFileOfTheProvider();
    await call('GET', '/metrics');
    for (const target of ['/healthz', '/readyz', '/openapi.json'])
      await call('GET', target, { api: owner.as(undefined) });

    const succeeded = [...met].filter(([, statuses]) => [...statuses].some((status) => status < 300)).map(([id]) => id);
    const all = operations.map(({ operation }) => operation.operationId);
    expect(
      all.filter((id) => !succeeded.includes(id)),
      'not tried',
    ).to.deep.equal([]);
    expect(succeeded).to.have.members(all);
    for (const id of ['putOrganization', 'putServiceAccount', 'putServiceAccountToken']) {
      expect([...(met.get(id) ?? [])], id).to.include.members([200, 201]);
    }
  });

  it('every operation that needs a credential refuses nobody, a bad token and a stranger as the document describes', async () => {
    const address = '/v1/organizations/elsewhere';
    await owner.send('PUT', address, '{}');
    await owner.send('PUT', `${address}/accounts/x`, '{"grants": [{"role": "viewer"}]}');
    const { body } = await owner.send('PUT', `${address}/accounts/x/tokens/y`, '{}');
    const strangers = [undefined, 'acr_sa_nonsense', body.secret as string].map((secret) => owner.as(secret));
    for (const { path, method, operation } of operations) {
      if (operation.security?.length === 0 || /^\/(v1\/(self|authorize|oauth)|automate)/.test(path)) continue;
      const target = path.replace('{organization}', 'default').replace(/\{[a-z]+\}/g, 'viewer');
      for (const [index, api] of strangers.entries()) {
        const { status } = await call(method.toUpperCase() as Method, target, {
          api,
          body: bodyFor(operation.operationId),
        });
        // Whoever lists organizations sees their own.
        const own = index === 2 && operation.operationId === 'listOrganizations';
        expect(status, `${method} ${target} as stranger ${index}`).to.be.oneOf(
          own ? [200] : index < 2 ? [401] : [403, 404],
        );
      }
    }
  });

  it('refusals of every sort are ones that the document describes', async () => {
    const codes = new Set<Json | undefined>();
    const refused = async (...request: Parameters<typeof call>) => codes.add((await call(...request)).body.code);
    await call('PUT', ACCOUNT, { body: {}, headers: { 'Accredit-Manager': 'terraform' } });
    await call('PUT', TOKEN, { body: {}, headers: { 'Idempotency-Key': 'two' } });
    await refused('PUT', ACCOUNT, { text: '{' });
    await refused('PUT', ACCOUNT, { body: { color: 1 } });
    await refused('PUT', ACCOUNT, { body: {}, headers: { 'Content-Type': 'text/plain' } });
    await refused('PUT', ACCOUNT, { body: { description: 'x'.repeat(1_100_000) } });
    await refused('PUT', ACCOUNT, { body: {}, headers: { 'If-Match': '"x.1"' } });
    await refused('PUT', ACCOUNT, { body: {}, headers: { 'Accredit-Manager': 'other' } });
    await refused('PUT', ACCOUNT, { body: {}, headers: { 'Accredit-Clame': 'x' } });
    await refused('GET', `${ACCOUNT}?colour=red`);
    await refused('GET', '/v1/organizations/default/accounts/UPPER');
    await refused('GET', '/v1/organizations/default/accounts/nobody');
    await refused('GET', '/v1/authorize?permission=a.b&organization=elsewhere');
    await refused('DELETE', `${ACCOUNT}?cascade=false`, { headers: { 'Accredit-Manager': 'terraform' } });
    await refused('DELETE', '/v1/organizations/default');
    await refused('PUT', TOKEN, { body: { expires_in: '9d' }, headers: { 'Idempotency-Key': 'two' } });
    await refused('POST', `${TOKEN}/rotation`, { body: { if_rotated_at: '2001-01-01T00:00:00Z' } });
    await refused('DELETE', '/v1/organizations/default/accounts/root/tokens/bootstrap');
    await refused('POST', '/v1/introspect', { body: { token: 'x', tokn: 'y' } });
    await call('PUT', `${TOKEN}/revocation`, { body: { reason: 'leaver' } });
    await refused('POST', `${TOKEN}/rotation`);
    await refused('PUT', TOKEN, { body: { rotation: 'again' } });
    expect(codes).to.include.all.keys(
      ...[
        'malformed-json',
        'invalid',
        'unsupported-media-type',
        'too-large',
        'precondition-failed',
        'managed-by-another',
      ],
      ...['invalid-header', 'invalid-query', 'invalid-address', 'not-found', 'forbidden', 'live-tokens', 'revoked'],
      ...['default-organization', 'idempotency-key-reused', 'rotation-conflict'],
    );
  });
});

interface CallOptions {
  readonly body?: Json;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly api?: Api;
}

function bodyFor(operationId: string): JsonObject | undefined {
  if (operationId === 'introspect') return { token: 'x' };
  if (operationId.startsWith('revoke')) return { reason: 'other' };
  if (operationId === 'deliverManifest') return { tokens: [] };
  if (operationId.startsWith('deliver')) return { rotated_at: '2026-01-01T00:00:00.000Z' };
  return operationId.startsWith('put') ? {} : undefined;
}

/** The operation that serves a target: literal segments before names. */
function describedAt(method: Method, target: string) {
  const path = target.split('?', 1)[0] as string;
  return operations.find((candidate) => {
    const pattern = candidate.path.replace(/\{[a-z_]+\}/g, '[^/]+');
    return candidate.method === method.toLowerCase() && new RegExp(`^${pattern}$`).test(path);
  })?.operation;
}

function requireDescribed(described: DescribedResponse, answer: Answer, where: string): void {
  const contract = /^(etag|location|accredit-.*|idempotency-.*|www-authenticate|retry-after|x-request-id)$/;
  const names = Object.keys(described.headers).map((name) => name.toLowerCase());
  for (const name of Object.keys(answer.headers)) if (contract.test(name)) expect(names, where).to.include(name);
  const mediaType = (answer.headers['content-type'] ?? '').split(';', 1)[0] as string;
  if (described.content === undefined) {
    expect(answer.text, where).to.equal('');
    return;
  }
  expect(described.content, where).to.have.property(mediaType);
  const value = mediaType.endsWith('json') ? answer.body : answer.text;
  expect(faults(described.content[mediaType]?.schema as JsonObject, value), where).to.equal(undefined);
}
