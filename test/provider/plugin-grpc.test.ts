/** gRPC as the provider speaks it, asked by grpc-js where the client behaves and by bare HTTP/2 where it does not. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Method, STATUS, StatusError, serveGrpc } from '../../terraform-provider/plugin/grpc.ts';

const LARGEST = 1_000_000;
const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

describe('The gRPC of the provider', function () {
  this.timeout(30_000);
  let server: Server;
  let client: Client;
  let session: ClientHttp2Session;
  /** Each call of /t/Waits that was aborted. */
  const aborted: (() => void)[] = [];

  const methods = new Map<string, Method>([
    ['/t/Echo', { answer: async (request) => request }],
    [
      '/t/Fails',
      {
        answer: async () => {
          throw new Error('private');
        },
      },
    ],
    [
      '/t/Refuses',
      {
        answer: async () => {
          throw new StatusError(STATUS.notFound, 'Nothing – 100 % nothing – is\nthere.');
        },
      },
    ],
    [
      '/t/Waits',
      {
        answer: (_request, caller) =>
          new Promise((_resolve, reject) => {
            for (const listener of waiting.splice(0)) listener();
            caller.signal.addEventListener('abort', () => {
              for (const listener of aborted.splice(0)) listener();
              reject(caller.signal.reason);
            });
          }),
      },
    ],
    [
      '/t/Many',
      {
        stream: async (request) => {
          const [count = 0, size = 0] = request.toString().split(' ').map(Number);
          return many(count, size);
        },
      },
    ],
    ['/t/Open', { open: 'for good' }],
    ['/t/Ends', { open: 'until the client ends it' }],
  ]);
  const waiting: (() => void)[] = [];

  /** How many messages /t/Many has made, and what is called when it makes no more. */
  let made = 0;
  let stopped = (): void => undefined;
  async function* many(count: number, size: number): AsyncGenerator<Uint8Array> {
    try {
      if (count < 0) yield Buffer.alloc(size);
      if (count < 0) throw new Error('private');
      for (; made < count; made += 1) yield Buffer.alloc(size);
    } finally {
      stopped();
    }
  }

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      serveGrpc(socket, methods, LARGEST);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), unlimited);
    session = connect(`http://127.0.0.1:${port}`);
  });
  after(async () => {
    client.close();
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const identity = (bytes: Buffer) => bytes;
  function call(path: string, request: Buffer, deadline = 20_000): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadline };
      client.makeUnaryRequest(path, identity, identity, request, new Metadata(), options, (error, answer) =>
        error ? reject(error) : resolve(answer as Buffer),
      );
    });
  }
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('it was answered');
      },
      (error: ServiceError) => ({ code: error.code, details: error.details }),
    );

  /** What a bare client gets for these headers and pieces of a body. */
  async function bare(pieces: readonly Uint8Array[], headers: Record<string, string> = {}) {
    const stream = session.request({ ...GRPC, ':path': '/t/Echo', ...headers });
    let answer: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (given) => {
      answer = given;
    });
    stream.on('trailers', (given) => {
      trailers = given;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = once(stream, 'close');
    for (const piece of pieces) stream.write(piece);
    stream.end();
    await closed;
    return { http: answer[':status'], status: { ...answer, ...trailers }['grpc-status'], body: Buffer.concat(chunks) };
  }

  it('answers any message up to the largest with its own bytes, many at a time', async () => {
    const sizes = [0, 1, 4, 5, 16_383, 16_384, 65_535, 65_536, LARGEST];
    const messages = sizes.map((size) => Buffer.alloc(size, size % 251));
    const answers = await Promise.all([...messages, ...messages].map((message) => call('/t/Echo', message)));
    for (const [index, answer] of answers.entries()) {
      expect(answer.equals(messages[index % messages.length] as Buffer), String(sizes[index])).to.equal(true);
    }
  });

  it('says RESOURCE_EXHAUSTED to a larger one, and serves the next', async () => {
    const { code, details } = await refusal(call('/t/Echo', Buffer.alloc(LARGEST + 1)));
    expect(code).to.equal(STATUS.resourceExhausted);
    expect(details).to.contain(String(LARGEST));
    expect(await call('/t/Echo', Buffer.from('x'))).to.deep.equal(Buffer.from('x'));
  });

  it('puts a message together from whatever pieces it comes in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(305), { maxLength: 6 }),
        async (bytes, cuts) => {
          const framed = frame(bytes);
          const places = [0, ...cuts.filter((cut) => cut <= framed.length).sort((a, b) => a - b), framed.length];
          const pieces = places.slice(1).map((end, index) => framed.subarray(places[index], end));
          expect(await bare(pieces)).to.deep.equal({ http: 200, status: '0', body: framed });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuses a body that is not exactly one message, and a compressed one', async () => {
    const one = frame(Buffer.from('abc'));
    const wrong: [string, Uint8Array[], number][] = [
      ['nothing', [], STATUS.internal],
      ['half a prefix', [one.subarray(0, 3)], STATUS.internal],
      ['half a message', [one.subarray(0, 6)], STATUS.internal],
      ['two messages', [one, one], STATUS.internal],
      ['a length beyond the largest', [Buffer.from([0, 0xff, 0xff, 0xff, 0xff])], STATUS.internal],
      ['a compressed message', [Buffer.concat([Buffer.from([1]), one.subarray(1)])], STATUS.unimplemented],
    ];
    for (const [what, pieces, status] of wrong) {
      const found = await bare(pieces);
      expect({ ...found, body: found.body.length }, what).to.deep.equal({ http: 200, status: String(status), body: 0 });
    }
  });

  it('says what is not gRPC that it is not, and UNIMPLEMENTED to what it does not have', async () => {
    for (const type of ['application/json', 'application/grpcx', '']) {
      expect((await bare([], { 'content-type': type })).http, type).to.equal(415);
    }
    expect((await bare([frame(Buffer.alloc(0))], { 'content-type': 'application/grpc+proto' })).status).to.equal('0');
    expect(await refusal(call('/t/None', Buffer.alloc(0)))).to.deep.equal({
      code: STATUS.unimplemented,
      details: 'There is no method /t/None.',
    });
  });

  it('tells the client a status, whatever is in its text, and of anything else no more than that it failed', async () => {
    expect(await refusal(call('/t/Refuses', Buffer.alloc(0)))).to.deep.equal({
      code: STATUS.notFound,
      details: 'Nothing – 100 % nothing – is\nthere.',
    });
    expect(await refusal(call('/t/Fails', Buffer.alloc(0)))).to.deep.equal({
      code: STATUS.internal,
      details: 'The provider failed unexpectedly.',
    });
  });

  it('aborts a call whose client cancels it, waits no longer, or goes away in the middle, and no other', async () => {
    const isAborted = () => new Promise<void>((resolve) => aborted.push(resolve));
    const waits = () => new Promise<void>((resolve) => waiting.push(resolve));
    let [abort, begins] = [isAborted(), waits()];
    const cancelled = client.makeUnaryRequest('/t/Waits', identity, identity, Buffer.alloc(0), () => undefined);
    await begins;
    cancelled.cancel();
    await abort;

    abort = isAborted();
    expect(await refusal(call('/t/Waits', Buffer.alloc(0), 300))).to.have.property('code', 4);
    await abort;

    [abort, begins] = [isAborted(), waits()];
    const other = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    other.on('error', () => undefined);
    const stream = other.request({ ...GRPC, ':path': '/t/Waits' });
    stream.on('error', () => undefined);
    stream.end(frame(Buffer.alloc(0)));
    const unfinished = other.request({ ...GRPC, ':path': '/t/Echo' });
    unfinished.on('error', () => undefined);
    unfinished.write(Buffer.from([0, 0]));
    await begins;
    other.destroy();
    await abort;
    expect(await call('/t/Echo', Buffer.from('x'))).to.deep.equal(Buffer.from('x'));
  });

  it('holds a stream open until the client ends or leaves it, as the method says', async () => {
    const open = client.makeBidiStreamRequest('/t/Open', identity, identity);
    const ends = client.makeBidiStreamRequest('/t/Ends', identity, identity);
    const codes: string[] = [];
    for (const [name, stream] of Object.entries({ open, ends })) {
      stream.on('error', () => undefined);
      stream.on('data', () => codes.push(`${name} said something`));
      stream.on('status', ({ code }) => codes.push(`${name} ${code}`));
      stream.write(Buffer.from('x'));
      stream.end();
    }
    await new Promise((resolve) => ends.on('status', resolve));
    expect(await call('/t/Echo', Buffer.from('x'))).to.deep.equal(Buffer.from('x'));
    expect(codes).to.deep.equal(['ends 0']);
    const left = new Promise((resolve) => open.on('status', resolve));
    open.cancel();
    await left;
    expect(codes).to.deep.equal(['ends 0', 'open 1']);
  });

  it('answers with a stream of as many messages as there are, no faster than they are taken, and of nothing more', async () => {
    for (const count of [0, 1, 3]) {
      made = 0;
      expect(await streamed(count, 10), String(count)).to.deep.equal({ count, code: 0 });
    }
    made = 0;
    const stream = client.makeServerStreamRequest('/t/Many', identity, identity, Buffer.from('1000 100000'));
    stream.on('error', () => undefined);
    stream.pause();
    await new Promise((resolve) => stream.once('metadata', resolve));
    const left = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    stream.cancel();
    await left;
    expect(made).to.be.below(1000);
  });

  it('goes on with a stream whenever the client takes more, to its end, and leaves nothing behind at each pause', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    made = 0;
    const stream = client.makeServerStreamRequest('/t/Many', identity, identity, Buffer.from('1000 100000'));
    const sizes = new Set<number>();
    let came = 0;
    let ahead = 0;
    stream.on('data', (message: Buffer) => {
      came += 1;
      sizes.add(message.length);
      ahead = Math.max(ahead, made - came);
      if (came % 20 !== 0) return;
      stream.pause();
      setImmediate(() => stream.resume());
    });
    const { code } = await new Promise<{ code: number }>((resolve) => stream.on('status', resolve));
    process.off('warning', warned);
    expect({ code, came, sizes: [...sizes] }).to.deep.equal({ code: 0, came: 1000, sizes: [100_000] });
    expect(ahead, 'made and not taken yet').to.be.below(50);
    expect(warnings).to.deep.equal([]);
  });

  it('breaks off a stream that fails in the middle, so that nobody takes the part for the whole', async () => {
    const { code } = await streamed(-1, 10);
    expect(code).to.equal(STATUS.internal);
  });

  /** How many messages of that size came, of a stream that was asked for them. */
  function streamed(count: number, size: number): Promise<{ count: number; code: number }> {
    return new Promise((resolve) => {
      const stream = client.makeServerStreamRequest('/t/Many', identity, identity, Buffer.from(`${count} ${size}`));
      let came = 0;
      stream.on('data', () => {
        came += 1;
      });
      stream.on('error', () => undefined);
      stream.on('status', ({ code }) => resolve({ count: came, code }));
    });
  }

  it('answers a ping', async () => {
    const payload = Buffer.from('12345678');
    const answered = await new Promise((resolve) => session.ping(payload, (_error, _took, bytes) => resolve(bytes)));
    expect(answered).to.deep.equal(payload);
  });
});

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}
