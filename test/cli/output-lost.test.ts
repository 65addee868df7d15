/** A secret that was to be printed and has reached nobody is no success, and what can be given again is. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { accredit } from '../support/process.ts';
import { closed, freshStage } from './stage.ts';

const ORGANIZATION = '/v1/organizations/default';
const DEPLOY = 'accounts/ci/tokens/deploy';

function manifestOf(sink: string): string {
  return `manifest: m\naccounts:\n  ci:\n    tokens:\n      deploy:\n        deliver: [{ ${sink} }]\n`;
}

describe('a standard output that nobody reads', () => {
  const { stage, place } = freshStage();

  const opens = async (secret: string) => (await stage().daemon.as(secret).get('/v1/self')).status === 200;

  async function madeByHand(): Promise<void> {
    const { request } = stage().daemon;
    await request.put(`${ORGANIZATION}/accounts/ci`).send({}).expect(201);
    await request.put(`${ORGANIZATION}/${DEPLOY}`).send({}).expect(201);
  }

  it('makes a rotation that printed its secret there a failure', async () => {
    await madeByHand();
    for (const more of [[], ['--json']]) {
      const { status, stderr } = await closed(place().start(['rotate', DEPLOY, ...more]), 'stdout').ended;
      expect(status, stderr).to.equal(1);
      expect(stderr).to.include('EPIPE').and.to.include('again').and.to.not.match(/acr_/);
    }
  });

  it('makes a token that was made for nobody a failure', async () => {
    const { status, stderr } = await closed(place().start(['token', 'new']), 'stdout').ended;
    expect(status, stderr).to.equal(1);
  });

  it('makes an apply that delivers there a failure, after which the next one delivers the same secret', async () => {
    const words = ['apply', '--yes', place().write('m.yaml', manifestOf('stdout-json: true'))];
    const { status, stderr } = await closed(place().start(words), 'stdout').ended;
    expect(status, stderr).to.equal(1);
    expect(stderr).to.include(`${DEPLOY}: standard output: write EPIPE`);
    const token = (await stage().daemon.request.get(`${ORGANIZATION}/${DEPLOY}`)).body;
    stage().clock.advance(1000);
    const again = await place().start(words).ended;
    expect(again.status, again.stderr).to.equal(0);
    expect(await opens(JSON.parse(again.stdout).secret)).to.equal(true);
    const { body } = await stage().daemon.request.get(`${ORGANIZATION}/${DEPLOY}`);
    expect(body.rotated_at).to.equal(token.rotated_at);
  });

  it('is no failure of a rotation or an apply whose secrets went elsewhere', async () => {
    await madeByHand();
    const words = ['rotate', DEPLOY, '--secret-file', place().file('rotated')];
    const rotated = await closed(place().start(words), 'stdout').ended;
    expect(rotated.status, rotated.stderr).to.equal(0);
    expect(await opens(place().read('rotated').trim())).to.equal(true);
    const file = place().write('m.yaml', manifestOf('file: ./applied').replaceAll('ci:', 'other:'));
    const applied = await closed(place().start(['apply', '--yes', '--json', file]), 'stdout').ended;
    expect(applied.status, applied.stderr).to.equal(0);
    expect(await opens(place().read('applied').trim())).to.equal(true);
  });

  it('does not pass for one that took everything where the disk is full', async function () {
    if (!existsSync('/dev/full')) this.skip();
    await madeByHand();
    const file = place().write('m.yaml', manifestOf('file: ./applied').replaceAll('ci:', 'other:'));
    const full = openSync('/dev/full', 'w');
    const { url, adminToken } = stage().daemon;
    const env = { HOME: place().path, ACCREDIT_ENDPOINT: url, ACCREDIT_TOKEN: adminToken };
    for (const words of [
      ['rotate', DEPLOY],
      ['rotate', DEPLOY, '--secret-file', place().file('rotated')],
      ['token', 'new'],
      ['apply', '--yes', '--json', file],
    ]) {
      const running = accredit(words, { env, stdout: full });
      expect(await running.exit, words.join(' ')).to.equal(1);
      expect(running.stderr())
        .to.include('no room left')
        .and.to.not.match(/acr_|at .*ts:/);
    }
    closeSync(full);
  });

  it('is no loss where it is the standard error: an apply goes on to its end', async () => {
    const file = place().write('m.yaml', manifestOf('file: ./applied'));
    const { status } = await closed(place().start(['apply', '--yes', file]), 'stdout', 'stderr').ended;
    expect(status).to.equal(0);
    const token = (await stage().daemon.request.get(`${ORGANIZATION}/${DEPLOY}`)).body;
    expect(await opens(place().read('applied').trim())).to.equal(true);
    expect((await place().cli(['plan', '--detailed-exitcode', file])).status, JSON.stringify(token)).to.equal(0);
  });
});

describe('a standard output that is a file', () => {
  const { stage, place } = freshStage();

  it('is on the disk before a secret in it is confirmed', async () => {
    // Node's own functions, which say on standard error that they were called.
    const witness = `
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
const { fsyncSync } = fs;
fs.fsyncSync = (file) => {
  const result = fsyncSync(file);
  fs.writeSync(2, 'synced ' + (file === 1 ? 'standard output' : 'a file') + '\\n');
  return result;
};
const { request } = http;
http.request = (url, ...more) => {
  fs.writeSync(2, 'request ' + url.pathname + '\\n');
  return request(url, ...more);
};
syncBuiltinESMExports();`;
    const file = place().write('m.yaml', manifestOf('stdout-json: true'));
    const output = openSync(place().file('out'), 'w');
    const { url, adminToken } = stage().daemon;
    const env = {
      HOME: place().path,
      ACCREDIT_ENDPOINT: url,
      ACCREDIT_TOKEN: adminToken,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(witness)}`,
    };
    const running = accredit(['apply', '--yes', file], { env, stdout: output });
    closeSync(output);
    expect(await running.exit, running.stderr()).to.equal(0);
    const lines = running.stderr().split('\n');
    const synced = lines.indexOf('synced standard output');
    const confirmed = lines.findIndex((line) => line.startsWith('request') && line.includes('deliver'));
    expect(synced).to.be.above(lines.findIndex((line) => line.includes('/manifests/')));
    expect(confirmed).to.be.above(synced);
    const { secret } = JSON.parse(place().read('out'));
    expect((await stage().daemon.as(secret).get('/v1/self')).status).to.equal(200);
  });
});

describe('the memory of a command', () => {
  const { place } = freshStage();

  it('is in no core dump', async function () {
    if (!existsSync('/proc/self/coredump_filter')) this.skip();
    const sink = 'command: [sh, -c, "cat /proc/$PPID/coredump_filter > filter"]';
    const file = place().write('m.yaml', manifestOf(sink));
    const { status, stderr } = await place().start(['apply', '--yes', file]).ended;
    expect(status, stderr).to.equal(0);
    expect(Number.parseInt(place().read('filter'), 16)).to.equal(0);
  });
});
