/** What `accredit audit` promises of its filters and of where it stops. */
import { expect } from 'chai';
import { freshStage } from './stage.ts';

describe('accredit audit', () => {
  const { stage, place } = freshStage();

  async function happen(times: number): Promise<void> {
    for (let index = 0; index < times; index += 1) {
      await stage().daemon.request.put(`/v1/organizations/default/accounts/a${index}`).send({}).expect(201);
    }
  }

  it('refuses a filter that nothing can match, with what may have been meant', async () => {
    for (const [words, said] of [
      [['--outcome', 'refusd'], 'did you mean refused?'],
      [['--outcome', 'refused!!!'], 'created, updated, rotated'],
      [['--action', 'putt'], 'did you mean put?'],
      [['--interval', '0s'], 'from 1s on'],
      [['--interval', '500'], 'from 1s on'],
    ] as const) {
      const ran = await place().cli(['audit', ...words]);
      expect(ran, words.join(' ')).to.include({ status: 2, stdout: '' });
      expect(ran.stderr, words.join(' ')).to.include(said);
    }
  });

  it('takes an action and an outcome that are on record', async () => {
    await happen(1);
    for (const [name, value] of [
      ['--action', 'bootstrap'],
      ['--action', 'put'],
      ['--outcome', 'created'],
    ] as const) {
      const { status, stdout } = await place().cli(['audit', name, value]);
      expect(status).to.equal(0);
      expect(stdout, value).to.include(`${value}  `.trim());
    }
  });

  it('says where it stops, and to whom it can be said', async () => {
    await happen(60);
    const lines = ({ stdout }: { stdout: string }) => stdout.trimEnd().split('\n').length;
    const plain = await place().cli(['audit']);
    expect(lines(plain)).to.equal(50);
    expect(plain.stderr).to.include('50 events').and.to.include('--limit').and.to.include('--all');
    const asked = await place().cli(['audit', '--limit', '3']);
    expect([lines(asked), asked.stderr]).to.deep.equal([3, '']);
    const all = await place().cli(['audit', '--all']);
    expect(all.stderr).to.equal('');
    expect(lines(all)).to.be.above(60);
    const json = await place().cli(['audit', '--json']);
    expect([lines(json), json.stderr]).to.deep.equal([50, '']);
    // As many as there are: nothing is left out.
    const few = await place().cli(['audit', '--action', 'bootstrap']);
    expect(few.stderr).to.equal('');
  });

  it('has the least and the usual interval in its help, as durations', async () => {
    const { stdout } = await place().cli(['audit', '--help']);
    expect(stdout.replace(/\s+/g, ' ')).to.match(/--interval <duration> .*from 1s on \(default: 2s\)/);
  });
});
