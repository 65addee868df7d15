/** What is wrong with a file is said in words: which file, what is wrong with it, and what names another. */
import { chmodSync, mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { freshStage } from './stage.ts';

/** As the system says it. */
const RAW = /\b(ENOENT|EACCES|EISDIR|ENOTDIR|EPERM)\b|no such file|permission denied|illegal operation/;

describe('trouble with a file, as the command tells it', () => {
  const { stage, place } = freshStage();

  const cases: [string, () => string[], () => Record<string, string>, string][] = [
    ['a token file that is not there', () => ['whoami', '--token-file', 'none'], () => ({}), 'there is no none'],
    ['a token file that is a directory', () => ['whoami', '--token-file', place().path], () => ({}), 'is a directory'],
    ['no configuration', () => ['whoami'], () => ({ ACCREDIT_CLI_CONFIG: '/none.json' }), 'there is no /none.json'],
    ['a configuration', () => ['whoami'], () => ({ ACCREDIT_CLI_CONFIG: place().path }), 'is a directory'],
    ['a manifest', () => ['plan', place().file('none.yaml')], () => ({}), 'there is no'],
    ['several manifests', () => ['validate', 'none/a.yaml', 'b'], () => ({}), 'there is no none/a.yaml'],
    ['a path through a file', () => ['validate', `${place().write('f', 'x')}/a.yaml`], () => ({}), 'is a file'],
    ['to format', () => ['fmt', 'none.yaml'], () => ({}), 'there is no none.yaml'],
    [
      'a secret file that is a directory',
      () => ['rotate', 'accounts/ci/tokens/t', '--secret-file', place().path],
      () => ({}),
      'is a directory',
    ],
  ];
  for (const [what, words, env, said] of cases) {
    it(`names ${what}`, async () => {
      const { request } = stage().daemon;
      await request.put('/v1/organizations/default/accounts/ci').send({}).expect(201);
      await request.put('/v1/organizations/default/accounts/ci/tokens/t').send({}).expect(201);
      const without: Record<string, string> = words().includes('--token-file') ? { ACCREDIT_TOKEN: '' } : {};
      for (const more of [[], ['--json']]) {
        const { status, stderr } = await place().cli([...words(), ...more], { ...without, ...env() });
        expect(status).to.be.oneOf([1, 2]);
        expect(stderr).to.include(said).and.to.not.match(RAW);
      }
      const { body } = await request.get('/v1/organizations/default/accounts/ci/tokens/t');
      expect(body.previous, 'nothing was rotated').to.equal(null);
    });
  }

  it('names --state-dir where secrets cannot be noted', async () => {
    const manifest = place().write(
      'm.yaml',
      'manifest: m\naccounts: { a: { tokens: { t: { deliver: [{ file: ./s }] } } } }\n',
    );
    const inTheWay = place().write('state', 'x');
    const { status, stderr } = await place().cli(['apply', '--yes', manifest, '--state-dir', inTheWay]);
    expect(status).to.equal(1);
    expect(stderr).to.include('--state-dir').and.to.include(inTheWay).and.to.not.match(RAW);
    await stage().daemon.request.get('/v1/organizations/default/accounts/a').expect(404);
  });

  it('names the user who may not', async function () {
    if (process.getuid?.() !== 0) this.skip();
    mkdirSync(place().file('closed'), { mode: 0o700 });
    chmodSync(place().path, 0o755);
    place().write('closed/token', 'x');
    process.seteuid?.(65_534);
    try {
      for (const words of [
        ['whoami', '--token-file', place().file('closed/token')],
        ['validate', place().file('closed')],
      ]) {
        const { stderr } = await place().cli(words, { ACCREDIT_TOKEN: '' });
        expect(stderr).to.include('may not').and.to.include('uid 65534').and.to.not.match(RAW);
      }
    } finally {
      process.seteuid?.(0);
    }
  });
});
