import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { openApi } from '../../terraform-provider-spec/derive/openapi.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { stubApp } from './stub.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options'];

/** Served apart from the API, from files, and tested with them. */
const REGISTRY = /^\/(terraform\/|\.well-known\/terraform\.json$)/;

/** Every documented path but those of SCIM and the registry, with names in it, and the methods that it documents. */
const documented = Object.entries(openApi().paths as JsonObject)
  .filter(([path]) => !path.startsWith('/scim/') && !REGISTRY.test(path))
  .map(([path, item]) => ({
    path: path.replace(/\{(\w+)\}/g, 'default'),
    methods: METHODS.filter((method) => method in (item as JsonObject)),
    isOpen: Object.values(item as JsonObject).some((operation) =>
      isDeepStrictEqual((operation as JsonObject).security, []),
    ),
  }));

/** The bodies of what takes forms. */
const FORMS: Readonly<Record<string, string>> = {
  '/v1/introspect': 'token=x',
  '/v1/oauth/token': 'grant_type=client_credentials',
  '/v1/oauth/revoke': 'token=x',
};

describe('the paths', () => {
  for (const { path, methods } of documented.filter((one) => one.path !== '/v1/authorize')) {
    it(`take the methods that the OpenAPI document names, and 405 names them for any other: ${path}`, async () => {
      const { agent } = stubApp();
      const allow = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
      for (const method of METHODS as ['get', 'put', 'post', 'delete', 'patch', 'options']) {
        const form = FORMS[path] === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
        const sending = agent[method as 'put'](path).set('Content-Type', form);
        const answer = await (method === 'get' ? sending : sending.send(FORMS[path] ?? '{}'));
        if (methods.includes(method)) expect(answer.status, `${method}: ${answer.text}`).to.be.below(300);
        else {
          expect(answer.body, method).to.include({ status: 405, code: 'method-not-allowed' });
          expect(answer.headers.allow).to.equal(allow.join(', '));
        }
      }
    });
  }

  it('answer HEAD as GET, without the body', async () => {
    for (const { path, methods } of documented) {
      if (!methods.includes('get')) continue;
      const { agent } = stubApp();
      const [get, head] = [await agent.get(path), await agent.head(path)];
      expect(head.status, path).to.equal(get.status);
      expect(head.headers['content-length'], path).to.equal(get.headers['content-length']);
      expect(head.text, path).to.equal(undefined);
    }
  });

  it('ask who is there, but for health and the document', async () => {
    for (const { path, methods, isOpen } of documented) {
      expect(isOpen, path).to.equal(/^\/(healthz|readyz|openapi\.json|\.well-known\/.+)$/.test(path));
      for (const method of methods as ['get']) {
        const { nobody, calls } = stubApp();
        // Who a client of these is may be in the body.
        const form = path.startsWith('/v1/oauth/') ? FORMS[path] : undefined;
        const { status } = await (form === undefined ? nobody[method](path) : nobody.post(path).send(form));
        expect(status, `${method} ${path}`).to.equal(isOpen ? 200 : 401);
        expect(calls.filter(({ name }) => name !== 'keySet')).to.deep.equal([]);
      }
    }
  });
});

describe('a path that there is not', () => {
  for (const [path, hint] of [
    ['/v1/organizations/default/account/ci', 'did you mean /v1/organizations/default/accounts/ci?'],
    ['/v1/organization/default/accounts/ci/token/x', 'did you mean /v1/organizations/default/accounts/ci/tokens/x?'],
    ['/v1/organizations/default/accounts/', 'did you mean /v1/organizations/default/accounts?'],
    ['/organizations/default/accounts', 'did you mean /v1/organizations/default/accounts?'],
    ['/v1/authorise', 'did you mean /v1/authorize?'],
    ['/health', 'did you mean /healthz?'],
    ['/', 'GET /openapi.json lists them'],
    [`/v1/${'x'.repeat(2000)}`, 'GET /openapi.json lists them'],
  ] as const) {
    it(`is 404 with what may have been meant: ${path.slice(0, 60)}`, async () => {
      const { body, status } = await stubApp().nobody.get(path);
      expect(status).to.equal(404);
      expect(body.errors).to.deep.equal([{ pointer: '', detail: `there is no such path; ${hint}` }]);
    });
  }

  it('is answered without a token that is in it', async () => {
    const token = mintToken('sa');
    const { text } = await stubApp().nobody.get(`/v1/organizations/default/account/${token}`);
    expect(text).to.include('did you mean').and.to.not.include(token.slice(7));
  });
});

describe('an answer', () => {
  const PATH = '/v1/organizations/default/accounts/ci';

  it('to what was created is 201 and says where it is', async () => {
    const answer = { outcome: 'created', resource: { name: 'ci' }, etag: 'u.1' };
    const { status, headers, body } = await stubApp({ put: () => answer })
      .agent.put(PATH)
      .send({});
    expect(status).to.equal(201);
    expect(headers).to.include({
      location: PATH,
      etag: '"u.1"',
      'accredit-outcome': 'created',
      'cache-control': 'no-store',
    });
    expect(headers).to.not.have.property('idempotency-replayed');
    expect(body).to.deep.equal({ name: 'ci' });
  });

  it('that was given before says so', async () => {
    const answer = { outcome: 'created', resource: { secret: 's' }, etag: 'u.1', replayed: true };
    const { status, headers } = await stubApp({ put: () => answer })
      .agent.put(PATH)
      .send({});
    expect(status).to.equal(201);
    expect(headers['idempotency-replayed']).to.equal('true');
  });

  it('to a dry run is the plan, and no outcome', async () => {
    const plan = { outcome: 'created', changed: ['/labels'], cuts_off: ['the secret'], warnings: ['too long'] };
    const { agent } = stubApp({
      put: () => ({ outcome: 'created', plan }),
      delete: () => ({ outcome: 'deleted', plan }),
    });
    for (const method of ['put', 'delete'] as const) {
      const { headers, body } = await agent[method](`${PATH}?dry_run=true`).send({}).expect(200);
      expect(body).to.deep.equal(plan);
      expect(headers).to.not.have.property('accredit-outcome');
    }
  });

  it('to a DELETE is 204 with the outcome', async () => {
    const answer = await stubApp({ delete: () => ({ outcome: 'slot-ended' }) })
      .agent.delete(PATH)
      .expect(204);
    expect(answer.headers['accredit-outcome']).to.equal('slot-ended');
    expect(answer.text).to.equal('');
  });
});

describe('a request with an Idempotency-Key', () => {
  const PATH = '/v1/organizations/default/accounts/ci';

  it('that is sent again while the first runs is 409, and another key, address or query is not', async () => {
    let finish: (() => void) | undefined;
    let begun: (() => void) | undefined;
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let calls = 0;
    const { agent } = stubApp({
      put: async () => {
        calls += 1;
        begun?.();
        if (calls === 1) await held;
        return { outcome: 'created', resource: {}, etag: 'u.1' };
      },
    });
    const send = (path: string, key: string) => agent.put(path).set('Idempotency-Key', key).send({});
    const running = send(PATH, 'k').then(({ status }) => status);
    await first;
    try {
      const again = await send(PATH, 'k').expect(409);
      expect(again.body.code).to.equal('request-in-progress');
      expect(again.headers['retry-after']).to.equal('1');
      await send(PATH, 'other').expect(201);
      await send(`${PATH}-2`, 'k').expect(201);
      await send(`${PATH}?dry_run=true`, 'k').expect(201);
    } finally {
      finish?.();
    }
    expect(await running).to.equal(201);
    await send(PATH, 'k').expect(201);
  });
});
