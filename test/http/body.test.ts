import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { BODY_LIMIT } from '../../daemon/http/body.ts';
import { ACCOUNT, stubApp } from './stub.ts';

async function put(body: string | Buffer, headers: Record<string, string> = {}) {
  const { agent, given } = stubApp();
  const sending = agent.put(ACCOUNT).set({ 'Content-Type': 'application/json', ...headers });
  // A Buffer goes out as it is.
  const answer = await sending.serialize((bytes) => bytes as unknown as string).send(body as never);
  return { status: answer.status, code: answer.body.code, detail: answer.body.detail, given: given('put') };
}

/** The status of a PUT whose length is not announced. */
async function putInChunks(body: string): Promise<number | undefined> {
  const { app, given } = stubApp();
  await once(app.listen(0, '127.0.0.1'), 'listening');
  const { port } = app.address() as AddressInfo;
  const headers = { Authorization: 'Bearer secret', 'Content-Type': 'application/json' };
  const sending = request({ port, host: '127.0.0.1', method: 'PUT', path: ACCOUNT, headers });
  sending.write(body.slice(0, 10));
  sending.end(body.slice(10));
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  app.close();
  expect(given('put')).to.equal(undefined);
  return answer.statusCode;
}

describe('a body', () => {
  it('reaches the service as it was sent', async () => {
    const { status, given } = await put('{"labels": {"a": "ü€😀"}, "__proto__": {"x": 1}, "constructor": null}');
    expect(status).to.equal(200);
    const body = given?.body as Record<string, unknown>;
    expect(Object.keys(body)).to.deep.equal(['labels', '__proto__', 'constructor']);
    expect(body.labels).to.deep.equal({ a: 'ü€😀' });
  });

  it('may be any JSON: what it must be is said by validation', async () => {
    for (const body of ['[]', 'null', '"text"', '1']) expect((await put(body)).status).to.equal(200);
  });

  for (const [what, body] of [
    ['broken JSON', '{"description": "hunter2'],
    ['no JSON at all', 'hunter2=1'],
    ['nothing', ''],
    ['a name twice', '{"disabled": true, "disabled": false}'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ] as const) {
    it(`is refused with nothing done and nothing repeated: ${what}`, async () => {
      const answer = await put(body);
      expect(answer).to.include({ status: 400, code: 'malformed-json', given: undefined });
      expect(answer.detail).to.not.include('hunter2');
    });
  }

  it('is told where it breaks', async () => {
    expect((await put('{\n  "a": 1,\n}')).detail).to.include('line 3, column 1');
  });

  it('is refused beyond 1 MiB, whether its length is announced or not', async () => {
    const large = JSON.stringify({ description: 'x'.repeat(BODY_LIMIT) });
    expect(await put(large)).to.include({ status: 413, code: 'too-large', given: undefined });
    expect(await putInChunks(large)).to.equal(413);
    const fits = JSON.stringify('x'.repeat(BODY_LIMIT - 2));
    expect((await put(fits)).status).to.equal(200);
  });

  for (const headers of [
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    { 'Content-Type': 'application/json; charset=latin1' },
    { 'Content-Type': '' },
    { 'Content-Encoding': 'gzip' },
  ] as Record<string, string>[]) {
    it(`is refused unless it is plain JSON in UTF-8: ${JSON.stringify(headers)}`, async () => {
      expect(await put('{}', headers)).to.include({ status: 415, code: 'unsupported-media-type', given: undefined });
    });
  }

  it('is refused with what it is announced as, and what to send instead', async () => {
    const form = await put('{}', { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect(form.detail).to.equal(
      'The body must be application/json in UTF-8, and is announced as "application/x-www-form-urlencoded". ' +
        'Send "Content-Type: application/json".',
    );
    const { body } = await stubApp().agent.post('/v1/introspect').expect(415);
    expect(body.detail).to.include('is not announced at all');
  });

  it('may name its charset', async () => {
    expect((await put('{}', { 'Content-Type': 'Application/JSON; charset="UTF-8"' })).status).to.equal(200);
  });
});
