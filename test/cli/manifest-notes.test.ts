/** A plan says what it does not change and somebody should know of, to people and to programs, and its status stays that of no changes. */
import { expect } from 'chai';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { SHOP } from './manifest-shop.ts';
import { freshStage } from './manifest-stage.ts';

const DEPLOY = 'accounts/ci/tokens/deploy';
const DAY = 86_400_000;
const SINKS = '          - dotenv: { file: .env, key: DEPLOY }\n          - command: [cat]\n';

describe('the notes of a plan', () => {
  const { stage, workshop } = freshStage();

  async function applied(text: string): Promise<string> {
    const file = workshop().write('shop.yaml', text);
    const { status, stderr } = await workshop().accredit(['apply', '--yes', file]);
    expect(status, stderr).to.equal(0);
    return file;
  }

  /** The lines of the plan that are notes; those of its JSON say the same. */
  async function notes(file: string): Promise<string[]> {
    const { status, stdout, stderr } = await workshop().accredit(['plan', '--detailed-exitcode', file]);
    expect(status, stderr + stdout).to.equal(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('note: '));
    const json = await workshop().accredit(['plan', '--json', file]);
    const told = JSON.parse(json.stdout).notes.map(
      ({ address, text }: { address: string; text: string }) =>
        `note: ${address.replace('organizations/default/', '')} ${text}`,
    );
    expect(told).to.deep.equal(lines);
    expect(stdout + json.stdout).to.not.match(/acr_|sha256/);
    return lines;
  }

  it('name each file with another secret than its token’s, until an apply has served it', async () => {
    const file = await applied(SHOP + SINKS);
    expect(await notes(file)).to.deep.equal([]);
    const rotated = await workshop().accredit(['rotate', DEPLOY]);
    expect(rotated.status, rotated.stderr).to.equal(0);
    const stale = 'another "rotation" gives it a new one, which is taken there';
    expect(await notes(file)).to.deep.equal([
      `note: ${DEPLOY} has another secret than the one in the file DIR/secrets/ci-deploy; ${stale}`,
      `note: ${DEPLOY} has another secret than the one in DEPLOY in DIR/.env; ${stale}`,
    ]);
    // One of them was served by hand.
    workshop().write('.env', `A=b\nexport DEPLOY = "${rotated.stdout.trim()}"\n`);
    expect(await notes(file)).to.have.length(1);
    await applied(SHOP.replace('overlap: 1d', 'overlap: 1d\n        rotation: "2"') + SINKS);
    expect(await notes(file)).to.deep.equal([]);
  });

  it('name a secret that was never the token’s, and nothing that is no secret', async () => {
    const file = await applied(SHOP);
    workshop().write('secrets/ci-deploy', `${mintToken('sa')}\n`);
    expect(await notes(file)).to.have.length(1);
    workshop().write('secrets/ci-deploy', 'something else\n');
    expect(await notes(file)).to.deep.equal([]);
  });

  it('name each declared token that was revoked or has expired, and none that is declared as revoked', async () => {
    const text = SHOP.replace('        rotate_every: 30d\n', '').replace(
      '      deploy:\n',
      '      off: { secret_hash: "HASH", state: revoked }\n      leaver: { secret_hash: "HASH" }\n      deploy:\n',
    );
    const file = await applied(text.replace(/HASH/g, () => secretHash(mintToken('sa'))));
    expect(await notes(file)).to.deep.equal([]);
    const revoked = await workshop().accredit(['revoke', 'accounts/ci/tokens/leaver', '--reason', 'leaver']);
    expect(revoked.status, revoked.stderr).to.equal(0);
    stage().clock.advance(91 * DAY);
    expect(await notes(file)).to.have.members([
      'note: accounts/ci/tokens/leaver is revoked as leaver, and stays so whatever is declared; "accredit restore" takes that back',
      `note: ${DEPLOY} has expired and opens nothing; another expiry renews it, where its profile allows that`,
    ]);
  });
});
