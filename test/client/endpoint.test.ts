/** Which endpoints the client takes and trusts, and what it makes of one that does not answer as a daemon does. */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Client } from '../../client/client.ts';
import { ConnectionError } from '../../client/errors.ts';
import { createCertificate } from '../../terraform-provider/plugin/certificate.ts';
import { ADDRESS, failure, problem, ScriptedServer, TOKEN } from './scripted-server.ts';

describe('the API client', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(() => server.close());

  it('says which endpoint does not answer when the daemon is down', async () => {
    const unused = server.client({ deadline: 9_000 });
    await new Promise((resolve) => server.http.close(resolve));
    const error = await failure(unused.get(ADDRESS));
    expect(error).to.be.instanceOf(ConnectionError).and.include({ code: 'ECONNREFUSED' });
    expect((error as Error).message).to.match(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
    expect(server.sleeps).to.deep.equal([150, 300, 600, 1200]);
    server.http.listen(0, '127.0.0.1');
  });

  it('takes an answer that is no problem of the daemon for what it is, and quotes none of it', async () => {
    server.answers = [{ status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>nothing</h1>' }];
    const error = await failure(server.client().get(ADDRESS));
    expect(error).to.include({ status: 404, code: 'unexpected-answer' });
    expect((error as Error).message).not.to.include('nothing');
  });

  it('refuses a 200 that holds no JSON, and a write without an outcome', async () => {
    server.answers = [{ status: 200, body: '<html>' }];
    expect(await failure(server.client().get(ADDRESS))).to.include({ code: 'unexpected-answer' });
    server.answers = [{ status: 204 }];
    expect(await failure(server.client().delete(ADDRESS))).to.include({ code: 'unexpected-answer' });
  });

  it('follows no redirect', async () => {
    server.answers = [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }];
    expect(await failure(server.client().get(ADDRESS))).to.include({ status: 302, code: 'unexpected-answer' });
    expect(server.seen).to.have.length(1);
  });

  describe('over TLS', () => {
    const certificate = createCertificate();
    let secure: https.Server;
    let endpoint: string;

    beforeEach(async () => {
      secure = https.createServer({ key: certificate.key, cert: certificate.certificate }, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ address: ADDRESS }));
      });
      await new Promise<void>((resolve) => secure.listen(0, 'localhost', resolve));
      endpoint = `https://localhost:${(secure.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      secure.closeAllConnections();
      secure.close();
    });

    it('trusts the certificates that it is given', async () => {
      const trusting = server.client({ endpoint, caCertificate: certificate.certificate });
      expect((await trusting.get(ADDRESS)).resource).to.deep.equal({ address: ADDRESS });
    });

    it('sends nothing to a server that it does not trust, and does not insist', async () => {
      expect(await failure(server.client({ endpoint }).get(ADDRESS))).to.be.instanceOf(ConnectionError);
      expect(server.sleeps).to.deep.equal([]);
    });
  });

  it('stops at once when aborted, with the reason of the signal', async () => {
    server.answers = ['hang'];
    const controller = new AbortController();
    server.http.once('request', () => controller.abort(new Error('Terraform stops')));
    expect(await failure(server.client().get(ADDRESS, { signal: controller.signal }))).to.have.property(
      'message',
      'Terraform stops',
    );
  });

  it('refuses endpoints that are none', () => {
    for (const endpoint of ['', 'localhost:7345', 'ftp://x', 'https://user:pw@x', 'https://x/?a=b']) {
      expect(() => new Client({ endpoint, token: TOKEN }), endpoint).to.throw(TypeError);
    }
  });

  it('never puts the token into an error', async () => {
    server.answers = [problem(401, 'unauthenticated')];
    const error = await failure(server.client().get(ADDRESS));
    expect(JSON.stringify(error) + (error as Error).stack).not.to.include(TOKEN);
  });
});
