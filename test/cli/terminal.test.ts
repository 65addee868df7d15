/** The real command in a pseudo-terminal, with somebody who answers, changes their mind, or drags the window. */
import { expect } from 'chai';
import { tokenKind } from '../../terraform-provider-spec/token.ts';
import { freshStage } from './stage.ts';

const ACCOUNT = '/v1/organizations/default/accounts/ci';
const QUESTION = 'Delete organizations/default/accounts/ci? [y/N]';
const CTRL_C = String.fromCharCode(3);
const CTRL_D = String.fromCharCode(4);
const ESCAPE = String.fromCharCode(27);

describe('a question in a terminal', () => {
  const { stage, place } = freshStage();

  beforeEach(() => stage().daemon.request.put(`${ACCOUNT}`).send({}).expect(201));

  const isThere = async () => (await stage().daemon.request.get(ACCOUNT)).status === 200;

  it('is asked after what it is about, in colours, and answered with yes does it', async () => {
    const terminal = place().terminal(['delete', 'accounts/ci']);
    await terminal.shows(QUESTION);
    expect(await isThere()).to.equal(true);
    terminal.type('y\r');
    const { status, stdout } = await terminal.ended;
    expect(status).to.equal(0);
    expect(stdout.indexOf('no secret stops working')).to.be.within(0, stdout.indexOf(QUESTION));
    expect(stdout).to.include(`${ESCAPE}[31m- organizations/default/accounts/ci`);
    expect(stdout).to.include('deleted organizations/default/accounts/ci');
    expect(await isThere()).to.equal(false);
  });

  it('has no colours with NO_COLOR', async () => {
    const terminal = place().terminal(['delete', 'accounts/ci'], { NO_COLOR: '1' });
    await terminal.shows(QUESTION);
    terminal.type('n\r');
    expect((await terminal.ended).stdout).to.not.include(`${ESCAPE}[31m`);
  });

  for (const [what, keys, status] of [
    ['no', 'n\r', 7],
    ['nothing', '\r', 7],
    ['the end of input', CTRL_D, 7],
    ['an interruption', CTRL_C, 130],
  ] as const) {
    it(`answered with ${what} does nothing`, async () => {
      const terminal = place().terminal(['delete', 'accounts/ci']);
      await terminal.shows(QUESTION);
      terminal.type(keys);
      expect((await terminal.ended).status).to.equal(status);
      expect(await isThere()).to.equal(true);
    });
  }

  it('answered with anything else is asked again', async () => {
    const terminal = place().terminal(['delete', 'accounts/ci']);
    await terminal.shows(QUESTION);
    terminal.type('maybe\r');
    await terminal.shows('Please answer yes or no.');
    terminal.type('YES\r');
    expect((await terminal.ended).status).to.equal(0);
    expect(await isThere()).to.equal(false);
  });

  for (const [what, path, body] of [
    ['the resource', ACCOUNT, { description: 'changed' }],
    ['what it cuts off', `${ACCOUNT}/tokens/new`, {}],
  ] as const) {
    it(`answered with yes after ${what} has changed does nothing, and says so`, async () => {
      const terminal = place().terminal(['delete', 'accounts/ci']);
      await terminal.shows(QUESTION);
      const { status: changed } = await stage().daemon.request.put(path).send(body);
      expect(changed).to.be.oneOf([200, 201]);
      terminal.type('y\r');
      expect((await terminal.ended).status).to.equal(5);
      expect(await isThere()).to.equal(true);
    });
  }

  it('survives that the window is made narrow and wide while it waits', async () => {
    const terminal = place().terminal(['delete', 'accounts/ci']);
    await terminal.shows(QUESTION);
    for (const columns of [20, 200, 5]) await terminal.resize(columns);
    terminal.type('y\r');
    expect((await terminal.ended).status).to.equal(0);
    expect(await isThere()).to.equal(false);
  });

  it('is not asked where only a pipe listens', async () => {
    const { status, stderr } = await place().start(['delete', 'accounts/ci']).ended;
    expect(status).to.equal(7);
    expect(stderr).to.include('there is no terminal to ask for it: give --yes');
    expect(await isThere()).to.equal(true);
  });

  it('for a token does not show what is typed', async () => {
    const made = JSON.parse((await place().cli(['token', 'new', '--json'])).stdout) as Record<string, string>;
    const terminal = place().terminal(['token', 'parse']);
    await terminal.shows('Token: ');
    terminal.type(`${made.token}\r`);
    const { status, stdout } = await terminal.ended;
    expect(status).to.equal(0);
    expect(tokenKind(made.token as string)).to.equal('sa');
    expect(stdout).to.include('a token of a service account').and.to.not.include(made.token);
  });

  it('of someone who watches events ends with Ctrl-C, and what came meanwhile was shown', async () => {
    const terminal = place().terminal(['audit', '--follow', '--interval', '1s']);
    await terminal.shows('accounts/ci');
    await stage().daemon.request.put('/v1/organizations/default/accounts/later').send({}).expect(201);
    await terminal.shows('accounts/later');
    terminal.type(CTRL_C);
    const { status, stdout } = await terminal.ended;
    expect(status).to.equal(130);
    expect(stdout.split('accounts/later')).to.have.length(2);
    expect(stdout.indexOf('accounts/ci')).to.be.below(stdout.indexOf('accounts/later'));
  });
});
