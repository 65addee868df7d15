/** What the client asks again, when, and until when. */
import { expect } from 'chai';
import { ApiError } from '../../client/errors.ts';
import { ADDRESS, failure, problem, ScriptedServer, stored } from './scripted-server.ts';

describe('the API client', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(() => server.close());

  it('repeats a PUT whose answer was lost with the same Idempotency-Key', async () => {
    server.answers = ['drop', 'drop', stored()];
    await server.client().put(ADDRESS, {});
    const keys = server.seen.map((request) => request.headers['idempotency-key']);
    expect(keys).to.have.length(3);
    expect(new Set(keys).size).to.equal(1);
    expect(keys[0]).to.match(/^[0-9a-f-]{36}$/);
  });

  it('gives every PUT a key of its own', async () => {
    server.answers = [stored()];
    await server.client().put(ADDRESS, {});
    await server.client().put(ADDRESS, {});
    expect(server.seen[0]?.headers['idempotency-key']).not.to.equal(server.seen[1]?.headers['idempotency-key']);
  });

  for (const status of [429, 502, 503, 504]) {
    it(`tries again after ${status}`, async () => {
      server.answers = [problem(status, 'x'), stored({ address: ADDRESS })];
      expect((await server.client().get(ADDRESS)).resource).to.deep.equal({ address: ADDRESS });
    });
  }

  it('waits while the first request with the same key still runs', async () => {
    server.answers = [problem(409, 'request-in-progress'), stored()];
    await server.client().put(ADDRESS, {});
    expect(server.seen).to.have.length(2);
  });

  for (const [status, code] of [
    [400, 'malformed-request'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [409, 'managed-by-another'],
    [412, 'precondition-failed'],
    [422, 'invalid'],
    [500, 'internal'],
  ] as const) {
    it(`does not repeat what ${status} ${code} refused`, async () => {
      server.answers = [problem(status, code, { errors: [{ pointer: '/a', detail: 'b' }], request_id: 'r1' })];
      const error = await failure(server.client().put(ADDRESS, {}));
      expect(error)
        .to.be.instanceOf(ApiError)
        .and.include({ status, code, detail: `about ${code}`, requestId: 'r1' });
      expect((error as ApiError).errors).to.deep.equal([{ pointer: '/a', detail: 'b' }]);
      expect(server.seen).to.have.length(1);
    });
  }

  it('says of a refusal whether it answers a repetition, after which nobody knows what the first request did', async () => {
    server.answers = [problem(401, 'unauthenticated')];
    expect(await failure(server.client().put(ADDRESS, {}))).to.include({ status: 401, isRepeated: false });
    server.answers = ['drop', problem(401, 'unauthenticated')];
    expect(await failure(server.client().put(ADDRESS, {}))).to.include({ status: 401, isRepeated: true });
    server.answers = [problem(503, 'unavailable'), problem(403, 'forbidden')];
    expect(await failure(server.client().put(ADDRESS, {}))).to.include({ status: 403, isRepeated: true });
  });

  it('pauses longer each time, and never past the deadline', async () => {
    server.answers = [problem(503, 'unavailable')];
    const error = await failure(server.client({ deadline: 3_000 }).get(ADDRESS));
    expect(error).to.include({ status: 503, code: 'unavailable' });
    expect(server.sleeps).to.deep.equal([150, 300, 600, 1200]);
  });

  it('waits as long as Retry-After says', async () => {
    server.answers = [
      { status: 429, headers: { 'retry-after': '7' } },
      {
        status: 503,
        headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT', 'retry-after': 'Mon, 01 Jan 2024 00:00:09 GMT' },
      },
      stored({ address: ADDRESS }),
    ];
    await server.client().get(ADDRESS);
    expect(server.sleeps).to.deep.equal([7_000, 9_000]);
  });

  it('gives up at once when Retry-After lies beyond the deadline', async () => {
    server.answers = [problem(429, 'too-many-requests')];
    (server.answers[0] as { headers: Record<string, string> }).headers['retry-after'] = '3600';
    expect(await failure(server.client().get(ADDRESS))).to.include({ status: 429 });
    expect(server.sleeps).to.deep.equal([]);
  });
});
