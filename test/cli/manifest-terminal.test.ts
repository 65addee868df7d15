/** `apply` in a pseudo-terminal: the plan, the question, and an end at any answer. */
import { on } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { startMeddler } from './manifest-stage.ts';
import { freshStage, type Started, type Terminal } from './stage.ts';

const ACCOUNT = '/v1/organizations/default/accounts/ci';
const QUESTION = 'Apply this? [y/N]';
const CTRL_C = String.fromCharCode(3);
const ESCAPE = String.fromCharCode(27);

describe('an apply in a terminal', () => {
  const { stage, place } = freshStage();

  const isThere = async () => (await stage().daemon.request.get(ACCOUNT)).status === 200;

  function written(sink: string): string {
    return place().write(
      'accounts.yaml',
      `manifest: m\naccounts:\n  ci:\n    tokens:\n      deploy:\n        deliver: [{ ${sink} }]\n`,
    );
  }

  it('shows the plan in colours, asks, and does it, also when the window was made narrow meanwhile', async () => {
    const terminal = place().terminal(['apply', written('file: ./secret')]);
    await terminal.shows(QUESTION);
    expect(await isThere()).to.equal(false);
    for (const columns of [10, 200]) await terminal.resize(columns);
    terminal.type('yes\r');
    const { status, stdout } = await terminal.ended;
    expect(status).to.equal(0);
    expect(stdout).to.include(`${ESCAPE}[32m+${ESCAPE}[0m accounts/ci`);
    expect(stdout).to.include('Applied: 2 created, 0 updated, 0 rotated, 0 deleted, 0 unchanged.');
    const secret = place().read('secret').trim();
    expect(stdout).to.not.include(secret);
    expect((await stage().daemon.as(secret).get('/v1/self')).status).to.equal(200);
  });

  it('says while it plans that it does', async () => {
    const terminals: Terminal[] = [];
    const slow = await startMeddler(stage().daemon.url, async () => terminals[0]?.shows('planning 2 resources, '));
    try {
      const env = { ACCREDIT_ENDPOINT: slow.url };
      const terminal = place().terminal(['plan', written('file: ./secret')], env);
      terminals.push(terminal);
      const { status, stdout } = await terminal.ended;
      expect(status).to.equal(0);
      expect(stdout).to.include('planning 2 resources, ').and.to.include('2 to create');
    } finally {
      slow.close();
    }
  });

  for (const [what, keys, status] of [
    ['no', 'n\r', 7],
    ['an interruption', CTRL_C, 130],
  ] as const) {
    it(`answered with ${what} does nothing and notes no secret`, async () => {
      const terminal = place().terminal(['apply', written('file: ./secret')]);
      await terminal.shows(QUESTION);
      terminal.type(keys);
      expect((await terminal.ended).status).to.equal(status);
      expect(await isThere()).to.equal(false);
      expect(existsSync(place().file('secret'))).to.equal(false);
      expect(existsSync(place().file('.local/state/accredit'))).to.equal(false);
    });
  }

  it('ends at SIGTERM while it waits for an answer, does nothing and notes no secret', async () => {
    const terminal = place().terminal(['apply', written('file: ./secret')]);
    await terminal.shows(QUESTION);
    await terminal.kill('SIGTERM');
    expect((await terminal.ended).status).to.equal(143);
    expect(await isThere()).to.equal(false);
    expect(existsSync(place().file('.local/state/accredit'))).to.equal(false);
  });

  for (const [name, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`at ${name} while a sink takes its time ends that one and begins no other; the next apply finishes it`, async () => {
      const env = { PATH: process.env.PATH as string };
      // Its child holds its output, and outlives it for as long as the test.
      const slow = 'cat > taken; test -e ready || { echo waiting; sleep 60; }';
      const file = place().write(
        'accounts.yaml',
        `manifest: m
accounts:
  ci:
    tokens:
      a: { deliver: [{ file: ./first }] }
      b: { deliver: [{ command: [sh, -c, "${slow}"] }, { file: ./same }] }
      c: { deliver: [{ file: ./later }] }
`,
      );
      const running = place().start(['apply', '--yes', file], env);
      await said(running, 'waiting');
      running.child.kill(name);
      const { status: ended, stderr } = await running.ended;
      expect(ended, stderr).to.equal(status);
      expect(stderr).to.include('run it again, here').and.to.not.include(place().read('taken'));
      expect(['first', 'same', 'later'].map((sink) => existsSync(place().file(sink)))).to.deep.equal([
        true,
        false,
        false,
      ]);
      const first = place().read('first');
      rmSync(place().file('first'));
      place().write('ready', '');
      const taken = place().read('taken');
      const next = await place().cli(['apply', '--yes', file], env);
      expect(next.status, next.stderr).to.equal(0);
      expect(place().read('taken')).to.equal(taken);
      expect(place().read('same').trim()).to.equal(taken);
      for (const secret of [first, taken, place().read('later')]) {
        expect((await stage().daemon.as(secret.trim()).get('/v1/self')).status).to.equal(200);
      }
      // What had arrived was confirmed, and is not delivered a second time.
      expect(existsSync(place().file('first'))).to.equal(false);
    });
  }

  it('interrupted while a sink takes its time says how work that takes long goes on, and is finished by the next one', async () => {
    const file = written('command: [sh, -c, "cat > taken; test -e ready || sleep 60"]');
    const terminal = place().terminal(['apply', '--yes', file], { PATH: process.env.PATH as string });
    await terminal.shows('delivering secrets 0/1');
    terminal.type(CTRL_C);
    const { status, stdout } = await terminal.ended;
    expect(status).to.equal(130);
    const secret = place().read('taken');
    expect(stdout).to.not.include(secret);
    place().write('ready', '');
    const next = await place().cli(['apply', '--yes', file], { PATH: process.env.PATH as string });
    expect(next.status, next.stderr).to.equal(0);
    expect(place().read('taken')).to.equal(secret);
    expect((await stage().daemon.as(secret).get('/v1/self')).status).to.equal(200);
  });
});

/** Resolves once the process has said that on standard error. */
async function said({ child }: Started, text: string): Promise<void> {
  let all = '';
  for await (const [chunk] of on(child.stderr as Readable, 'data')) {
    all += chunk;
    if (all.includes(text)) return;
  }
}
