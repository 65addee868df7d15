/** Whatever is wrong with a credential, the answer is the same, byte for byte: nobody learns from it what they hold. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { Stage } from '../oauth/stage.ts';
import { fakeClock } from '../support/daemon.ts';
import { raw } from './raw.ts';

const MINUTE = 60_000;

describe('a bad token', () => {
  const clock = fakeClock();
  let stage: Stage;
  const bad = new Map<string, string>();
  let good: string;

  before(async () => {
    stage = await Stage.open({ clock });
    const { daemon } = stage;
    const made = async (name: string, token: JsonObject = {}) => {
      const secret = await stage.account(name, ['builds.read'], token);
      bad.set(name, secret);
      return secret;
    };
    const jwtOf = async (name: string, token: JsonObject = {}) => {
      const jwt = await stage.issue(name, await stage.account(name, ['builds.read'], token));
      bad.set(name, jwt);
      return jwt;
    };
    const changed = (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`;

    const old = await jwtOf('jwt-expired');
    clock.advance(5 * MINUTE);
    good = await stage.account('good', ['builds.read']);
    bad.set('malformed', 'nonsense');
    bad.set('unknown', mintToken('sa'));
    bad.set('unknown-app', mintToken('app'));
    bad.set('wrong-checksum', changed(good));
    bad.set('another-kind', mintToken('pat'));
    await made('expired', { expires_in: '1m' });
    await made('revoked');
    await stage.put('/accounts/revoked/tokens/t', { state: 'revoked' });
    await made('latched');
    await daemon.request
      .put('/v1/organizations/default/accounts/latched/tokens/t/revocation')
      .send({ reason: 'other' });
    await made('rotated');
    await stage.put('/accounts/rotated/tokens/t', { rotation: 'again' });
    await made('overlap-over', { overlap: '1m' });
    await stage.put('/accounts/overlap-over/tokens/t', { overlap: '1m', rotation: 'again' });
    await made('disabled');
    await stage.put('/accounts/disabled', { disabled: true });
    await made('deleted');
    await daemon.request.delete('/v1/organizations/default/accounts/deleted').expect(204);
    await made('elsewhere', { allowed_cidrs: ['192.0.2.0/24'] });
    bad.set('jwt-changed', changed(old));
    bad.set('jwt-malformed', 'eyJhbGciOiJub25lIn0.e30.AAAA');
    await jwtOf('jwt-rotated');
    await stage.put('/accounts/jwt-rotated/tokens/t', { rotation: 'again' });
    await jwtOf('jwt-deleted');
    await daemon.request.delete('/v1/organizations/default/accounts/jwt-deleted').expect(204);
    clock.advance(2 * MINUTE);
  });
  after(() => stage.daemon.close());

  /** The answers to what `request` makes of each bad token and of a good one, without the time. */
  const answers = async (request: (token: string, name: string) => string) => {
    const found = new Map<string, string[]>();
    const ask = async (name: string, token: string) => {
      const { status, headers, body } = await raw(stage.daemon.url, request(token, name));
      const lasting = headers.filter((header) => !/^date:/i.test(header));
      const text = `${status}\n${lasting.join('\n')}\n\n${body}`;
      found.set(text, [...(found.get(text) ?? []), name]);
    };
    for (const [name, token] of bad) await ask(name, token);
    await ask('good', good);
    return [...found].map(([text, names]) => ({ text, names }));
  };
  const head = (line: string, token: string) =>
    `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: r\r\nAuthorization: Bearer ${token}\r\n`;

  for (const [what, line] of Object.entries({
    authorize: 'GET /v1/authorize',
    'authorize, asked for more': 'POST /v1/authorize?permission=builds.write&scope=projects/none',
    self: 'GET /v1/self',
    'the management API': 'GET /v1/organizations/default',
  })) {
    it(`is refused like any other: ${what}`, async () => {
      const groups = await answers((token) => `${head(line, token)}\r\n`);
      const [refusal] = groups.filter(({ names }) => !names.includes('good'));
      expect(refusal?.names, JSON.stringify(groups, null, 2)).to.deep.equal([...bad.keys()]);
      expect(refusal?.text).to.match(/^401\n/);
    });
  }

  it('is refused like any other, also with the name that it belongs to', async () => {
    const basic = (name: string, token: string) => `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;
    const groups = await answers(
      (token, name) => `${head('GET /v1/authorize', '').replace(/Bearer .*\r\n/, `${basic(name, token)}\r\n`)}\r\n`,
    );
    const [refusal] = groups.filter(({ names }) => !names.includes('good'));
    expect(refusal?.names, JSON.stringify(groups, null, 2)).to.deep.equal([...bad.keys()]);
    expect(groups).to.have.length(2);
  });

  it('is as inactive as any other', async () => {
    const form = (token: string) => `token=${encodeURIComponent(token)}&client_ip=127.0.0.1&permission=builds.read`;
    const groups = await answers(
      (token) =>
        `${head('POST /v1/introspect', stage.daemon.adminToken)}Content-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${form(token).length}\r\n\r\n${form(token)}`,
    );
    const [refusal] = groups.filter(({ names }) => !names.includes('good'));
    expect(refusal?.names, JSON.stringify(groups, null, 2)).to.deep.equal([...bad.keys()]);
    expect(refusal?.text).to.match(/^200\n[\s\S]*\n\n\{"active":false\}$/);
  });

  it('is not told from any other by whoever would exchange it', async () => {
    const form = (token: string) =>
      new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }).toString();
    const groups = await answers(
      (token) =>
        `${head('POST /v1/oauth/token', '').replace(/Authorization: .*\r\n/, '')}` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form(token).length}\r\n\r\n${form(token)}`,
    );
    const [refusal] = groups.filter(({ names }) => !names.includes('good'));
    expect(refusal?.names, JSON.stringify(groups, null, 2)).to.deep.equal([...bad.keys()]);
  });
});
