import { expect } from 'chai';
import { ACCOUNT, stubApp } from './stub.ts';

/** What the service was given for these headers. */
async function presented(headers: Record<string, string>): Promise<unknown> {
  const { nobody, caller } = stubApp();
  await nobody.get(ACCOUNT).set(headers).expect(200);
  return caller('get').credential;
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
}

describe('a credential', () => {
  it('is taken as a bearer token, whatever the case of the scheme', async () => {
    expect(await presented({ Authorization: 'Bearer abc' })).to.deep.equal({ scheme: 'bearer', token: 'abc' });
    expect(await presented({ Authorization: 'bearer  abc' })).to.deep.equal({ scheme: 'bearer', token: 'abc' });
  });

  it('is taken from Basic: the password is the token, and may hold colons', async () => {
    expect(await presented({ Authorization: basic('ci@default.example:a:b') })).to.deep.equal({
      scheme: 'basic',
      username: 'ci@default.example',
      token: 'a:b',
    });
  });

  it('is taken from X-Api-Key', async () => {
    expect(await presented({ 'X-Api-Key': 'abc' })).to.deep.equal({ scheme: 'api-key', token: 'abc' });
  });

  it('may stand twice, if it is the same', async () => {
    await presented({ Authorization: 'Bearer abc', 'X-Api-Key': 'abc' });
  });

  it('is refused when another one stands beside it', async () => {
    const { nobody, calls } = stubApp();
    const { body } = await nobody.get(ACCOUNT).set({ Authorization: 'Bearer a', 'X-Api-Key': 'b' }).expect(400);
    expect(body.code).to.equal('malformed-request');
    expect(calls).to.deep.equal([]);
  });

  for (const [what, headers] of [
    ['none', {}],
    ['a scheme that is not offered', { Authorization: 'Digest username="ci"' }],
    ['Basic without a colon', { Authorization: basic('ci') }],
  ] as const) {
    it(`is missing: ${what}`, async () => {
      const { nobody, calls } = stubApp();
      await nobody.get(ACCOUNT).set(headers).expect(401);
      expect(calls).to.deep.equal([]);
    });
  }

  it('is never read from the URL', async () => {
    for (const name of ['access_token', 'token', 'api_key']) {
      await stubApp().nobody.get(`${ACCOUNT}?${name}=abc`).expect(401);
    }
  });
});

describe('the address of a client', () => {
  const seen = async (proxies: string[], forwarded?: string) => {
    const { agent, caller } = stubApp({}, proxies);
    const request = agent.get(ACCOUNT);
    if (forwarded !== undefined) request.set('X-Forwarded-For', forwarded);
    await request.expect(200);
    return caller('get').ip;
  };

  it('is that of the connection, whatever a header claims', async () => {
    expect(await seen([])).to.equal('127.0.0.1');
    expect(await seen([], '192.0.2.1')).to.equal('127.0.0.1');
    expect(await seen(['10.0.0.0/8'], '192.0.2.1')).to.equal('127.0.0.1');
  });

  it('comes from X-Forwarded-For behind a trusted proxy: the last one that is not trusted', async () => {
    const proxies = ['127.0.0.0/8', '10.0.0.0/8', '2001:db8::/32'];
    expect(await seen(proxies, '192.0.2.1')).to.equal('192.0.2.1');
    expect(await seen(proxies, '198.51.100.9, 192.0.2.1, 10.1.2.3')).to.equal('192.0.2.1');
    expect(await seen(proxies, '192.0.2.1, 2001:db8::5')).to.equal('192.0.2.1');
    expect(await seen(proxies, '::ffff:192.0.2.1')).to.equal('192.0.2.1');
  });

  it('is that of the last known proxy where the header is rubbish', async () => {
    expect(await seen(['127.0.0.1'], '192.0.2.1, unknown')).to.equal('127.0.0.1');
    expect(await seen(['127.0.0.1'], '')).to.equal('127.0.0.1');
    expect(await seen(['127.0.0.1', '10.0.0.1'], 'evil, 10.0.0.1')).to.equal('10.0.0.1');
  });
});
