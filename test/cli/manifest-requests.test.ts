/** However many tokens a manifest has, and new secrets with them, the command asks the daemon as often. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { freshStage } from './manifest-stage.ts';

/** Where Node tells of each request that this process sends. */
const SENT = 'http.client.request.start';
const DAY = 86_400_000;
const FEW = 2;
const MANY = 40;

/** So many accounts with a token each, whose secrets go to one file, and one whose secret was made by hand. */
function manifestOf(count: number, { sink = 'dotenv: { file: .env, key: KEY }', more = '' } = {}): string {
  const accounts = Array.from({ length: count }, (_, index) => {
    const deliver = `deliver: [{ ${sink.replace('KEY', `T${index}`)} }]`;
    const byHand = `by-hand: { secret_hash: "${secretHash(mintToken('sa'))}" }`;
    return `  a${index}:\n    tokens:\n      main: { rotate_every: 30d, overlap: 1d, ${deliver} }\n      ${byHand}\n`;
  });
  return `manifest: shop\n${more}accounts:\n${accounts.join('')}`;
}

describe('the requests of plan and apply', function () {
  this.timeout(120_000);
  const { stage, workshop } = freshStage();

  /** How many requests each step makes with so many tokens. */
  async function requestsWith(count: number): Promise<Record<string, number>> {
    let requests = 0;
    const counted = () => {
      requests += 1;
    };
    subscribe(SENT, counted);
    const environment = { ACCREDIT_STATE_DIR: workshop().file('notes') };
    const made: Record<string, number> = {};
    const file = workshop().file('shop.yaml');
    const step = async (name: string, words: readonly string[], status = 0) => {
      requests = 0;
      const ran = await workshop().accredit([...words, file], environment);
      expect(ran.status, `${name}: ${ran.stderr}`).to.equal(status);
      made[name] = requests;
    };
    try {
      workshop().write('shop.yaml', manifestOf(count));
      await step('plan what is new', ['plan']);
      await step('make it', ['apply', '--yes']);
      await step('plan nothing', ['plan', '--detailed-exitcode']);
      workshop().write('shop.yaml', manifestOf(count, { more: 'teams:\n  blue: {}\n' }));
      await step('bring other secrets of ones own', ['apply', '--yes']);
      stage().clock.advance(31 * DAY);
      await step('plan what is due', ['plan']);
      await step('rotate what is due', ['apply', '--yes', '--only-due']);
      stage().clock.advance(31 * DAY);
      const text = manifestOf(count, { sink: 'command: [test, -e, ready]' });
      workshop().write('shop.yaml', text);
      await step('rotate and fail to deliver', ['apply', '--yes'], 1);
      await step('plan what is left to deliver', ['plan']);
      workshop().write('ready', '');
      await step('deliver it', ['apply', '--yes']);
      rmSync(workshop().file('ready'));
      stage().clock.advance(31 * DAY);
      await step('rotate and fail again', ['apply', '--yes'], 1);
      rmSync(workshop().file('notes'), { recursive: true });
      workshop().write('ready', '');
      await step('replace what was lost', ['apply', '--yes']);
      await step('plan nothing more', ['plan', '--detailed-exitcode']);
    } finally {
      unsubscribe(SENT, counted);
    }
    return made;
  }

  const found: Record<string, number>[] = [];
  for (const count of [FEW, MANY]) {
    it(`are counted with ${count} tokens`, async () => {
      found.push(await requestsWith(count));
    });
  }

  it('are as many however many tokens there are', () => {
    const [few, many] = found as [Record<string, number>, Record<string, number>];
    console.log(`    requests: ${JSON.stringify(many)}`);
    expect(many).to.deep.equal(few);
  });
});
