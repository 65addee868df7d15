/** Reads of one walk go together, and each gives what it would have given alone. */
import { expect } from 'chai';
import { Client } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { Clock } from '../../client/retry.ts';
import {
  type HttpRequest,
  type HttpResponse,
  httpTransport,
  parseEndpoint,
  type Transport,
} from '../../client/transport.ts';
import { Reads } from '../../terraform-provider/rpc/reads.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const HERE = 'organizations/default';
const THERE = 'organizations/there';
const CI = `${HERE}/accounts/ci`;

describe('Reads of one walk', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  /** What was asked of the daemon. */
  let asked: string[];
  /** Done before each request is sent; answers it itself if it resolves with an answer. */
  let beforehand: (request: HttpRequest) => Promise<HttpResponse | undefined>;
  const clients: Client[] = [];

  before(async () => {
    daemon = await startTestDaemon();
    await put(CI);
  });
  after(async () => {
    for (const client of clients) client.close();
    await daemon.close();
  });
  beforeEach(() => {
    asked = [];
    beforehand = async () => undefined;
  });

  function clientOf(token: string): Client {
    const real = httpTransport(parseEndpoint(daemon.url));
    const transport: Transport = {
      async send(request) {
        asked.push(`${request.method} ${request.path.replace(/^\/v1\//, '')}`);
        return (await beforehand(request)) ?? real.send(request);
      },
      close: () => real.close(),
    };
    const client = new Client({ endpoint: daemon.url, token, transport, clock: restless() });
    clients.push(client);
    return client;
  }

  async function put(address: string, body: object = {}): Promise<string> {
    const answer = await daemon.request.put(`/v1/${address}`).send(body);
    expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    return String(answer.body.secret);
  }

  async function outcome(read: Promise<unknown>): Promise<unknown> {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, detail } = error;
      return { status, code, detail };
    }
  }

  describe('whoever asks', () => {
    /** Secrets by what the caller is. */
    const callers: Record<string, string> = {};
    const addresses = [
      ...['a', 'b', 'c', 'gone'].flatMap((name) => [
        `${CI}/tokens/${name}`,
        `${HERE}/accounts/mobile/tokens/${name}`,
        `${HERE}/accounts/missing/tokens/${name}`,
        `${HERE}/apps/phone/tokens/${name}`,
        `${HERE}/apps/web/tokens/${name}`,
        `${HERE}/users/ann/tokens/${name}`,
        `${THERE}/accounts/far/tokens/${name}`,
        `organizations/nowhere/accounts/far/tokens/${name}`,
      ]),
      ...['ci', 'mobile', 'caller-viewer', 'missing'].map((name) => `${HERE}/accounts/${name}`),
      ...['phone', 'web', 'missing'].map((name) => `${HERE}/apps/${name}`),
      ...['admin', 'owner', 'keeper', 'missing'].map((name) => `${HERE}/roles/${name}`),
      ...['standard', 'mine', 'missing'].map((name) => `${HERE}/token-profiles/${name}`),
      ...['mobile', 'backend', 'missing'].map((name) => `${HERE}/teams/${name}`),
      ...['x', 'y', 'missing'].map((name) => `${HERE}/projects/${name}`),
      ...['ann', 'bob', 'missing'].map((name) => `${HERE}/users/${name}`),
      HERE,
      THERE,
      'organizations/nowhere',
    ];

    before(async () => {
      await put(HERE, { settings: { team_isolation: true } });
      await put(THERE);
      for (const team of ['mobile', 'backend']) await put(`${HERE}/teams/${team}`);
      for (const project of ['x', 'y']) await put(`${HERE}/projects/${project}`);
      await put(`${HERE}/roles/keeper`, { permissions: ['apps.*', 'app-tokens.*'] });
      await put(`${HERE}/token-profiles/mine`);
      await put(`${HERE}/apps/phone`, { project: 'x', teams: ['mobile'] });
      await put(`${HERE}/apps/web`, { project: 'y', teams: ['backend'] });
      await put(`${HERE}/accounts/mobile`, { scope: 'teams/mobile' });
      await put(`${THERE}/accounts/far`, { grants: [{ role: 'viewer' }] });
      for (const user of ['ann', 'bob']) await put(`${HERE}/users/${user}`, { grants: [{ role: 'developer' }] });
      const { body } = await daemon.request.post(`/v1/${HERE}/users/ann/enrolment`).send({}).expect(201);
      const enrolled = await daemon.as(body.secret).put(`/v1/${HERE}/users/ann/tokens/a`).send({}).expect(201);
      for (const name of ['a', 'b', 'c']) {
        for (const owner of [CI, `${HERE}/accounts/mobile`, `${HERE}/apps/phone`, `${HERE}/apps/web`]) {
          await put(`${owner}/tokens/${name}`, { labels: { name } });
        }
      }
      callers.owner = daemon.adminToken;
      callers['a user'] = String(enrolled.body.secret);
      callers['one of another organization'] = await put(`${THERE}/accounts/far/tokens/a`);
      const made: Record<string, object> = {
        viewer: { grants: [{ role: 'viewer' }] },
        none: {},
        'keeper-of-x': { grants: [{ role: 'keeper', scope: 'projects/x' }] },
        'mobile-admin': { grants: [{ role: 'team-admin', scope: 'teams/mobile' }], teams: ['mobile'] },
        'isolated-viewer': { grants: [{ role: 'viewer' }], teams: ['backend'] },
        'phone-viewer': { grants: [{ role: 'viewer', scope: 'apps/phone' }] },
      };
      for (const [name, body] of Object.entries(made)) {
        await put(`${HERE}/accounts/caller-${name}`, body);
        callers[name] = await put(`${HERE}/accounts/caller-${name}/tokens/main`);
      }
      callers['a narrowed viewer'] = await put(`${HERE}/accounts/caller-viewer/tokens/narrow`, {
        permissions: ['tokens.read'],
      });
      const revoked = `${HERE}/accounts/caller-viewer/tokens/revoked`;
      callers['a revoked token'] = await put(revoked);
      await put(revoked, { state: 'revoked' });
    });

    it('give for every address what a GET of it gives: the resource, or the same refusal', async () => {
      const seen = new Set<string>();
      for (const [who, token] of Object.entries(callers)) {
        const client = clientOf(token);
        const reads = new Reads(client);
        const alone = await Promise.all(
          addresses.map((address) => outcome(client.get(address).then(({ resource }) => resource))),
        );
        // Twice, the second time in another company.
        for (const order of [addresses, [...addresses].reverse()]) {
          const together = await Promise.all(order.map((address) => outcome(reads.get(address, unhurried()))));
          for (const [index, address] of order.entries()) {
            const expected = alone[addresses.indexOf(address)];
            expect(together[index], `${who} at ${address}`).to.deep.equal(expected);
            seen.add(String((expected as { status: unknown }).status));
          }
          const looks = await Promise.all(order.map((address) => outcome(reads.look(address, unhurried()))));
          for (const [index, address] of order.entries()) {
            const expected = alone[addresses.indexOf(address)] as { code?: string };
            if (expected.code === 'not-found') {
              expect(looks[index], `${who} at ${address}`).to.be.oneOf(['absent', 'nowhere']);
            } else expect(looks[index], `${who} at ${address}`).to.deep.equal(expected);
          }
        }
      }
      expect([...seen]).to.include.members(['active', '401', '403', '404']);
    });
  });

  it('that come at the same time are a handful of requests, whatever comes first', async () => {
    for (const each of [1, 2, 60, 300]) {
      await put(`${HERE}/accounts/many-${each}`);
      const names = Array.from({ length: each }, (_, index) => `t${index}`);
      await Promise.all(names.map((name) => put(`${HERE}/accounts/many-${each}/tokens/${name}`)));
      const reads = new Reads(clientOf(daemon.adminToken));
      asked = [];
      const got = await Promise.all(
        names.map((name) => reads.get(`${HERE}/accounts/many-${each}/tokens/${name}`, unhurried())),
      );
      expect(got.map(({ name }) => name)).to.deep.equal(names);
      expect(asked.length, `for ${each}`).to.be.at.most(1 + Math.ceil((each - 1) / 50));
    }
  });

  it('that only look believe the list, also that there is nothing for it to list', async () => {
    await put(`${CI}/tokens/there`);
    const reads = new Reads(clientOf(daemon.adminToken));
    const look = (holder: string) =>
      Promise.all(['x', 'y', 'there', 'z'].map((name) => reads.look(`${holder}/tokens/${name}`, unhurried())));
    const found = await look(CI);
    expect(found.map((each) => (typeof each === 'string' ? each : each.name))).to.deep.equal([
      'absent',
      'absent',
      'there',
      'absent',
    ]);
    expect(asked.length).to.equal(2);
    asked = [];
    expect(await look(`${HERE}/accounts/nobody`)).to.deep.equal(['absent', 'nowhere', 'nowhere', 'nowhere']);
    expect(asked.length).to.equal(2);
  });

  it('that come alone are GETs of their addresses', async () => {
    await put(`${CI}/tokens/alone`);
    const reads = new Reads(clientOf(daemon.adminToken));
    for (let time = 0; time < 3; time += 1) await reads.get(`${CI}/tokens/alone`, unhurried());
    expect(asked).to.deep.equal(Array(3).fill(`GET ${CI}/tokens/alone`));
  });

  it('see what was written before they were asked for, though a request is on the way since before that', async () => {
    await put(`${CI}/tokens/held`);
    await put(`${CI}/tokens/fresh`, { description: 'old' });
    const reads = new Reads(clientOf(daemon.adminToken));
    const [held, release] = gate();
    // The answer is from before the write, and comes after it.
    beforehand = async (request) => {
      beforehand = async () => undefined;
      const answer = await httpTransport(parseEndpoint(daemon.url)).send(request);
      await held;
      return answer;
    };
    const first = reads.get(`${CI}/tokens/fresh`, unhurried());
    await put(`${CI}/tokens/fresh`, { description: 'new' });
    const later = [reads.get(`${CI}/tokens/fresh`, unhurried()), reads.get(`${CI}/tokens/held`, unhurried())];
    release();
    expect((await first).description).to.equal('old');
    expect((await Promise.all(later)).map(({ description }) => description)).to.deep.equal(['new', null]);
  });

  it('do not wait for a request that takes long', async () => {
    await put(`${CI}/tokens/slow`);
    await put(`${CI}/tokens/quick`);
    const reads = new Reads(clientOf(daemon.adminToken));
    const [held, release] = gate();
    beforehand = ({ path }) => (path.includes('slow') ? held : Promise.resolve(undefined));
    const slow = reads.get(`${CI}/tokens/slow`, unhurried());
    expect((await reads.get(`${CI}/tokens/quick`, unhurried())).name).to.equal('quick');
    release();
    expect((await slow).name).to.equal('slow');
  });

  it('are asked for one by one where there is no list by names', async () => {
    const names = ['p', 'q', 'r'];
    for (const name of names) await put(`${CI}/tokens/${name}`);
    const reads = new Reads(clientOf(daemon.adminToken));
    beforehand = async ({ path }) =>
      path.includes('name=')
        ? {
            status: 400,
            headers: { 'content-type': 'application/problem+json' },
            body: JSON.stringify({ code: 'invalid-query', detail: 'There is no query parameter name.' }),
          }
        : undefined;
    const got = await Promise.all(names.map((name) => reads.get(`${CI}/tokens/${name}`, unhurried())));
    expect(got.map(({ name }) => name)).to.deep.equal(names);
  });

  it('fail together, and once, when the daemon is away or busy', async () => {
    const reads = new Reads(clientOf(daemon.adminToken));
    const failing: [string, (request: HttpRequest) => Promise<HttpResponse>, (error: unknown) => boolean][] = [
      [
        'away',
        async () => {
          throw new ConnectionError(daemon.url, 'ECONNREFUSED');
        },
        (error) => error instanceof ConnectionError,
      ],
      [
        'busy',
        async () => ({
          status: 503,
          headers: { 'content-type': 'application/problem+json' },
          body: '{"code":"unavailable"}',
        }),
        (error) => error instanceof ApiError && error.status === 503,
      ],
    ];
    for (const [what, answer, isRight] of failing) {
      asked = [];
      beforehand = answer;
      const got = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => reads.get(`${CI}/tokens/t${index}`, unhurried())),
      );
      for (const each of got) expect(each.status === 'rejected' && isRight(each.reason), what).to.equal(true);
      expect(new Set(asked).size, what).to.equal(2);
    }
  });

  it('that are given up end, without the others; and the request ends when all are', async () => {
    for (const name of ['first', 'stays', 'leaves']) await put(`${CI}/tokens/${name}`);
    const reads = new Reads(clientOf(daemon.adminToken));
    const leaving = new AbortController();
    beforehand = async ({ path }) => {
      if (path.includes('name=')) leaving.abort();
      return undefined;
    };
    const [first, stays, leaves] = ['first', 'stays', 'leaves'].map((name) =>
      reads.get(`${CI}/tokens/${name}`, name === 'leaves' ? leaving.signal : unhurried()),
    );
    expect((await first)?.name).to.equal('first');
    expect((await stays)?.name).to.equal('stays');
    expect(await leaves?.catch((error: Error) => error.name)).to.equal('AbortError');

    const all = new AbortController();
    let ended = false;
    beforehand = ({ signal, path }) =>
      new Promise((_resolve, reject) => {
        if (path.includes('name=')) setImmediate(() => all.abort());
        signal?.addEventListener('abort', () => {
          ended = true;
          reject(signal.reason);
        });
      });
    const got = await Promise.allSettled(
      ['first', 'stays', 'leaves'].map((name) => reads.get(`${CI}/tokens/${name}`, all.signal)),
    );
    expect(got.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    expect(ended).to.equal(true);
  });
});

/** The signal of a call that nobody gives up: each has its own. */
function unhurried(): AbortSignal {
  return new AbortController().signal;
}

/** Time that passes only by pauses, and those take none. */
function restless(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    random: () => 0.5,
  };
}

/** A promise and what resolves it. */
function gate(): [Promise<undefined>, () => void] {
  let open = () => {};
  const promise = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  return [promise, open];
}
