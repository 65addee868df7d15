/** An apply that is cut short in the middle of a creation converges the next time, with one working secret. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { uniqueName } from '../contract/bench.ts';
import { accountAndToken, addressesOf, expectReplaced, TOKEN, useTerraform } from './bench.ts';
import { killProvider } from './providers.ts';

describe('an interrupted apply', () => {
  const bench = useTerraform();
  const proxies: LossyProxy[] = [];

  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  async function throughProxy(configuration: string) {
    const proxy = await LossyProxy.start(bench().daemon.url);
    proxies.push(proxy);
    const terraform = await bench().workspace(configuration, { endpoint: proxy.url });
    return { proxy, terraform };
  }

  it('an answer that is lost after the commit is asked for again: same secret, one effect', async () => {
    const { api, authorize } = bench();
    const name = uniqueName('ci');
    const { proxy, terraform } = await throughProxy(accountAndToken(name));
    proxy.afterCommit('PUT', addressesOf(name).token, () => {});
    await terraform.apply();
    const lost = proxy.lost();
    const values = await terraform.values(TOKEN);
    expect(values.secret).to.equal(lost.secret);
    expect(await authorize(values.secret)).to.equal(200);
    expect((await api.events(addressesOf(name).token)).map(({ outcome }) => outcome)).to.deep.equal(['created']);
    await terraform.assertConverged();
  });

  it('a provider killed during a create converges on the next apply: the lost secret is dead, the new one works', async () => {
    const { api, authorize } = bench();
    const name = uniqueName('ci');
    const { proxy, terraform } = await throughProxy(accountAndToken(name));
    proxy.afterCommit('PUT', addressesOf(name).token, () => killProvider(terraform));
    expect(await terraform.diagnostic(['apply', '-auto-approve'])).to.include('Error:');
    const lost = proxy.lost();
    expect(await authorize(lost.secret)).to.equal(200);
    expect((await terraform.resources()).map(({ address }) => address)).to.not.include(TOKEN);
    const { output } = await terraform.hasChanges();
    expect(output).to.include('exists already');
    await terraform.apply();
    const values = await terraform.values(TOKEN);
    expect(values.secret).to.not.equal(lost.secret);
    expect(await authorize(values.secret)).to.equal(200);
    expect(await authorize(lost.secret)).to.equal(401);
    expect(await api.all(`${addressesOf(name).account}/tokens`)).to.have.length(1);
    await terraform.assertConverged();
  });

  it('a provider killed during the creation of a token with a secret made elsewhere converges on the next apply', async () => {
    const { api, authorize } = bench();
    const name = uniqueName('ci');
    const secret = mintToken('sa');
    const token = `secret_hash_wo = "sha256:${tokenHash(secret)}"\n  secret_hash_wo_version = "1"`;
    const { proxy, terraform } = await throughProxy(accountAndToken(name, { token }));
    proxy.afterCommit('PUT', addressesOf(name).token, () => killProvider(terraform));
    await terraform.diagnostic(['apply', '-auto-approve']);
    await terraform.apply();
    expect(await authorize(secret)).to.equal(200);
    await terraform.assertConverged();
    for (const lifecycle of ['', 'lifecycle {\n    create_before_destroy = true\n  }']) {
      await terraform.configure(accountAndToken(name, { token: `${token}\n  ${lifecycle}` }));
      expect(await terraform.diagnostic(['apply', '-auto-approve', `-replace=${TOKEN}`])).to.include('another secret');
      expect(await authorize(secret)).to.equal(200);
    }
    await terraform.destroy();
    expect((await api.get(addressesOf(name).token)).status).to.equal(404);
  });

  it('a provider killed during the creation of an account converges on the next apply', async () => {
    const name = uniqueName('ci');
    const { proxy, terraform } = await throughProxy(accountAndToken(name));
    proxy.afterCommit('PUT', addressesOf(name).account, () => killProvider(terraform));
    await terraform.diagnostic(['apply', '-auto-approve']);
    expect(await terraform.resources()).to.be.empty;
    await terraform.apply();
    await terraform.assertConverged();
    expect(await bench().authorize((await terraform.values(TOKEN)).secret)).to.equal(200);
  });

  it('a provider killed during the late destroy of a replaced token spares its successor on the next apply', async () => {
    const name = uniqueName('ci');
    const token = 'overlap = "1h"\n  lifecycle {\n    create_before_destroy = true\n  }';
    const { proxy, terraform } = await throughProxy(accountAndToken(name, { token }));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    proxy.afterCommit('DELETE', addressesOf(name).token, () => killProvider(terraform));
    await terraform.diagnostic(['apply', '-auto-approve', `-replace=${TOKEN}`]);
    const { claim } = (await bench().api.get(addressesOf(name).token)).body;
    await terraform.apply();
    const after = await terraform.values(TOKEN);
    await expectReplaced(bench(), before.secret, after.secret);
    expect(after.claim).to.equal(claim).and.to.not.equal(before.claim);
    await terraform.assertConverged();
  });

  it('a provider killed during a rotation cuts nobody off: the next apply has its secret, and the former one works on', async () => {
    const { authorize } = bench();
    const name = uniqueName('ci');
    const triggered = (v: number) =>
      accountAndToken(name, { token: `overlap = "1h"\n  rotation_triggers = { v = ${v} }` });
    const { proxy, terraform } = await throughProxy(triggered(1));
    await terraform.apply();
    const before = await terraform.values(TOKEN);
    await terraform.configure(triggered(2));
    proxy.afterCommit('PUT', addressesOf(name).token, () => killProvider(terraform));
    await terraform.diagnostic(['apply', '-auto-approve']);
    await terraform.apply();
    const { secret } = await terraform.values(TOKEN);
    expect(secret).to.equal(proxy.lost().secret);
    for (const each of [before.secret, secret]) expect(await authorize(each)).to.equal(200);
    await terraform.assertConverged();
  });

  it('a provider killed during a destroy converges on the next destroy', async () => {
    const { api } = bench();
    const name = uniqueName('ci');
    const { proxy, terraform } = await throughProxy(accountAndToken(name));
    await terraform.apply();
    proxy.afterCommit('DELETE', addressesOf(name).token, () => killProvider(terraform));
    await terraform.diagnostic(['destroy', '-auto-approve']);
    await terraform.destroy();
    expect(await terraform.resources()).to.be.empty;
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });
});

/** Passes requests on to the daemon; of the one that it waits for, the answer gets lost after the daemon gave it. */
class LossyProxy {
  readonly #target: string;
  readonly #server: Server;
  #awaited: { method: string; path: string; then: () => void } | undefined;
  #lost: JsonObject | undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  static async start(target: string): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Loses the answer to the next such request that is no dry run, and does `then` in its place. */
  afterCommit(method: string, address: string, then: () => void): void {
    this.#awaited = { method, path: `/v1/${address}`, then };
  }

  /** The body of the answer that was lost. */
  lost(): JsonObject {
    if (this.#lost === undefined) throw new Error('no answer was lost');
    return this.#lost;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answer = await fetch(this.#target + url, {
      method,
      headers: headers as Record<string, string>,
      body: chunks.length === 0 ? undefined : Buffer.concat(chunks),
    });
    const body = await answer.text();
    const awaited = this.#awaited;
    const isDryRun = url.includes('dry_run=true');
    if (awaited !== undefined && method === awaited.method && url.split('?')[0] === awaited.path && !isDryRun) {
      this.#awaited = undefined;
      this.#lost = body === '' ? {} : (JSON.parse(body) as JsonObject);
      awaited.then();
      response.destroy();
      return;
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(body);
  }
}
