/** What holds behind each proxy, configured as its example says. */
import { Agent } from 'node:http';
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { bearer, Fixture, type Headers, isTested, sha256 } from './fixture.ts';
import { PROXIES } from './proxies.ts';

for (const proxy of PROXIES) {
  (isTested(proxy) ? describe : describe.skip)(`a service behind ${proxy.name}`, function () {
    this.timeout(30_000);
    let fixture: Fixture;
    let reader: string;
    let writer: string;
    let nobody: string;

    const { asksAuthorize } = proxy;
    /** What is answered where a good token does not allow it, and where Accredit is away. */
    const forbidden = asksAuthorize ? 403 : 401;
    const away = asksAuthorize ? [502, 503] : [401];
    const onlyAsked = asksAuthorize ? it : () => undefined;
    const send: Fixture['send'] = (path, sending) => fixture.send(path, sending);

    before(async () => {
      fixture = await Fixture.start(proxy);
      reader = await fixture.account('reader', 'reader');
      writer = await fixture.account('writer', 'writer');
      nobody = await fixture.account('nobody', 'none');
    });
    beforeEach(() => {
      fixture.received.length = 0;
    });
    after(() => fixture?.close());

    it('is reached with a good token, and learns whose it is and not what it is', async () => {
      const answer = await send('/orders?page=2', { headers: bearer(reader) });
      expect(answer.status).to.equal(200);
      expect(fixture.received).to.have.length(1);
      expect(fixture.received[0]).to.include({ method: 'GET', url: '/orders?page=2' });
      expect(fixture.received[0]?.headers).to.include({
        'accredit-subject': 'reader@default.accredit.internal',
        'accredit-account': 'organizations/default/accounts/reader',
        'accredit-organization': 'default',
        'accredit-token': 'organizations/default/accounts/reader/tokens/t',
      });
      expect(JSON.stringify(fixture.received)).to.not.include(reader.slice(7, 40));
    });

    onlyAsked('is reached with the token as a password and as an API key', async () => {
      const presented: Headers[] = [{ Authorization: `Basic ${btoa(`reader:${reader}`)}` }, { 'X-Api-Key': reader }];
      for (const headers of presented) {
        expect((await send('/', { headers })).status).to.equal(200);
      }
      expect(JSON.stringify(fixture.received)).to.not.include(reader.slice(7, 40));
    });

    it('is not reached without a good credential: 401, and how to present one', async () => {
      const revoked = await fixture.account('revoked', 'reader');
      await fixture.put('/accounts/revoked/tokens/t', { state: 'revoked' });
      const bad: Headers[] = [
        {},
        bearer('nonsense'),
        bearer(mintToken('sa')),
        bearer(revoked),
        { 'X-Api-Key': revoked },
      ];
      for (const headers of bad) {
        const answer = await send('/', { headers });
        expect(answer.status).to.equal(401);
        expect(answer.headers['www-authenticate']).to.match(/Bearer/);
      }
      expect(fixture.received).to.deep.equal([]);
    });

    it('is not reached by who may not do that', async () => {
      const { status, headers } = await send('/', { headers: bearer(nobody) });
      expect(status).to.equal(forbidden);
      // RFC 9110, section 15.5.2: a 401 without a challenge is none.
      if (status === 401) expect(headers['www-authenticate']).to.match(/^Bearer .*insufficient_scope/);
      expect(fixture.received).to.deep.equal([]);
    });

    onlyAsked('is asked for another permission by who would change something', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        expect((await send('/', { method, headers: bearer(reader) })).status, method).to.equal(403);
        expect((await send('/', { method, headers: bearer(writer) })).status, method).to.equal(200);
      }
      expect((await send('/', { method: 'HEAD', headers: bearer(reader) })).status).to.equal(200);
      const override = { ...bearer(reader), 'X-HTTP-Method-Override': 'GET', 'X-Original-Method': 'GET' };
      expect((await send('/', { method: 'POST', headers: override })).status).to.equal(403);
    });

    it('is not reached any more by a connection that was served before, once its token is revoked', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const token = await fixture.account('leaving', 'reader');
      for (let time = 1; time <= 3; time += 1) {
        expect((await send('/', { headers: bearer(token), agent })).status).to.equal(200);
      }
      await fixture.put('/accounts/leaving/tokens/t', { state: 'revoked' });
      expect((await send('/', { headers: bearer(token), agent })).status).to.equal(401);
      agent.destroy();
    });

    it('takes nobody’s word but Accredit’s for who it is', async () => {
      const forged = {
        'Accredit-Subject': 'root@default.accredit.internal',
        'accredit-account': 'organizations/default/accounts/root',
        'ACCREDIT-TOKEN': ['one', 'two'],
        'Accredit-Organization': 'acme',
      };
      expect((await send('/', { headers: { ...forged, ...bearer(reader) } })).status).to.equal(200);
      expect(JSON.stringify(fixture.received)).to.not.match(/root@|accounts\/root|acme|"one|two"/);
      expect(fixture.received[0]?.headers).to.include({ 'accredit-subject': 'reader@default.accredit.internal' });
    });

    onlyAsked('is reached from the networks of a token alone, as the proxy sees them', async () => {
      const token = await fixture.account('local', 'reader', { allowed_cidrs: ['127.0.0.2/32'] });
      const headers = bearer(token);
      expect((await send('/', { headers, from: '127.0.0.2' })).status).to.equal(200);
      expect((await send('/', { headers, from: '127.0.0.3' })).status).to.equal(401);
      for (const forged of ['127.0.0.2', '127.0.0.2, 127.0.0.1', '127.0.0.1, 127.0.0.2']) {
        const claimed = {
          ...headers,
          'X-Forwarded-For': forged,
          'X-Real-IP': '127.0.0.2',
          Forwarded: 'for=127.0.0.2',
        };
        expect((await send('/', { headers: claimed, from: '127.0.0.3' })).status, forged).to.equal(401);
      }
      expect(fixture.received).to.have.length(1);
    });

    it('gets large bodies as they were sent', async () => {
      const body = Buffer.alloc(1024 * 1024, 'accredit');
      const answer = await send('/', { method: 'POST', headers: bearer(writer), body });
      expect(answer.status).to.equal(200);
      expect(fixture.received[0]?.body).to.equal(sha256(body));
    });

    it('is asked about whatever the path is, and no path changes the question', async () => {
      const paths = [
        '/?organization=acme&permission=orders.read',
        '/x&permission=orders.read',
        '/%26permission=orders.read%3f',
        '//orders',
        '/a%2Fb',
        '/a%2f..%2fb',
        '/%20%0d%0aAccredit-Subject:%20root',
        `/?q=${'x'.repeat(6000)}`,
        '/v1/authorize?permission=orders.read',
      ];
      for (const path of paths) {
        if (asksAuthorize) {
          expect((await send(path, { method: 'POST', headers: bearer(reader) })).status, path).to.equal(403);
        }
        expect((await send(path, { headers: bearer(nobody) })).status, path).to.equal(forbidden);
      }
      expect(fixture.received).to.deep.equal([]);
      for (const path of paths) expect((await send(path, { headers: bearer(reader) })).status, path).to.equal(200);
      expect((await send('/_accredit', {})).status).to.be.oneOf([401, 404]);
    });

    it('never gets one client for another, however many there are at once', async () => {
      const tokens = await Promise.all(
        Array.from(
          { length: 8 },
          async (_, number) => [`many${number}`, await fixture.account(`many${number}`, 'reader')] as const,
        ),
      );
      const agent = new Agent({ keepAlive: true, maxSockets: 10 });
      await Promise.all(
        Array.from({ length: 100 }, async (_, number) => {
          const [name, token] = tokens[number % tokens.length] as (typeof tokens)[number];
          const answer = await send('/', { headers: bearer(token), agent });
          expect(JSON.parse(answer.body)).to.deep.equal({ subject: `${name}@default.accredit.internal` });
        }),
      );
      agent.destroy();
    });

    onlyAsked('is held back with 429 and when to try again, where a token is used too often', async () => {
      const token = await fixture.account('busy', 'reader');
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      const answers = await Promise.all(
        Array.from({ length: 205 }, () => send('/', { headers: bearer(token), agent })),
      );
      agent.destroy();
      const limited = answers.filter(({ status }) => status !== 200);
      expect(limited).to.have.length(5);
      for (const { status, headers } of limited) {
        expect(status).to.equal(429);
        expect(Number(headers['retry-after'])).to.be.above(0);
      }
      expect(fixture.received).to.have.length(200);
      expect((await send('/', { headers: bearer(writer) })).status).to.equal(200);
    });

    it('is not reached while Accredit is away, and is again as soon as it is back', async () => {
      await fixture.stopDaemon();
      for (const headers of [bearer(reader), bearer('nonsense'), {}]) {
        expect((await send('/', { headers })).status).to.be.oneOf(away);
      }
      expect(fixture.received).to.deep.equal([]);
      await fixture.startDaemon();
      let status = 0;
      const deadline = Date.now() + 10_000;
      // Some proxies pause before they try again a server that was away.
      while (status !== 200 && Date.now() < deadline) {
        ({ status } = await send('/', { headers: bearer(reader) }));
      }
      expect(status).to.equal(200);
    });
  });
}
