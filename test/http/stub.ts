/** The application over a service that only notes what it was asked, for what is decided before any service is. */
import { createServer } from 'node:http';
import supertest from 'supertest';
import type { Answer, Caller, Service, Subject } from '../../daemon/domain/api.ts';
import { Problem } from '../../daemon/domain/problem.ts';
import { createApp } from '../../daemon/http/app.ts';
import { clientAddress } from '../../daemon/http/client-address.ts';
import { createLog } from '../../daemon/log.ts';
import { metricsHandler } from '../../daemon/metrics/handler.ts';
import { verifyHandler } from '../../daemon/verify/handler.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

export const ACCOUNT = '/v1/organizations/default/accounts/ci';

export interface Call {
  readonly name: string;
  /** What the service was given. */
  readonly request: Record<string, unknown>;
}

const SUBJECT: Subject = {
  identifier: 'root@default.accredit.internal',
  kind: 'service_account',
  address: 'organizations/default/accounts/root',
  uid: 'u',
  organization: 'default',
  token: 'organizations/default/accounts/root/tokens/bootstrap',
  token_uid: 't',
  grants: [],
  confined_to: 'organization',
  permissions: ['*'],
  permissions_by_scope: [{ scope: 'organization', permissions: ['*'] }],
  issued_at: 0,
  valid_until: null,
};

type Method = Exclude<keyof Service, 'known' | 'statistics'>;

/** A service that knows nothing from memory, whose every method answers `answers[name]`, or something plain, and notes the call. */
export function stubService(answers: Partial<Record<Method, () => unknown>> = {}) {
  const calls: Call[] = [];
  const resource: JsonObject = { address: 'organizations/default/accounts/ci' };
  const written: Answer = { outcome: 'updated', resource, etag: 'u.2' };
  const plain: Record<Method, () => unknown> = {
    authenticate: () => SUBJECT,
    get: () => ({ resource, etag: 'u.1' }),
    list: () => ({ items: [], next_cursor: null }),
    put: () => written,
    delete: () => ({ outcome: 'deleted' }),
    rotate: () => written,
    rotateSelf: () => written,
    revoke: () => written,
    restore: () => ({ outcome: 'restored' }),
    revocation: () => ({}),
    enrol: () => written,
    manifest: () => ({ resource, etag: 'u.1' }),
    manifests: () => ({ items: [], next_cursor: null }),
    admitManifest: () => undefined,
    putManifest: () => written,
    deleteManifest: () => ({ outcome: 'deleted' }),
    deliver: () => written,
    deliverAll: () => written,
    count: () => ({ total: 0 }),
    audit: () => ({ items: [], next_cursor: null }),
    verify: () => ({ decision: 'allowed', subject: SUBJECT }),
    introspect: () => ({ active: false }),
    issueToken: () => ({ access_token: 'jwt', expires_in: 300, scope: '', subject: SUBJECT }),
    revokeToken: () => SUBJECT,
    keySet: () => ({ keys: [] }),
    rotateSigningKeys: () => written,
    provisioned: () => [],
    provision: () => ({}),
    reprovision: () => ({}),
    deprovision: () => undefined,
    maintain: () => undefined,
    recordUses: () => undefined,
  };
  const method = (name: Method) => async (request: Record<string, unknown>, question?: object) => {
    calls.push({ name, request: { ...request, ...question } });
    return (answers[name] ?? plain[name])();
  };
  const service = {
    ...Object.fromEntries((Object.keys(plain) as Method[]).map((name) => [name, method(name)])),
    known: { verify: () => undefined, introspector: () => () => undefined, issue: () => undefined },
  } as unknown as Service;
  return { service, calls };
}

/** The application over such a service; `agent` presents a credential, `nobody` none. */
export function stubApp(
  answers: Parameters<typeof stubService>[0] = {},
  proxies: readonly string[] = [],
  served = { recycleKey: true },
) {
  const { service, calls } = stubService(answers);
  const lines: string[] = [];
  const exchange = {
    log: createLog('debug', { write: (line: string) => void lines.push(line) }),
    clientAddress: clientAddress(proxies),
  };
  const verify = verifyHandler({ ...exchange, service, issuer: () => 'https://accredit.test' });
  const express = createApp({ ...exchange, service, version: '1.2.3', ready: async () => {}, served });
  const expose = async () => ({ contentType: 'text/plain', text: '' });
  const metrics = metricsHandler({ ...exchange, service, access: 'token', proxies, expose });
  const app = createServer((request, response) => {
    if (!verify(request, response) && !metrics(request, response)) express(request, response);
  });
  const agent = supertest.agent(app).set('Authorization', 'Bearer secret');
  /** The request that the service method was called with; the last, if often. */
  const given = (name: keyof Service) => calls.filter((call) => call.name === name).at(-1)?.request;
  /** On whose behalf the service was asked. */
  const caller = (name: keyof Service) => given(name)?.caller as Caller;
  return { app, agent, nobody: supertest.agent(app), calls, given, caller, lines };
}

/** A service method that refuses. */
export function refusing(...problem: ConstructorParameters<typeof Problem>): () => never {
  return () => {
    throw new Problem(...problem);
  };
}
