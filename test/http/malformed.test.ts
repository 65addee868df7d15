import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { refuseBytes } from '../../daemon/http/malformed.ts';
import { createLog } from '../../daemon/log.ts';

/** What a client reads of the refusal of an error with that code, and the line in the log. */
async function refusal(code: string, isOnRecord = false): Promise<{ answer: string; lines: string[] }> {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const server = createServer((socket: Socket) =>
    refuseBytes(Object.assign(new Error('x'), { code }), socket, { log }, isOnRecord),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  let answer = '';
  client.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  await once(client, 'close');
  server.close();
  return { answer, lines };
}

describe('what is no request', () => {
  for (const [code, status] of Object.entries({
    ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
    HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
    HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
    HPE_INVALID_METHOD: '400 Bad Request',
    CONNECT: '405 Method Not Allowed',
    ERR_SSL_HTTP_REQUEST: '400 Bad Request',
  })) {
    it(`is answered ${status} for ${code}, on record, and the connection is closed`, async () => {
      const { answer, lines } = await refusal(code);
      expect(answer)
        .to.match(new RegExp(`^HTTP/1\\.1 ${status}\r\n`))
        .and.match(/\r\nConnection: close\r\n/);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      expect(head).to.include(`Content-Length: ${Buffer.byteLength(body)}`);
      expect(JSON.parse(body)).to.include({ status: Number(status.slice(0, 3)), code: 'malformed-request' });
      expect(lines).to.have.lengthOf(1);
      expect(JSON.parse(lines[0] as string)).to.include({ status: Number(status.slice(0, 3)), note: code });
    });
  }

  it('has no line of its own in the middle of a request, which has one', async () => {
    const { answer, lines } = await refusal('HPE_INVALID_CHUNK_SIZE', true);
    expect(answer).to.match(/^HTTP\/1\.1 400 /);
    expect(lines).to.deep.equal([]);
  });
});
