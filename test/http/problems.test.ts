import { expect } from 'chai';
import { Problem } from '../../daemon/domain/problem.ts';
import { Unavailable } from '../../daemon/domain/snapshot.ts';
import { PROBLEM_CODES, type ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, refusing, stubApp } from './stub.ts';

describe('a problem', () => {
  for (const [code, { status, title }] of Object.entries(PROBLEM_CODES) as [
    ProblemCode,
    { status: number; title: string },
  ][]) {
    it(`of the domain becomes application/problem+json: ${code}`, async () => {
      const errors = [{ pointer: '/labels/a', detail: 'must be short' }];
      const { agent } = stubApp({ put: refusing(code, 'It cannot be.', { errors, internal: 'private' }) });
      const answer = await agent.put(ACCOUNT).send({}).expect(status);
      expect(answer.headers['content-type']).to.equal('application/problem+json');
      expect(answer.headers['cache-control']).to.equal('no-store');
      expect(answer.body).to.deep.equal({
        type: `urn:accredit:problem:${code}`,
        title,
        status,
        detail: code === 'not-found' ? 'There is nothing at this path that this credential may see.' : 'It cannot be.',
        code,
        errors,
        request_id: answer.headers['x-request-id'],
      });
    });
  }

  it('keeps its private text for the log', async () => {
    const { agent, lines } = stubApp({
      get: refusing('not-found', 'no account ci', { internal: 'of another tenant' }),
    });
    const { text } = await agent.get(ACCOUNT).expect(404);
    expect(text).to.not.include('tenant');
    expect(lines.join('')).to.include('of another tenant');
  });

  it('with the database is 503 and says when to try again, never 401 or 404', async () => {
    for (const name of ['authenticate', 'get'] as const) {
      const unavailable = () => {
        throw new Unavailable('connection refused at 10.0.0.1');
      };
      const answer = await stubApp({ [name]: unavailable })
        .agent.get(ACCOUNT)
        .expect(503);
      expect(answer.body.code).to.equal('unavailable');
      expect(answer.headers['retry-after']).to.equal('1');
      expect(answer.text).to.not.include('10.0.0.1');
    }
  });

  it('that nobody foresaw is 500: the log has the reason under the request id, the answer has none of it', async () => {
    const broken = () => {
      throw new TypeError('x is not a function');
    };
    const { agent, lines } = stubApp({ get: broken });
    const { body, text } = await agent.get(ACCOUNT).expect(500);
    expect(body.code).to.equal('internal');
    expect(text).to.not.include('function');
    const logged = lines.map((line) => JSON.parse(line)).find(({ level }) => level === 'error');
    expect(logged).to.include({ request_id: body.request_id });
    expect(logged.err.stack).to.include('problems.test.ts');
  });

  it('never repeats a token, wherever it was written', async () => {
    const token = mintToken('sa');
    const { agent, lines } = stubApp({
      put: () => {
        throw new Problem('invalid', `${token} is no name.`, { errors: [{ pointer: `/${token}`, detail: token }] });
      },
    });
    const answers = [
      await agent.put(ACCOUNT).send({}).expect(422),
      await agent.get(`/v1/organizations/${token}`).expect(400),
      await agent.get(`${ACCOUNT}?${token}=1`).expect(400),
      await agent.get('/v1/self').set('X-Request-Id', token).expect(200),
      await agent.put(ACCOUNT).send(`{"${token}": ${token}}`).set('Content-Type', 'application/json').expect(400),
    ];
    const random = token.slice(7, 40);
    for (const { text, headers } of answers) expect(JSON.stringify(headers) + text).to.not.include(random);
    expect(lines.join('')).to.not.include(random);
  });
});

describe('a 404', () => {
  it('is the same for what is not there and for what may not be seen, but for the request id', async () => {
    const there = refusing('not-found', 'no account ci');
    const unseen = refusing('not-found', 'another organization', { internal: 'hidden' });
    const answers = [
      await stubApp({ get: there }).agent.get(ACCOUNT).set('X-Request-Id', 'r').expect(404),
      await stubApp({ get: unseen }).agent.get('/v1/organizations/other').set('X-Request-Id', 'r').expect(404),
    ].map(({ text, headers: { date: _, ...headers } }) => JSON.stringify([headers, text]));
    expect(new Set(answers).size).to.equal(1);
    // The control: a path that the API does not have is told apart, which says nothing of what is there.
    const { text } = await stubApp().agent.get('/v1/organizations/default/nothing').expect(404);
    expect(JSON.parse(text).errors[0].detail).to.include('there is no such path');
  });

  it('answers whatever lies beside the API', async () => {
    for (const path of ['/', '/v1', '/v1/', '/v2/organizations', `${ACCOUNT}/`, '/V1/organizations', '/v1//self']) {
      await stubApp().agent.get(path).expect(404);
    }
  });
});

describe('a 401', () => {
  it('challenges for both schemes, and says that a presented token is invalid', async () => {
    const refuse = refusing('unauthenticated', 'No.');
    const none = await stubApp({ authenticate: refuse }).nobody.get(ACCOUNT).expect(401);
    expect(none.headers['www-authenticate']).to.equal(
      'Bearer realm="accredit", Basic realm="accredit", charset="UTF-8"',
    );
    const bad = await stubApp({ authenticate: refuse }).agent.get(ACCOUNT).expect(401);
    expect(bad.headers['www-authenticate']).to.equal(
      'Bearer realm="accredit", error="invalid_token", Basic realm="accredit", charset="UTF-8"',
    );
  });

  it('tells no error to whoever presents nothing, or in a scheme that is not offered', async () => {
    const { nobody } = stubApp();
    for (const scheme of ['Negotiate abc', 'Digest username="ci"', 'Bearerabc', 'Basic-ish abc']) {
      const { headers } = await nobody.get(ACCOUNT).set('Authorization', scheme).expect(401);
      expect(headers['www-authenticate'], scheme).to.equal(
        'Bearer realm="accredit", Basic realm="accredit", charset="UTF-8"',
      );
    }
    for (const scheme of ['bEARER', 'Basic', `Basic ${btoa('ci')}`]) {
      const { headers } = await stubApp({ authenticate: refusing('unauthenticated', 'No.') })
        .nobody.get(ACCOUNT)
        .set('Authorization', scheme)
        .expect(401);
      expect(headers['www-authenticate'], scheme).to.include('error="invalid_token"');
    }
  });

  it('comes before anything of the request is interpreted, its body not even read', async () => {
    const { nobody, calls } = stubApp({ authenticate: refusing('unauthenticated', 'No.') });
    await nobody.put('/v1/organizations/UPPER?x=1').set('Accredit-Adopt', 'perhaps').send('{').expect(401);
    await nobody.put(ACCOUNT).set('Content-Type', 'application/json').send('{').expect(401);
    expect(calls).to.deep.equal([]);
  });
});

describe('a 403', () => {
  it('says to a bearer what it lacks, and names the permission where one would do', async () => {
    const lacking = refusing('forbidden', 'No.', { permission: 'accounts.write' });
    const named = await stubApp({ put: lacking }).agent.put(ACCOUNT).send({}).expect(403);
    expect(named.headers['www-authenticate']).to.equal(
      'Bearer realm="accredit", error="insufficient_scope", scope="accounts.write"',
    );
    const other = await stubApp({ put: refusing('forbidden', 'No.') })
      .agent.put(ACCOUNT)
      .send({})
      .expect(403);
    expect(other.headers['www-authenticate']).to.equal('Bearer realm="accredit", error="insufficient_scope"');
  });
});

describe('two credentials that differ', () => {
  it('are a malformed request to a bearer', async () => {
    const { headers } = await stubApp().agent.get(ACCOUNT).set('X-Api-Key', 'other').expect(400);
    expect(headers['www-authenticate']).to.equal('Bearer realm="accredit", error="invalid_request"');
  });
});

describe('the request id', () => {
  it('is taken over when it is sane, else made, and names the request in answer, log and service', async () => {
    const { agent, caller, lines } = stubApp();
    for (const sent of ['trace-1.2_3', 'a b', 'x'.repeat(65), '']) {
      const { headers } = await agent.get(ACCOUNT).set('X-Request-Id', sent).expect(200);
      const id = headers['x-request-id'];
      if (sent === 'trace-1.2_3') expect(id).to.equal(sent);
      else expect(id).to.match(/^[0-9A-Za-z]{12}\.[0-9a-z]{6}$/);
      expect(caller('get').requestId).to.equal(id);
      expect(JSON.parse(lines.at(-1) ?? '').request_id).to.equal(id);
    }
  });
});
