/** What is answered from memory is answered as everything else is. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { expect } from 'chai';
import { clientAddress } from '../../daemon/http/client-address.ts';
import { createLog } from '../../daemon/log.ts';
import { verifyHandler } from '../../daemon/verify/handler.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { stubService } from '../http/stub.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { raw, withoutMoment } from './raw.ts';

const ORGANIZATION = '/v1/organizations/default';
const FORM = 'Content-Type: application/x-www-form-urlencoded';
/** Read with care rather than fast: there are two of them. It changes nothing about the answer. */
const SLOW = 'X-Request-Id: one\r\nX-Request-Id: two\r\n';

describe('an answer from memory', () => {
  let daemon: TestDaemon;
  let token: string;

  before(async () => {
    daemon = await startTestDaemon();
    const put = async (path: string, body: JsonObject = {}) =>
      (await daemon.request.put(`${ORGANIZATION}${path}`).send(body).expect(201)).body;
    await put('/projects/p');
    await put('/accounts/ci', { grants: [{ role: 'developer', scope: 'projects/p' }] });
    token = (await put('/accounts/ci/tokens/t')).secret;
  });
  after(() => daemon.close());

  const request = (line: string, headers: readonly string[], body = '') => {
    const length = body === '' ? [] : [`Content-Length: ${body.length}`];
    return `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${[...headers, ...length].map((one) => `${one}\r\n`).join('')}`;
  };
  /** The answer read fast if it can be, after others of the same question, and the one read with care. */
  const both = async (head: string, body = '') => {
    for (let time = 1; time <= 2; time += 1) await raw(daemon.url, `${head}\r\n${body}`);
    const fast = await raw(daemon.url, `${head}\r\n${body}`);
    const slow = await raw(daemon.url, `${head}${SLOW}\r\n${body}`);
    return { fast: withoutMoment(fast), slow: withoutMoment(slow) };
  };
  const bearer = (secret: string) => `Authorization: Bearer ${secret}`;
  const basic = (pair: string) => `Authorization: Basic ${btoa(pair)}`;
  const GRANT = 'grant_type=client_credentials';
  const QUESTION = '/v1/authorize?permission=builds.write&scope=projects/p';

  const ASKED: Readonly<Record<string, () => [line: string, headers: string[], body?: string]>> = {
    'a token that may': () => [`GET ${QUESTION}`, [bearer(token)]],
    'any method': () => [`DELETE ${QUESTION}`, [bearer(token)]],
    HEAD: () => [`HEAD ${QUESTION}`, [bearer(token)]],
    'a request with a body': () => [`POST ${QUESTION}`, [bearer(token)], 'x'.repeat(100)],
    'a scheme in other letters': () => [`GET ${QUESTION}`, [`authorization: bEARER ${token}`]],
    'an API key': () => [`GET ${QUESTION}`, [`X-API-KEY: ${token}`]],
    'the same credential twice': () => [`GET ${QUESTION}`, [bearer(token), `X-Api-Key: ${token}`]],
    'two credentials': () => [`GET ${QUESTION}`, [bearer(token), `X-Api-Key: ${mintToken('sa')}`]],
    'two headers of the same name': () => [`GET ${QUESTION}`, [bearer(token), bearer(mintToken('sa'))]],
    'a user name': () => [`GET ${QUESTION}`, [basic(`ci:${token}`)]],
    'a token that may not': () => ['GET /v1/authorize?permission=tokens.write', [bearer(token)]],
    'a token that is none': () => [`GET ${QUESTION}`, [bearer(mintToken('sa'))]],
    'no token': () => [`GET ${QUESTION}`, []],
    'a question that is none': () => ['GET /v1/authorize?permision=builds.write', [bearer(token)]],
    'the same question in other words': () => [
      'GET /v1/authorize?scope=projects%2Fp&permission=builds.write',
      [bearer(token)],
    ],
    'a token in the path': () => [`GET /v1/authorize?access_token=${token}`, [bearer(token)]],
    introspection: () => ['POST /v1/introspect', [bearer(daemon.adminToken), FORM], `token=${token}`],
    'introspection with a question': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), `${FORM}; charset=UTF-8`],
      `token=${token}&permission=builds.write&scope=projects/p&client_ip=192.0.2.1&token_type_hint=access_token`,
    ],
    'introspection of what is none': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), FORM],
      `token=${mintToken('sa')}`,
    ],
    'introspection of nothing': () => ['POST /v1/introspect', [bearer(daemon.adminToken), FORM], 'token='],
    'introspection by nobody': () => ['POST /v1/introspect', [FORM], `token=${token}`],
    'introspection by somebody who may not': () => ['POST /v1/introspect', [bearer(token), FORM], `token=${token}`],
    'introspection with a parameter twice': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), FORM],
      `token=${token}&token=${token}`,
    ],
    'introspection beyond ASCII': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), FORM],
      `token=${token}\xc3\xa9`,
    ],
    'introspection in no UTF-8': () => ['POST /v1/introspect', [bearer(daemon.adminToken), FORM], `token=${token}\xe9`],
    'introspection in JSON': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), 'Content-Type: application/json'],
      JSON.stringify({ token }),
    ],
    'introspection by a user name': () => [
      'POST /v1/introspect',
      [basic(`root:${daemon.adminToken}`), FORM],
      `token=${token}`,
    ],
    'introspection by a bad user name': () => [
      'POST /v1/introspect',
      [basic(`root:${mintToken('sa')}`), FORM],
      `token=${token}`,
    ],
    'an encoded user name': () => [`GET ${QUESTION}`, [basic(`c%69:${token}`)]],
    'another user name': () => [`GET ${QUESTION}`, [basic(`cj:${token}`)]],
    'a user name without a token': () => [`GET ${QUESTION}`, [basic('ci')]],
    'a user name and a stray letter': () => [`GET ${QUESTION}`, [`${basic(`ci:${token}`)}!`]],
    'an access token': () => ['POST /v1/oauth/token', [basic(`ci:${token}`), FORM], GRANT],
    'an access token to a bearer': () => ['POST /v1/oauth/token', [bearer(token), FORM], GRANT],
    'an access token for a scope': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `scope=builds.write+apps.read&${GRANT}`,
    ],
    'an access token for what is not carried': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `${GRANT}&scope=tokens.write`,
    ],
    'an access token for a scope that is none': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `${GRANT}&scope=%C3%A9`,
    ],
    'an access token for no scope': () => ['POST /v1/oauth/token', [basic(`ci:${token}`), FORM], `${GRANT}&scope=`],
    'an access token to a bad secret': () => ['POST /v1/oauth/token', [basic(`ci:${mintToken('sa')}`), FORM], GRANT],
    'an access token to nobody': () => ['POST /v1/oauth/token', [FORM], GRANT],
    'an access token to a client in the form': () => [
      'POST /v1/oauth/token',
      [FORM],
      `${GRANT}&client_id=ci&client_secret=${token}`,
    ],
    'an access token to two clients': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `${GRANT}&client_id=other`,
    ],
    'an access token with a parameter that nobody knows': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `${GRANT}&foo=bar`,
    ],
    'an access token with a parameter twice': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `${GRANT}&${GRANT}`,
    ],
    'an access token by another grant': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      'grant_type=password',
    ],
    'an access token in exchange': () => [
      'POST /v1/oauth/token',
      [basic(`ci:${token}`), FORM],
      `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=${token}&subject_token_type=urn:ietf:params:oauth:token-type:access_token`,
    ],
    'introspection of a long form': () => [
      'POST /v1/introspect',
      [bearer(daemon.adminToken), FORM],
      `token=${token}&token_type_hint=${'x'.repeat(20_000)}`,
    ],
  };

  for (const [what, asked] of Object.entries(ASKED)) {
    it(`is, byte for byte, the one that is given with more care: ${what}`, async () => {
      const [line, headers, body] = asked();
      const { fast, slow } = await both(request(line, headers, body), body);
      expect(fast).to.deep.equal(slow);
      expect(fast.status).to.be.oneOf([200, 400, 401, 403, 422]);
    });
  }

  it('is given to a form in pieces and to one without a length', async () => {
    const head = `POST /v1/introspect HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${bearer(daemon.adminToken)}\r\n${FORM}\r\n`;
    const body = `token=${token}`;
    const whole = withoutMoment(await raw(daemon.url, `${head}Content-Length: ${body.length}\r\n\r\n${body}`));
    const pieces = [...body].map((character) => character);
    const inPieces = await raw(daemon.url, `${head}Content-Length: ${body.length}\r\n\r\n`, ...pieces);
    expect(withoutMoment(inPieces)).to.deep.equal(whole);
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(withoutMoment(await raw(daemon.url, `${head}Transfer-Encoding: chunked\r\n\r\n`, chunk))).to.deep.equal(
      whole,
    );
    expect(JSON.parse(whole.body)).to.include({ active: true });
  });

  it('leaves the line in the log that any answer leaves', async () => {
    const lineOf = async (ask: () => Promise<unknown>) => {
      const before = daemon.log.length;
      await ask();
      const lines = daemon.log.slice(before).map((line) => JSON.parse(line) as JsonObject);
      const [line] = lines.filter(({ msg }) => msg === 'request');
      expect(line).to.include.keys('time', 'ms', 'request_id', 'pid');
      const { time, ms, request_id, ...rest } = line as JsonObject;
      expect(Date.parse(String(time))).to.be.a('number').and.not.be.NaN;
      expect(ms).to.be.a('number');
      expect(request_id).to.be.a('string');
      return rest;
    };
    const head = request(`GET ${QUESTION}`, [bearer(token)]);
    await both(head);
    expect(await lineOf(() => raw(daemon.url, `${head}\r\n`))).to.deep.equal(
      await lineOf(() => raw(daemon.url, `${head}${SLOW}\r\n`)),
    );
    const body = `token=${token}`;
    const asking = request('POST /v1/introspect', [bearer(daemon.adminToken), FORM], body);
    const issuing = request('POST /v1/oauth/token', [basic(`ci:${token}`), FORM], GRANT);
    for (const [one, form] of [
      [asking, body],
      [issuing, GRANT],
    ] as const) {
      await both(one, form);
      expect(await lineOf(() => raw(daemon.url, `${one}\r\n${form}`))).to.deep.equal(
        await lineOf(() => raw(daemon.url, `${one}${SLOW}\r\n${form}`)),
      );
    }
    expect(daemon.log.join('')).to.not.include(token.slice(7, 47));
  });

  it('takes the request id of the client, and shows it', async () => {
    const head = request(`GET ${QUESTION}`, [bearer(token)]);
    await both(head);
    const { headers } = await raw(daemon.url, `${head}X-Request-Id: trace-7\r\n\r\n`);
    expect(headers).to.include('X-Request-Id: trace-7');
    expect(JSON.parse(daemon.log.at(-1) as string)).to.include({ request_id: 'trace-7', status: 200 });
    await raw(daemon.url, `${head}X-Request-Id: ${token}\r\n\r\n`);
    expect(daemon.log.join('')).to.not.include(token.slice(7, 47));
  });

  it('is a line in the log when the connection breaks before the form is there', async () => {
    const { hostname, port } = new URL(daemon.url);
    const body = `token=${token}`;
    await both(request('POST /v1/introspect', [bearer(daemon.adminToken), FORM], body), body);
    const before = daemon.log.length;
    const socket = createConnection({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    const head = request('POST /v1/introspect', [bearer(daemon.adminToken), FORM, 'Content-Length: 100']);
    await new Promise<void>((resolve) => socket.write(`${head}\r\ntoken=`, () => resolve()));
    // A request on another connection is answered after this one has been read so far.
    await daemon.request.get('/v1/self').expect(200);
    socket.destroy();
    const found = () => daemon.log.slice(before).find((line) => line.includes('/v1/introspect'));
    while (found() === undefined) await daemon.request.get('/healthz').expect(200);
    expect(JSON.parse(found() as string)).to.include({ aborted: true, method: 'POST' });
  });

  it('asks the service for nothing else', async () => {
    const { service, calls } = stubService();
    const subject = await service.authenticate({ credential: { scheme: 'bearer', token }, ip: null, requestId: 'x' });
    calls.length = 0;
    const known = {
      verify: () => ({ decision: 'allowed', subject }) as const,
      introspector: () => () => ({ caller: subject, body: { active: true, text: 'é€' } }),
      issue: () => ({ subject, issue: () => ({ access_token: 'x.y.z', expires_in: 300, scope: '', subject }) }),
    };
    const options = {
      log: createLog('silent'),
      clientAddress: clientAddress([]),
      issuer: () => 'https://accredit.test',
    };
    const handler = verifyHandler({ ...options, service: { ...service, known } });
    const server = createServer((one, response) => void handler(one, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { Authorization: `Bearer ${token}` };
    // A body of another length than was announced leaves the client waiting.
    const ask = (path: string, init: RequestInit) =>
      fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(5000) });
    try {
      expect((await ask(QUESTION, { headers })).status).to.equal(200);
      const body = new URLSearchParams({ token });
      const introspected = await ask('/v1/introspect', { method: 'POST', headers, body });
      expect(await introspected.json(), 'whatever letters are in it').to.deep.equal({ active: true, text: 'é€' });
      const asking = new URLSearchParams({ grant_type: 'client_credentials' });
      const issued = await ask('/v1/oauth/token', { method: 'POST', headers, body: asking });
      expect(await issued.json()).to.include({ access_token: 'x.y.z' });
      expect(calls).to.deep.equal([]);
      // The control: in JSON it is not read fast.
      const json = {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: '{"token":"x"}',
      };
      await ask('/v1/introspect', json);
      expect(calls.map(({ name }) => name)).to.deep.equal(['authenticate', 'introspect']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
