/** A machine that was lost with its journal, in the middle of a delivery: the next one applies the manifest all the same. */
import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { freshStage } from './manifest-stage.ts';

const TOKEN = 'accounts/ci/tokens/deploy';

/** Its only sink fails until the file `ready` is there. */
function manifestOf(token: string): string {
  const sink = 'command: [sh, -c, "cat > taken && test -e ready"]';
  return `manifest: shop
accounts:
  ci:
    tokens:
      deploy: { ${token}deliver: [{ ${sink} }] }
`;
}

describe('an apply after the journal of the last one was lost', () => {
  const { stage, workshop } = freshStage();

  const notes = () => workshop().file('notes');
  const accredit = (...words: string[]) =>
    workshop().accredit([...words, workshop().file('shop.yaml')], { ACCREDIT_STATE_DIR: notes() });
  const opens = async (secret: string) => (await stage().daemon.as(secret.trim()).get('/v1/self')).status === 200;

  /** Applies as far as to the sink, and loses what was noted of it. Answers the lost secret. */
  async function lost(token: string): Promise<string> {
    workshop().write('shop.yaml', manifestOf(token));
    expect((await accredit('apply', '--yes')).status).to.equal(1);
    rmSync(notes(), { recursive: true });
    workshop().write('ready', '');
    return workshop().read('taken');
  }

  for (const words of [
    ['apply', '--yes'],
    ['apply', '--yes', '--only-due'],
  ]) {
    it(`replaces a token whose profile allows no other secret: ${words.join(' ')}`, async () => {
      const first = await lost('profile: static, ');
      const planned = await accredit('plan');
      expect(planned.stdout).to.include(
        `-/+ ${TOKEN}: a new token, as nobody has confirmed the secret, and it can have no other`,
      );
      const { status, stderr } = await accredit(...words);
      expect(status, stderr).to.equal(0);
      const second = workshop().read('taken');
      expect(await opens(second)).to.equal(true);
      expect(await opens(first)).to.equal(false);
      expect((await accredit('plan', '--detailed-exitcode')).status).to.equal(0);
    });
  }

  it('leaves a token alone that was revoked since, says so, and applies the rest', async () => {
    await lost('');
    expect((await workshop().accredit(['revoke', TOKEN, '--reason', 'compromised'])).status).to.equal(0);
    workshop().write('shop.yaml', `${manifestOf('')}teams:\n  blue: {}\n`);
    const { status, stderr } = await accredit('apply', '--yes');
    expect(status, stderr).to.equal(0);
    const note = `note: ${TOKEN} has a secret that nobody has confirmed, and cannot get another as it is now`;
    expect((await accredit('plan', '--detailed-exitcode')).stdout).to.include(note);
    expect((await stage().daemon.request.get('/v1/organizations/default/teams/blue')).status).to.equal(200);
  });
});
