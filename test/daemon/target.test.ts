import { expect } from 'chai';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { raw, withoutMoment } from '../verify/raw.ts';

describe('a request target in absolute form (RFC 9112, section 3.2.2)', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startTestDaemon();
  });
  after(() => daemon.close());

  const ask = async (target: string) => {
    const head = `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${daemon.adminToken}\r\n\r\n`;
    const { status, headers, body } = withoutMoment(await raw(daemon.url, head));
    return { status, headers, body };
  };

  for (const path of [
    '/v1/authorize',
    '/v1/authorize?permission=builds.read',
    '/v1/self',
    '/.well-known/oauth-authorization-server',
    '/v1/organizations/default',
    '/scim/v2/Users',
    '/healthz',
    '/nothing',
    '/',
  ]) {
    it(`is answered like the one in origin form: ${path}`, async () => {
      const origin = await ask(path);
      for (const authority of ['http://accredit.test', 'HTTPS://accredit.test:7345']) {
        expect(await ask(`${authority}${path}`), authority).to.deep.equal(origin);
      }
    });
  }

  it('names the root without a path, and elsewhere nothing', async () => {
    const root = await ask('/');
    for (const target of ['http://accredit.test', 'http://accredit.test?x=1', 'ftp://accredit.test/v1/self', '*']) {
      expect((await ask(target)).status, target).to.equal(root.status);
    }
  });
});
