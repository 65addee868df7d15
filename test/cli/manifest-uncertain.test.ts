/** An apply keeps the secrets that it made for as long as they may be in force, whatever it was answered. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Fate, freshStage, startIngress, startMeddler } from './manifest-stage.ts';
import type { Started } from './stage.ts';

const MANIFEST = `manifest: m
accounts:
  ci:
    grants: [{ role: owner }]
    tokens:
      deploy:
        rotation: "1"
        deliver:
          - file: ./secret
`;
const ADDRESS = 'organizations/default/accounts/ci/tokens/deploy';

describe('an apply that does not learn whether it was done', () => {
  const { stage, workshop } = freshStage();
  let ingress: { url: string; close(): void };
  const fates: Fate[] = [];

  beforeEach(async () => {
    fates.length = 0;
    ingress = await startIngress(stage().daemon.url, fates);
  });
  afterEach(() => ingress.close());

  const written = (text: string) => workshop().write('m.yaml', text);
  const opens = async (secret: string) => (await stage().daemon.as(secret.trim()).get('/v1/self')).status === 200;

  function noted(): string[] {
    const directory = workshop().file('.local/state/accredit');
    if (!existsSync(directory)) return [];
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.flatMap((entry) => {
      const { secrets } = JSON.parse(readFileSync(join(entry.parentPath, entry.name), 'utf8'));
      return secrets.map(({ secret }: { secret: string }) => secret);
    });
  }

  /** How often the token got a secret. */
  async function minted(): Promise<number> {
    const { body } = await stage().daemon.request.get(
      `/v1/organizations/default/audit-events?limit=1000&address=${ADDRESS}`,
    );
    const items = body.items as { address: string; outcome?: string }[];
    return items.filter(({ address, outcome }) => address === ADDRESS && /created|rotated/.test(outcome ?? '')).length;
  }

  const answers: readonly (readonly [string, Fate])[] = [
    ['a page of an ingress that does not find the daemon', { instead: { status: 404, body: '<h1>404</h1>' } }],
    ['a redirection', { instead: { status: 302, body: '' } }],
    ['a success that names no outcome', { without: 'accredit-outcome' }],
    ['a success without content', { instead: { status: 200, body: '' } }],
  ];
  for (const [what, fate] of answers) {
    it(`because of ${what} keeps its secrets, says so, and the next one delivers them`, async () => {
      const file = written(MANIFEST);
      fates.push(fate);
      const env = { ACCREDIT_ENDPOINT: ingress.url };
      const first = await workshop().accredit(['apply', '--yes', file], env);
      expect(first.status, first.stderr).to.equal(6);
      expect(first.stderr).to.include('it is not known whether the daemon has applied');
      const [secret = ''] = noted();
      expect(await opens(secret)).to.equal(true);
      expect(first.stderr).to.not.include(secret);
      const again = await workshop().accredit(['apply', '--yes', file], env);
      expect(again.status, again.stderr).to.equal(0);
      expect(workshop().read('secret').trim()).to.equal(secret);
      expect([noted(), await minted()]).to.deep.equal([[], 1]);
    });
  }

  it('because it has ended its own token and the answer was lost keeps the only copy of the new one', async () => {
    const env = { ACCREDIT_ENDPOINT: ingress.url };
    expect((await workshop().accredit(['apply', '--yes', written(MANIFEST)], env)).status).to.equal(0);
    const own = workshop().read('secret').trim();
    fates.push({ instead: 'nothing' });
    const words = ['apply', '--yes', '--allow-self', written(MANIFEST.replace('"1"', '"2"'))];
    const first = await workshop().accredit(words, { ...env, ACCREDIT_TOKEN: own });
    expect(first.status, first.stderr).to.equal(4);
    expect(first.stderr)
      .to.include('it is not known whether the daemon has applied')
      .and.to.include('DIR/.local/state');
    const [fresh = ''] = noted();
    expect([await opens(own), await opens(fresh)]).to.deep.equal([false, true]);
    const again = await workshop().accredit(words, { ...env, ACCREDIT_TOKEN: fresh });
    expect(again.status, again.stderr).to.equal(0);
    expect(workshop().read('secret').trim()).to.equal(fresh);
    expect([noted(), await minted()]).to.deep.equal([[], 2]);
  });

  it('because it has given up its own right to apply and the answer was lost keeps its secrets', async () => {
    const env = { ACCREDIT_ENDPOINT: ingress.url };
    expect((await workshop().accredit(['apply', '--yes', written(MANIFEST)], env)).status).to.equal(0);
    fates.push({ instead: 'nothing' });
    const words = ['apply', '--yes', '--allow-self'];
    const changed = MANIFEST.replace('owner', 'viewer').concat('      other: { deliver: [{ file: ./other }] }\n');
    const own = { ...env, ACCREDIT_TOKEN: workshop().read('secret').trim() };
    const first = await workshop().accredit([...words, written(changed)], own);
    expect(first.status, first.stderr).to.equal(4);
    const [fresh = ''] = noted();
    expect(await opens(fresh)).to.equal(true);
    const again = await workshop().accredit(['apply', '--yes', written(changed)], env);
    expect(again.status, again.stderr).to.equal(0);
    expect(workshop().read('other').trim()).to.equal(fresh);
    expect(noted()).to.deep.equal([]);
  });

  it('because it was interrupted before the answer keeps its secrets, says so, and the next one delivers them', async () => {
    const env = { ACCREDIT_ENDPOINT: ingress.url };
    const words = ['apply', '--yes', written(MANIFEST)];
    const running = workshop().start(words, env);
    fates.push({
      after: async () => {
        running.child.kill('SIGINT');
        await running.ended;
      },
    });
    const { status, stderr } = await running.ended;
    expect(status, stderr).to.equal(130);
    expect(stderr).to.include('it is not known whether the daemon has applied');
    const [secret = ''] = noted();
    expect((await workshop().accredit(words, env)).status).to.equal(0);
    expect(workshop().read('secret').trim()).to.equal(secret);
    expect(await minted()).to.equal(1);
  });

  it('because it was killed has a note of its own of a secret that it found in the notes of another, who is refused', async () => {
    const env = { ACCREDIT_ENDPOINT: ingress.url };
    const words = ['apply', '--yes', written(MANIFEST)];
    let killed: Started | undefined;
    // The first one has noted its secret and stands before its PUT; the second one finds it there and is faster.
    const second = async () => {
      killed = workshop().start(words, env);
      await killed.ended;
    };
    fates.push({ before: second }, { after: async () => void killed?.child.kill('SIGKILL') });
    const refused = await workshop().accredit(words, env);
    expect((await killed?.ended)?.status).to.equal('SIGKILL');
    expect(refused.status, refused.stderr).to.equal(5);
    const [secret = ''] = noted();
    expect(await opens(secret)).to.equal(true);
    const again = await workshop().accredit(words, env);
    expect(again.status, again.stderr).to.equal(0);
    expect(workshop().read('secret').trim()).to.equal(secret);
    expect([noted(), await minted()]).to.deep.equal([[], 1]);
  });

  it('is not one that was refused at once: that one notes nothing', async () => {
    const { request, url } = stage().daemon;
    const meddler = await startMeddler(url, async () => {
      await request.put('/v1/organizations/default/accounts/ci').send({}).expect(201);
    });
    const refused = await workshop().accredit(['apply', '--yes', written(MANIFEST)], {
      ACCREDIT_ENDPOINT: meddler.url,
    });
    meddler.close();
    expect(refused.status, refused.stderr).to.equal(5);
    expect(refused.stderr).to.include('meanwhile').and.to.not.include('it is not known');
    expect(noted()).to.deep.equal([]);
  });
});

describe('an apply of a secret whose hash is given by hand', () => {
  const { stage, workshop } = freshStage();
  const MINE = MANIFEST.replace(/deliver:\n.*\n/, `secret_hash: "sha256:${'ab'.repeat(32)}"\n`);

  /** Applies, while something happens between the answer and the confirmation. */
  async function appliedDuring(meddle: () => Promise<unknown>, env: Record<string, string> = {}) {
    const ingress = await startIngress(stage().daemon.url, [{ after: async () => void (await meddle()) }]);
    const words = ['apply', '--yes', workshop().write('m.yaml', MINE)];
    const ended = await workshop().accredit(words, { ...env, ACCREDIT_ENDPOINT: ingress.url });
    ingress.close();
    return ended;
  }

  it('is no success where its token was deleted meanwhile, so that there is nothing to confirm', async () => {
    const { request } = stage().daemon;
    const meddle = () => request.delete(`/v1/${ADDRESS}`).set({ 'Accredit-Adopt': 'true' }).expect(204);
    const { status, stderr } = await appliedDuring(meddle);
    expect(status, stderr).to.equal(1);
    expect(stderr).to.include(`${ADDRESS}: the daemon does not confirm the delivery`);
  });

  it('is no success where the confirmation is refused, and the next one makes up for it', async () => {
    const { request } = stage().daemon;
    const robot = '/v1/organizations/default/accounts/robot';
    const granted = (role: string) => request.put(robot).send({ grants: [{ role, scope: 'organization' }] });
    await granted('owner').expect(201);
    const { body } = await request.put(`${robot}/tokens/own`).send({}).expect(201);
    const { status, stderr } = await appliedDuring(() => granted('viewer').expect(200), {
      ACCREDIT_TOKEN: body.secret,
    });
    expect(status, stderr).to.equal(1);
    expect(stderr).to.include(`${ADDRESS}: the daemon does not confirm the delivery`);
    expect((await workshop().accredit(['apply', '--yes', workshop().file('m.yaml')])).status).to.equal(0);
    const planned = await workshop().accredit(['plan', '--detailed-exitcode', workshop().file('m.yaml')]);
    expect(planned.status, planned.stdout).to.equal(0);
  });

  it('succeeds where it is confirmed, after which there is nothing left to do', async () => {
    const file = workshop().write('m.yaml', MINE);
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
    expect((await workshop().accredit(['plan', '--detailed-exitcode', file])).status).to.equal(0);
  });
});
