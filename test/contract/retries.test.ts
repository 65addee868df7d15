/** A request that is sent again under its Idempotency-Key has one effect, and gives its answer again. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { askedAt, type Bench, expectOutcome, expectProblem, forEveryKind, uniqueName } from './bench.ts';

const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

forEveryKind('retries', (kind, bench) => {
  const { full, changed } = kind.examples;

  it('the same request under the same key gets the same answer, secret included, and has one effect', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const key = keyed(uniqueName('key'));
    const first = await api.put(address, full, key);
    expectOutcome(first, 201, 'created');
    const again = await api.put(address, full, key);
    expectOutcome(again, 201, 'created');
    expect(again.headers['idempotency-replayed']).to.equal('true');
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers.etag).to.equal(first.headers.etag);
    if (kind.token !== undefined) expect(again.body.secret).to.be.a('string').that.matches(/^acr_/);
    expect(await api.events(address)).to.have.length(1);
    expect((await api.get(address)).body.revision).to.equal(1);
  });

  it('a request whose answer was lost can be repeated', async () => {
    const { api, fresh, daemon } = bench();
    const address = await fresh(kind);
    const key = uniqueName('key');
    await sendAndHangUp(bench(), address, JSON.stringify(full), key);
    await committed(bench(), address);
    const again = await api.put(address, full, keyed(key));
    expectOutcome(again, 201, 'created');
    expect(again.headers['idempotency-replayed']).to.equal('true');
    expect(await api.events(address)).to.have.length(1);
    if (kind.token !== undefined) {
      expect(await api.authorize(String(again.body.secret), askedAt(address))).to.equal(200);
      expect(daemon.log.join('')).to.not.include(String(again.body.secret));
    }
  });

  it('the same key with another body, or with other headers of the contract, is refused', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const key = uniqueName('key');
    const { headers } = await api.put(address, full, keyed(key));
    expectProblem(await api.put(address, changed, keyed(key)), 422, 'idempotency-key-reused');
    const others: Record<string, string>[] = [
      { 'Accredit-Claim': 'two' },
      { 'Accredit-Manager': 'm', 'Accredit-Adopt': 'true' },
    ];
    for (const other of others) {
      const answer = await api.put(address, full, { headers: { 'Idempotency-Key': key, ...other } });
      expectProblem(answer, 422, 'idempotency-key-reused');
    }
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
  });

  it('another caller with the same key gets nothing of the answer', async () => {
    const { api, fresh, credential } = bench();
    const address = await fresh(kind);
    const key = keyed(uniqueName('key'));
    const first = await api.put(address, full, key);
    const organization = organizationOf(address);
    const owner = api.as(await credential(organization === address ? 'organizations/default' : organization, 'owner'));
    const other = await owner.put(address, full, key);
    if (kind.token?.selfService) expectProblem(other, 403, 'forbidden');
    else expectOutcome(other, 200, 'unchanged');
    expect(other.headers).to.not.have.property('idempotency-replayed');
    expect(other.body).to.not.have.property('secret');
    if (first.body.secret !== undefined) expect(other.text).to.not.include(String(first.body.secret));
    expectProblem(await api.as(undefined).put(address, full, key), 401, 'unauthenticated');
  });

  it('the same key at another address is another request', async () => {
    const { api, fresh, sibling } = bench();
    const address = await fresh(kind);
    const key = keyed(uniqueName('key'));
    expectOutcome(await api.put(address, full, key), 201, 'created');
    expectOutcome(await api.put(sibling(kind, address), full, key), 201, 'created');
  });

  it('neither a refusal, an unchanged answer nor a dry run is kept under a key', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const key = uniqueName('key');
    await api.put(address, { ...full, colour: 'red' }, keyed(key));
    await api.put(address, full, { ...keyed(key), query: 'dry_run=true' });
    expectOutcome(await api.put(address, full), 201, 'created');
    expectOutcome(await api.put(address, full, keyed(key)), 200, 'unchanged');
    expectOutcome(await api.put(address, changed, keyed(key)), 200, 'updated');
  });
});

forEveryKind(
  'retries of what mints',
  (kind, bench) => {
    const full = { ...kind.examples.full, overlap: '0s', retire_previous: null };

    it('a rotation that is repeated rotates once', async () => {
      const { api, fresh } = bench();
      const address = await fresh(kind);
      await api.put(address, full);
      const key = keyed(uniqueName('key'));
      const first = expectOutcome(await api.post(`${address}/rotation`, {}, key), 200, 'rotated');
      const again = await api.post(`${address}/rotation`, {}, key);
      expect(again.headers['idempotency-replayed']).to.equal('true');
      expect(again.body).to.deep.equal(first);
      expect(await api.events(address)).to.have.length(2);
    });

    it('a secret that no longer works is not told again', async () => {
      const { api, fresh } = bench();
      const address = await fresh(kind);
      const key = keyed(uniqueName('key'));
      const { body } = await api.put(address, full, key);
      expectOutcome(await api.post(`${address}/rotation`, {}), 200, 'rotated');
      const answer = await api.put(address, full, key);
      expectProblem(answer, 409, 'superseded');
      expect(answer.text).to.not.include(String(body.secret));
    });
  },
  TOKEN_KINDS,
);

/** Sends a PUT over a connection of its own and closes that without reading the answer. */
async function sendAndHangUp({ daemon, api }: Bench, address: string, body: string, key: string): Promise<void> {
  const token = await api.writerOf(address, key);
  const { hostname, port } = new URL(daemon.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [
    `PUT /v1/${address} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Idempotency-Key: ${key}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  // The first byte of the answer tells that the change is committed; nobody looks at it.
  await once(socket, 'readable');
  socket.destroy();
}

async function committed({ api }: Bench, address: string): Promise<void> {
  const { status } = await api.get(address);
  expect(status, 'the change of the lost answer').to.equal(200);
}
