/** What the daemon does not confirm of a delivery, the apply says and keeps; everything else is confirmed. */
import { expect } from 'chai';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { freshStage } from './manifest-stage.ts';

const TOKENS = 'organizations/default/accounts/ci/tokens';

/** Gives the token at an address another secret: a sink that does more than it should. */
const ROTATES = `
const [endpoint, token, address] = process.argv.slice(2);
const answer = await fetch(endpoint + '/v1/' + address + '/rotation', { method: 'POST', headers: { authorization: 'Bearer ' + token } });
if (!answer.ok) throw new Error(String(answer.status));
`;

function manifestOf(tokens: string): string {
  return `manifest: shop\naccounts:\n  ci:\n    tokens:\n${tokens}`;
}

describe('the confirmation of what an apply has delivered', () => {
  const { stage, workshop } = freshStage();

  const undelivered = async () =>
    JSON.parse((await workshop().accredit(['plan', '--json', workshop().file('shop.yaml')])).stdout).undelivered;

  it('fails for a token that somebody has rotated meanwhile, and for no other', async () => {
    const { url, adminToken } = stage().daemon;
    workshop().write('rotates.mjs', ROTATES);
    const words = [process.execPath, 'rotates.mjs', url, adminToken, `${TOKENS}/two`].map((word) =>
      JSON.stringify(word),
    );
    const file = workshop().write(
      'shop.yaml',
      manifestOf(
        `      one: { deliver: [{ command: [${words.join(', ')}] }] }\n` +
          '      two: { overlap: 1d, deliver: [{ file: ./two }] }\n' +
          '      three: { deliver: [{ file: ./three }] }\n',
      ),
    );
    const { status, stderr } = await workshop().accredit(['apply', '--yes', file]);
    expect(status, stderr).to.equal(1);
    expect(stderr).to.include(`two: the daemon does not confirm the delivery: ${TOKENS}/two has another secret`);
    expect(stderr.match(/does not confirm/g)).to.have.length(1);
    expect(await undelivered()).to.deep.equal([]);
  });

  it('of a secret that was made by hand is given with the apply', async () => {
    workshop().write('shop.yaml', manifestOf(`      one: { secret_hash: "${secretHash(mintToken('sa'))}" }\n`));
    const { status, stderr } = await workshop().accredit(['apply', '--yes', workshop().file('shop.yaml')]);
    expect(status, stderr).to.equal(0);
    expect(await undelivered()).to.deep.equal([]);
  });
});
