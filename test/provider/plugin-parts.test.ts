import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { createCalls } from '../../terraform-provider/plugin/calls.ts';
import { createCertificate, unpaddedBase64 } from '../../terraform-provider/plugin/certificate.ts';
import { type HandshakeRequest, StartError } from '../../terraform-provider/plugin/handshake.ts';
import { listen } from '../../terraform-provider/plugin/listener.ts';
import { createLogger, logLevel, redact } from '../../terraform-provider/plugin/log.ts';
import {
  type Handlers,
  type InvokeActionEvent,
  type ListResourceEvent,
  SEVERITY,
  type StreamName,
} from '../../terraform-provider/plugin/messages.ts';
import { decodeMessage } from '../../terraform-provider/plugin/wire.ts';
import { mintToken, SECRET_KINDS } from '../../terraform-provider-spec/token.ts';

describe('The certificate of the provider', () => {
  it('is for localhost, for both ends, signed by itself, and valid now', () => {
    const { certificate, key } = createCertificate();
    const parsed = new X509Certificate(certificate);
    expect(parsed.subjectAltName).to.equal('DNS:localhost');
    expect(parsed.checkHost('localhost')).to.equal('localhost');
    expect(parsed.keyUsage).to.have.members(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(parsed.ca).to.equal(true);
    expect(parsed.verify(parsed.publicKey)).to.equal(true);
    expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).to.equal('prime256v1');
    expect(Date.parse(parsed.validFrom)).to.be.lessThan(Date.now());
    expect(Date.parse(parsed.validTo)).to.be.greaterThan(Date.now() + 365 * 24 * 3_600_000);
    expect(key).to.match(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('has dates in the right notation after 2049, too', () => {
    const parsed = new X509Certificate(createCertificate(Date.UTC(2045, 0, 1)).certificate);
    expect(new Date(parsed.validFrom).getUTCFullYear()).to.equal(2044);
    expect(new Date(parsed.validTo).getUTCFullYear()).to.equal(2054);
  });

  it('goes into the handshake without padding, whatever its length', () => {
    const seen = new Set<number>();
    for (let count = 0; count < 500 && seen.size < 3; count += 1) {
      const { certificate, handshakeField } = createCertificate();
      const der = new X509Certificate(certificate).raw;
      expect(handshakeField).to.match(/^[A-Za-z0-9+/]+$/);
      expect(Buffer.from(handshakeField, 'base64').equals(der)).to.equal(true);
      seen.add(der.length % 3);
    }
    expect([...seen].sort(), 'lengths modulo 3 that came up').to.deep.equal([0, 1, 2]);
    expect([1, 2, 3].map((length) => unpaddedBase64(new Uint8Array(length)))).to.deep.equal(['AA', 'AAA', 'AAAA']);
  });

  it('is another one every time', () => {
    const [a, b] = [createCertificate(), createCertificate()].map(
      ({ certificate }) => new X509Certificate(certificate),
    );
    expect(a!.serialNumber).not.to.equal(b!.serialNumber);
    expect(a!.fingerprint256).not.to.equal(b!.fingerprint256);
  });
});

describe('The listener of the provider', () => {
  const servers: Server[] = [];
  const server = () => {
    const made = createServer();
    servers.push(made);
    return made;
  };
  const request = (minPort: number, maxPort: number): HandshakeRequest => ({
    clientCertificate: undefined,
    socketDirectory: undefined,
    socketGroup: undefined,
    minPort,
    maxPort,
    tellsMultiplexing: false,
  });
  /** A port that is taken. */
  const taken = async (): Promise<number> => {
    const made = server().listen(0, '127.0.0.1');
    await once(made, 'listening');
    return (made.address() as { port: number }).port;
  };

  afterEach(() => {
    for (const made of servers.splice(0)) made.close();
  });

  it('takes the next free loopback port of the range where no unix socket is possible', async () => {
    const port = await taken();
    const second = server();
    const { network, address } = await listen(second, request(port, port + 50), [
      '/no/such/place',
      `/${'x'.repeat(110)}`,
    ]);
    expect(network).to.equal('tcp');
    expect(address).to.match(/^127\.0\.0\.1:\d+$/);
    expect(Number(address.split(':')[1])).to.be.within(port + 1, port + 50);
    expect(second.address()).to.include({ address: '127.0.0.1' });
  });

  it('says so when there is no place at all', async () => {
    const port = await taken();
    const error = await listen(server(), request(port, port), []).catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(StartError);
    expect((error as Error).message).to.contain(`no free port from ${port} to ${port}`);
  });
});

describe('The log of the provider', () => {
  const lines = (env: Record<string, string>, write: (logger: ReturnType<typeof createLogger>) => void) => {
    const written: string[] = [];
    write(createLogger(env, (line) => written.push(line)));
    return written;
  };

  it('has the level that Terraform asks for', () => {
    expect(logLevel({})).to.equal(undefined);
    expect(logLevel({ TF_LOG: 'off' })).to.equal(undefined);
    expect(logLevel({ TF_LOG: 'JSON' })).to.equal('trace');
    expect(logLevel({ TF_LOG: 'trace', TF_LOG_PROVIDER: 'WARN' })).to.equal('warn');
    expect(logLevel({ TF_LOG_PROVIDER: 'WARN', TF_LOG_PROVIDER_ACCREDIT: 'error' })).to.equal('error');
    const written = lines({ TF_LOG: 'info' }, (log) => {
      log.debug('no');
      log.info('yes');
      log.error('yes');
    });
    expect(written).to.have.length(2);
  });

  it('never holds a token, whole or cut, in whatever field', () => {
    for (const kind of SECRET_KINDS) {
      const token = mintToken(kind);
      const error = new Error(`bad ${token}`, { cause: { headers: { authorization: `Bearer ${token}` } } });
      const [line = ''] = lines({ TF_LOG: 'trace' }, (log) => log.trace(token, { error, [token]: token.slice(0, 30) }));
      expect(line).to.contain('Bearer (token)').and.not.to.contain(token.slice(0, 12));
    }
    expect(redact('"acr_sa_abc", acr_app_1_2;')).to.equal('"(token)", (token);');
  });
});

describe('A stream of the provider', () => {
  const failing = async function* (): AsyncGenerator<never> {
    yield* [];
    throw new Error('private');
  };

  async function lastEvent(rpc: StreamName, handlers: Handlers, caller = new AbortController()): Promise<object> {
    const request =
      rpc === 'ListResource' ? { type_name: 'x', include_resource_object: false, limit: 1 } : { action_type: 'x' };
    const calls = createCalls({ answers: {}, load: async () => handlers });
    const events: object[] = [];
    for await (const bytes of (await calls.stream(rpc, request as never, caller)) ?? []) {
      events.push(decodeMessage(`${rpc}.Event`, bytes));
    }
    return events.at(-1) ?? {};
  }

  it('that fails ends with a diagnostic in the form that the RPC has for it, without the private text', async () => {
    const handlers: Handlers = { ListResource: failing, InvokeAction: failing };
    const listed = (await lastEvent('ListResource', handlers)) as ListResourceEvent;
    const invoked = (await lastEvent('InvokeAction', handlers)) as InvokeActionEvent;
    for (const [diagnostic, ...more] of [listed.diagnostic ?? [], invoked.completed?.diagnostics ?? []]) {
      expect(more).to.deep.equal([]);
      expect(diagnostic).to.include({ severity: SEVERITY.error, summary: 'The provider failed unexpectedly' });
      expect(JSON.stringify(diagnostic)).to.not.include('private');
    }
  });

  it('that Terraform stops says so', async () => {
    const caller = new AbortController();
    caller.abort();
    const { completed } = (await lastEvent('InvokeAction', { InvokeAction: failing }, caller)) as InvokeActionEvent;
    expect(completed?.diagnostics?.[0]?.summary).to.equal('Interrupted');
  });

  it('that the provider does not have is none', async () => {
    const calls = createCalls({ answers: {}, load: async () => ({}) });
    expect(await calls.stream('InvokeAction', { action_type: 'x' }, new AbortController())).to.equal(undefined);
  });
});
