/** `accredit rotate` loses no secret: not with the answer, not with the process. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { tokenKind } from '../../terraform-provider-spec/token.ts';
import { freshStage } from './stage.ts';

const ORGANIZATION = '/v1/organizations/default';
const DEPLOY = `${ORGANIZATION}/accounts/ci/tokens/deploy`;
const ADDRESS = 'accounts/ci/tokens/deploy';

/** What becomes of the answer to a rotation. */
type Fate = 'passed' | 'lost' | 'held' | 'unsent';

describe('accredit rotate', () => {
  const { stage, place } = freshStage();
  let proxy: Proxy;

  beforeEach(async () => {
    const { request, url } = stage().daemon;
    await request
      .put(`${ORGANIZATION}/accounts/ci`)
      .send({ grants: [{ role: 'viewer' }] })
      .expect(201);
    await request.put(DEPLOY).send({}).expect(201);
    proxy = await startProxy(url);
  });
  afterEach(() => proxy.close());

  const opened = async (secret: string) =>
    (await stage().daemon.as(secret).get('/v1/self')).body.token === `organizations/default/${ADDRESS}`;

  async function rotations(): Promise<number> {
    const { body } = await stage().daemon.request.get(`${ORGANIZATION}/audit-events?limit=100`);
    return body.items.filter(
      ({ action, outcome }: Record<string, string>) => action === 'rotate' && outcome === 'rotated',
    ).length;
  }

  it('prints the new secret once and nothing else, and the daemon never sees it', async () => {
    const { status, stdout, stderr } = await place().cli(['rotate', ADDRESS]);
    expect(status, stderr).to.equal(0);
    expect(stderr).to.equal('');
    expect(tokenKind(stdout.trimEnd())).to.equal('sa');
    expect(await opened(stdout.trimEnd())).to.equal(true);
    expect(stage().daemon.log.join('\n')).to.not.include(stdout.trimEnd());
    expect(proxy.bodies.join('\n')).to.not.include(stdout.trimEnd());
    const json = JSON.parse((await place().cli(['rotate', ADDRESS, '--json'])).stdout);
    expect(json).to.include({ address: `organizations/default/${ADDRESS}` });
    expect(await opened(json.secret)).to.equal(true);
  });

  it('says that no sink of the manifest which manages the token is served, and nothing for another manager', async () => {
    const manifest = { accounts: { ci: { tokens: { deploy: {} } } } };
    const { request } = stage().daemon;
    await request.put(DEPLOY).set('Accredit-Manager', 'terraform').set('Accredit-Adopt', 'true').send({}).expect(200);
    expect((await place().cli(['rotate', ADDRESS])).stderr).to.equal('');
    await request.put(`${ORGANIZATION}/manifests/shop`).set('Accredit-Adopt', 'true').send(manifest).expect(201);
    for (const words of [[], ['--json'], ['--secret-file', place().file('secret')]]) {
      const { status, stderr } = await place().cli(['rotate', ADDRESS, ...words]);
      expect(status, stderr).to.equal(0);
      expect(stderr).to.match(
        /^warning: organizations\/default\/accounts\/ci\/tokens\/deploy is managed by manifest\/shop: /,
      );
      expect(stderr).to.include('"deliver"').and.to.include('another "rotation"');
    }
  });

  it('writes it to a file that only its owner can read, in place of the former one', async () => {
    place().write('secret', 'former', 0o644);
    const { status, stdout } = await place().cli([
      'rotate',
      ADDRESS,
      '--secret-file',
      place().file('secret'),
      '--overlap',
      '1h',
    ]);
    expect(status).to.equal(0);
    expect(stdout).to.include('the secret is in').and.to.not.match(/acr_/);
    expect(place().mode('secret')).to.equal(0o600);
    expect(await opened(place().read('secret').trim())).to.equal(true);
    expect(existsSync(place().file('secret.pending'))).to.equal(false);
  });

  it('takes an identity provider’s token for what it is', async () => {
    await stage().daemon.request.put(`${ORGANIZATION}/accounts/ci/tokens/scim`).send({ purpose: 'scim' }).expect(201);
    const { stdout } = await place().cli(['rotate', 'accounts/ci/tokens/scim']);
    expect(tokenKind(stdout.trim())).to.equal('scim');
  });

  it('changes nothing where it is refused, and leaves no secret behind', async () => {
    const file = place().file('secret');
    place().write('secret', 'former');
    for (const more of [
      ['--overlap', '400d'],
      ['--if-rotated-at', '2029-01-01T00:00:00Z'],
    ]) {
      const { status, stderr } = await place().cli(['rotate', ADDRESS, '--secret-file', file, ...more]);
      expect(status, stderr).to.be.oneOf([1, 5]);
      expect(place().read('secret')).to.equal('former');
      expect(existsSync(`${file}.pending`)).to.equal(false);
    }
    expect(await rotations()).to.equal(0);
  });

  it('finds the secret taken whose answer was lost', async () => {
    proxy.fates.push('lost');
    const { status, stdout, stderr } = await place().cli(['rotate', ADDRESS], { ACCREDIT_ENDPOINT: proxy.url });
    expect(status, stderr).to.equal(0);
    expect(await opened(stdout.trim())).to.equal(true);
    expect(await rotations()).to.equal(1);
  });

  it('finds its own token rotated, though the answer was lost and the repetition refused', async () => {
    const { request } = stage().daemon;
    const admin = await request.put(`${ORGANIZATION}/accounts/root/tokens/mine`).send({}).expect(201);
    proxy.fates.push('lost');
    const { status, stdout, stderr } = await place().cli(['rotate', 'accounts/root/tokens/mine', '--allow-self'], {
      ACCREDIT_ENDPOINT: proxy.url,
      ACCREDIT_TOKEN: admin.body.secret,
    });
    expect(status, stderr).to.equal(0);
    expect((await stage().daemon.as(stdout.trim()).get('/v1/self')).status).to.equal(200);
    expect(await rotations()).to.equal(1);
  });

  it('finds the secret taken, though the answer was lost and the right to rotate with it', async () => {
    const { request } = stage().daemon;
    const robot = `${ORGANIZATION}/accounts/robot`;
    const granted = (role: string) => request.put(robot).send({ grants: [{ role }] });
    await granted('owner').expect(201);
    const { body } = await request.put(`${robot}/tokens/own`).send({}).expect(201);
    proxy.fates.push('lost');
    proxy.meanwhile = async () => void (await granted('viewer').expect(200));
    const { status, stdout, stderr } = await place().cli(['rotate', ADDRESS], {
      ACCREDIT_ENDPOINT: proxy.url,
      ACCREDIT_TOKEN: body.secret,
    });
    expect(status, stderr).to.equal(0);
    expect(await opened(stdout.trim())).to.equal(true);
    expect(await rotations()).to.equal(1);
  });

  it('interrupted before the answer, prints the secret that may be the new one, and says so', async () => {
    proxy.fates.push('held');
    const running = place().start(['rotate', ADDRESS], { ACCREDIT_ENDPOINT: proxy.url });
    await proxy.held;
    running.child.kill('SIGINT');
    // Whoever asks the proxy whether the secret works is answered: it does.
    const { status, stdout, stderr } = await running.ended;
    expect(status, stderr).to.equal(0);
    expect(await opened(stdout.trim())).to.equal(true);
    expect(await rotations()).to.equal(1);
  });

  it('says that it does not know where nobody answers any more, and keeps the secret', async () => {
    proxy.fates.push('held');
    const running = place().start(['rotate', ADDRESS], { ACCREDIT_ENDPOINT: proxy.url });
    await proxy.held;
    proxy.down = true;
    running.child.kill('SIGTERM');
    const { status, stdout, stderr } = await running.ended;
    expect(status).to.equal(143);
    expect(stderr).to.include('is not known').and.to.include('keep it');
    expect(await opened(stdout.trim())).to.equal(true);
  });

  for (const fate of ['held', 'unsent'] as const) {
    it(`killed ${fate === 'held' ? 'after' : 'before'} the daemon took the secret and run again, rotates once and loses nothing`, async () => {
      const words = ['rotate', ADDRESS, '--secret-file', place().file('secret')];
      place().write('secret', 'former');
      proxy.fates.push(fate);
      const running = place().start(words, { ACCREDIT_ENDPOINT: proxy.url });
      await proxy.held;
      running.child.kill('SIGKILL');
      await running.ended;
      expect(place().read('secret')).to.equal('former');
      expect(place().mode('secret.pending')).to.equal(0o600);
      const again = await place().cli(words);
      expect(again.status, again.stderr).to.equal(0);
      expect(again.stderr).to.include('cut off: going on with it');
      expect(await opened(place().read('secret').trim())).to.equal(true);
      expect(await rotations()).to.equal(1);
    });
  }

  it('ends what it began for one token before it takes the file for another, and begins anew once a file has its secret', async () => {
    const file = place().file('secret');
    await stage().daemon.request.put(`${ORGANIZATION}/accounts/ci/tokens/other`).send({}).expect(201);
    proxy.fates.push('held');
    const running = place().start(['rotate', ADDRESS, '--secret-file', file], { ACCREDIT_ENDPOINT: proxy.url });
    await proxy.held;
    running.child.kill('SIGKILL');
    await running.ended;
    const refused = await place().cli(['rotate', 'accounts/ci/tokens/other', '--secret-file', file]);
    expect(refused).to.include({ status: 1, stdout: '' });
    expect(refused.stderr).to.include(`accredit rotate organizations/default/${ADDRESS} --secret-file`);
    // As if it had been killed after the file was written, and before it took away what waited beside it.
    const pending = place().read('secret.pending');
    const [secret = ''] = pending.split('\n');
    place().write('secret', `${secret}\n`);
    stage().clock.advance(1000);
    expect((await place().cli(['rotate', ADDRESS, '--secret-file', file])).status).to.equal(0);
    expect(await rotations()).to.equal(2);
    // Overtaken: what waited is no secret of anybody any more.
    place().write('secret', 'another');
    place().write('secret.pending', pending);
    const overtaken = await place().cli(['rotate', ADDRESS, '--secret-file', file]);
    expect(overtaken.status).to.equal(5);
    expect(overtaken.stderr).to.include('opens nothing now');
    expect(place().read('secret.pending')).to.equal(pending);
    expect(await rotations()).to.equal(2);
  });

  it('needs no question to end what it began: a repetition within a day is answered as the first time', async () => {
    const scim = 'accounts/ci/tokens/scim';
    await stage().daemon.request.put(`${ORGANIZATION}/${scim}`).send({ purpose: 'scim' }).expect(201);
    const words = ['rotate', scim, '--secret-file', place().file('secret')];
    proxy.fates.push('held');
    const running = place().start(words, { ACCREDIT_ENDPOINT: proxy.url });
    await proxy.held;
    running.child.kill('SIGKILL');
    await running.ended;
    proxy.questions = false;
    const again = await place().cli(words, { ACCREDIT_ENDPOINT: proxy.url });
    expect(again.status, again.stderr).to.equal(0);
    expect(tokenKind(place().read('secret').trim())).to.equal('scim');
    expect(await rotations()).to.equal(1);
  });

  it('run again long after, when the first answer is not kept any more, still finds the secret taken', async () => {
    const words = ['rotate', ADDRESS, '--secret-file', place().file('secret')];
    proxy.fates.push('held');
    const running = place().start(words, { ACCREDIT_ENDPOINT: proxy.url });
    await proxy.held;
    running.child.kill('SIGKILL');
    await running.ended;
    stage().clock.advance(25 * 3_600_000);
    const again = await place().cli(words);
    expect(again.status, again.stderr).to.equal(0);
    expect(await opened(place().read('secret').trim())).to.equal(true);
    expect(await rotations()).to.equal(1);
  });
});

interface Proxy {
  readonly url: string;
  /** Of the next rotations; those after them are passed on. */
  readonly fates: Fate[];
  readonly bodies: string[];
  /** Resolves when a rotation is held or not sent on. */
  readonly held: Promise<void>;
  /** From then on nothing is answered. */
  down: boolean;
  /** Happens before an answer is lost. */
  meanwhile: () => Promise<void>;
  /** Whether `GET /v1/self` is answered. */
  questions: boolean;
  close(): void;
}

/** Passes everything on to a daemon, but for the answers to rotations. */
async function startProxy(url: string): Promise<Proxy> {
  const fates: Fate[] = [];
  const bodies: string[] = [];
  let hold: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    hold = resolve;
  });
  const proxy = { fates, bodies, held, down: false, meanwhile: () => Promise.resolve(), questions: true };
  const server: Server = createServer((request, response) => {
    if (proxy.down || (!proxy.questions && request.url === '/v1/self')) {
      request.socket.destroy();
      return;
    }
    const fate = request.url?.includes('/rotation') ? (fates.shift() ?? 'passed') : 'passed';
    if (fate === 'unsent') {
      hold();
      return;
    }
    const forward = httpRequest(new URL(request.url ?? '', url), { method: request.method, headers: request.headers });
    request.on('data', (chunk: Buffer) => void bodies.push(chunk.toString('utf8')));
    forward.on('response', (answer) => {
      if (fate === 'held') {
        answer.resume().on('end', hold);
        return;
      }
      if (fate === 'lost') {
        answer.resume().on('end', async () => {
          await proxy.meanwhile();
          request.socket.destroy();
        });
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    close: () => server.close().closeAllConnections(),
  });
}
