/** What clients try at each proxy, configured as its example says. */
import { expect } from 'chai';
import { bearer, Fixture, type Headers, isTested, sha256 } from './fixture.ts';
import { PROXIES } from './proxies.ts';

const SUBJECT = 'reader@default.accredit.internal';
const NAMES = ['Accredit-Subject', 'Accredit-Account', 'Accredit-Organization', 'Accredit-Token'];
const MEBIBYTE = 1024 * 1024;

for (const proxy of PROXIES) {
  (isTested(proxy) ? describe : describe.skip)(`attempts at a service behind ${proxy.name}`, function () {
    this.timeout(30_000);
    let fixture: Fixture;
    let reader: string;
    let writer: string;

    const onlyAsked = proxy.asksAuthorize ? it : () => undefined;

    before(async () => {
      fixture = await Fixture.start(proxy);
      reader = await fixture.account('reader', 'reader');
      writer = await fixture.account('writer', 'writer');
    });
    beforeEach(() => {
      fixture.received.length = 0;
    });
    after(() => fixture?.close());

    const asReader = (headers: Headers) => fixture.send('/', { headers: { ...headers, ...bearer(reader) } });

    it('under names that some services read like those of Accredit reach nobody', async () => {
      const forged = NAMES.map((name) => [name.replace('-', '_'), 'forged'] as const);
      expect((await asReader(Object.fromEntries(forged))).status).to.equal(200);
      expect(JSON.stringify(fixture.received[0]?.headers)).to.not.include('forged');
      expect(fixture.received[0]?.headers['accredit-subject']).to.equal(SUBJECT);
    });

    it('to have who it is removed on the way, as what belongs to one connection alone, fail', async () => {
      for (const connection of [
        'close, Accredit-Subject',
        'accredit-account,accredit-token',
        'ACCREDIT-ORGANIZATION',
      ]) {
        const { status } = await asReader({ Connection: connection });
        expect(status).to.equal(200);
        const headers = fixture.received.pop()?.headers ?? {};
        for (const name of NAMES) expect(headers, `${name} with ${connection}`).to.have.property(name.toLowerCase());
      }
    });

    it('without a good credential fail, whatever the method and whatever it claims to be', async () => {
      const preflight = { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' };
      const override = { 'X-HTTP-Method-Override': 'DELETE' };
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        const basic = { Authorization: `Basic ${btoa('reader:wrong')}` };
        for (const headers of [{}, preflight, override, bearer('nonsense'), { Authorization: 'Bearer' }, basic]) {
          const { status } = await fixture.send('/', { method, headers });
          expect(status, method).to.be.oneOf([401, 403, 405]);
        }
      }
      expect(fixture.received).to.deep.equal([]);
    });

    it('to present the token in the URL, a form or a cookie are no credential', async () => {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const body = `access_token=${reader}`;
      expect((await fixture.send(`/?access_token=${reader}`)).status).to.equal(401);
      expect((await fixture.send('/', { method: 'POST', headers: form, body })).status).to.equal(401);
      expect((await fixture.send('/', { headers: { Cookie: `access_token=${reader}` } })).status).to.equal(401);
      expect(fixture.received).to.deep.equal([]);
    });

    onlyAsked('to write with the right to read, in the name of another method, do not reach the service', async () => {
      const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];
      expect((await asReader(Object.fromEntries(names.map((name) => [name, 'DELETE'])))).status).to.equal(200);
      for (const name of names) expect(fixture.received[0]?.headers).to.not.have.property(name.toLowerCase());
    });

    it('with a token that has expired are refused', async () => {
      const token = await fixture.account('late', 'reader', { expires_in: '1m' });
      expect((await fixture.send('/', { headers: bearer(token) })).status).to.equal(200);
      fixture.advance(60_000);
      expect((await fixture.send('/', { headers: bearer(token) })).status).to.equal(401);
      expect(fixture.received).to.have.length(1);
    });

    it('to ride on the connection of another, one request behind the other, get what each may have', async () => {
      const request = (path: string, token: string | undefined, more = '') =>
        `GET /${path} HTTP/1.1\r\nHost: service\r\n${token === undefined ? '' : `Authorization: Bearer ${token}\r\n`}${more}\r\n`;
      const answer = await fixture.sendRaw(
        request('1', reader) +
          request('2', undefined) +
          request('3', writer) +
          request('4', 'nonsense') +
          request('5', reader, 'Connection: close\r\n'),
      );
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      expect(statuses).to.deep.equal(['200', '401', '200', '401', '200']);
      expect(fixture.received.map(({ url, headers }) => [url, headers['accredit-account']?.toString()])).to.deep.equal([
        ['/1', 'organizations/default/accounts/reader'],
        ['/3', 'organizations/default/accounts/writer'],
        ['/5', 'organizations/default/accounts/reader'],
      ]);
    });

    onlyAsked('with two credentials that differ are refused as malformed', async () => {
      const { status } = await fixture.send('/', { headers: { ...bearer(reader), 'X-Api-Key': writer } });
      expect(status).to.equal(400);
      expect(fixture.received).to.deep.equal([]);
    });

    it('to send a body of unknown length are judged by the credential, and the body passes unharmed', async () => {
      const body = Buffer.alloc(MEBIBYTE, 'in pieces');
      const chunked = { 'Transfer-Encoding': 'chunked' };
      const sending = { method: 'POST', body };
      const good = await fixture.send('/', { ...sending, headers: { ...chunked, ...bearer(writer) } });
      expect(good.status).to.equal(200);
      expect(fixture.received.pop()?.body).to.equal(sha256(body));
      const bad = await fixture.send('/', { method: 'POST', body: 'short', headers: { ...chunked, ...bearer('bad') } });
      expect(bad.status).to.equal(401);
      expect(fixture.received).to.deep.equal([]);
    });
  });
}
