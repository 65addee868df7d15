import { expect } from 'chai';
import type { HttpRequest, HttpResponse } from '../../client/transport.ts';
import type { Diagnostic } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { PROVIDER_TYPE } from '../../terraform-provider/rpc/settings.ts';
import { decodeDynamic, encodeDynamic, UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';

const TEAM = 'accredit_team';
const TYPE = objectType((RESOURCE_SCHEMAS.get(TEAM) as TerraformSchema).attributes);
const ADDRESS = 'organizations/default/teams/t';
const STATE = { id: ADDRESS, organization: 'default', name: 't', labels: {}, deletion_protection: false };

/** A daemon that gives these answers, the last one again and again, under a clock that moves only while the provider waits. */
async function inFrontOf(...answers: HttpResponse[]) {
  const seen: HttpRequest[] = [];
  const waited: number[] = [];
  let now = 0;
  const handlers = createHandlers({
    environment: {},
    client: {
      clock: {
        now: () => now,
        random: () => 0,
        sleep: async (milliseconds) => {
          waited.push(milliseconds);
          now += milliseconds;
        },
      },
      transport: {
        close: () => undefined,
        send: async (request) => {
          seen.push(request);
          return answers[Math.min(seen.length, answers.length) - 1] as HttpResponse;
        },
      },
    },
  });
  const config = encodeDynamic(PROVIDER_TYPE, { endpoint: 'https://a.example', token: 'x' });
  await handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, CONTEXT);
  return { handlers, seen, waited };
}

const CONTEXT = { signal: new AbortController().signal };
const JSON_TYPE = { 'content-type': 'application/json', 'accredit-outcome': 'created' };

function problem(status: number, code: string, headers: Record<string, string> = {}): HttpResponse {
  const body = JSON.stringify({ status, code, detail: `it is ${code}` });
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body };
}

const found: HttpResponse = {
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify({ address: 'organizations/default/teams/t', name: 't', uid: 'u', labels: {} }),
};

describe('In front of a daemon that cannot answer at once the provider', () => {
  const said = (diagnostics: Diagnostic[] | undefined) => (diagnostics ?? []).map(({ summary }) => summary);

  async function read({ handlers }: Awaited<ReturnType<typeof inFrontOf>>) {
    const current_state = encodeDynamic(TYPE, STATE);
    const answer = await handlers.ReadResource!({ type_name: TEAM, current_state, private: new Uint8Array() }, CONTEXT);
    return { summaries: said(answer.diagnostics), value: decodeDynamic(TYPE, answer.new_state) as ValueRecord };
  }

  async function create({ handlers }: Awaited<ReturnType<typeof inFrontOf>>) {
    const planned = {
      ...STATE,
      uid: UNKNOWN,
      claim: UNKNOWN,
      created_at: UNKNOWN,
      created_by: UNKNOWN,
      managed_by: UNKNOWN,
    };
    const request = {
      type_name: TEAM,
      prior_state: encodeDynamic(TYPE, null),
      planned_state: encodeDynamic(TYPE, planned),
      config: encodeDynamic(TYPE, { name: 't' }),
      planned_private: new Uint8Array(),
    };
    return handlers.ApplyResourceChange!(request, CONTEXT);
  }

  it('waits for as long as it is told to, or a little longer each time, and then has the answer', async () => {
    const front = await inFrontOf(
      problem(429, 'too-many-requests', { 'retry-after': '4' }),
      problem(503, 'unavailable'),
      found,
    );
    expect(await read(front)).to.deep.include({ summaries: [] });
    expect(front.waited).to.deep.equal([4_000, 200]);
  });

  it('sends a write again with the same Idempotency-Key and the same claim', async () => {
    const front = await inFrontOf(problem(503, 'unavailable', { 'retry-after': '1' }), problem(502, 'x'), found);
    expect(said((await create(front)).diagnostics)).to.deep.equal([]);
    const sent = front.seen.map(({ headers }) => [headers['idempotency-key'], headers['accredit-claim']].join());
    expect(sent).to.have.length(3);
    expect(new Set(sent).size).to.equal(1);
  });

  it('gives up after one deadline for all attempts, leaves the state as it is, and says what to do', async () => {
    const front = await inFrontOf(problem(503, 'unavailable'));
    const { summaries, value } = await read(front);
    expect(summaries).to.deep.equal(['The daemon cannot answer now']);
    expect(value).to.include({ id: ADDRESS });
    const total = front.waited.reduce((sum, one) => sum + one, 0);
    expect(total).to.be.within(20_000, 30_000);
  });

  it('does not wait when it is told to for longer than the deadline', async () => {
    const front = await inFrontOf(problem(429, 'too-many-requests', { 'retry-after': '60' }));
    expect((await read(front)).summaries).to.deep.equal(['The daemon asks for fewer requests']);
    expect(front.waited).to.deep.equal([]);
  });

  it('says of a write without an answer of the daemon that it may have been made, and of a refused one not', async () => {
    const page: HttpResponse = { status: 504, headers: { 'content-type': 'text/html' }, body: '<h1>Gateway</h1>' };
    const gone = await create(await inFrontOf(page));
    expect(gone.diagnostics?.[0]?.detail).to.include('Whether the daemon has acted').and.not.include('<h1>');
    const limited = await create(await inFrontOf(problem(429, 'too-many-requests')));
    expect(limited.diagnostics?.[0]?.detail).to.not.include('Whether the daemon has acted');
    expect(decodeDynamic(TYPE, gone.new_state)).to.equal(null);
  });

  for (const [status, code] of [
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [500, 'internal'],
  ] as const) {
    it(`takes ${status} for no sign that something is gone, and does not ask again`, async () => {
      const front = await inFrontOf(problem(status, code));
      const { summaries, value } = await read(front);
      expect(summaries).to.have.length(1);
      expect(value).to.include({ id: ADDRESS });
      expect(front.seen).to.have.length(1);
    });
  }
});
