import { expect } from 'chai';
import { type Total, type TotalsQuery, Unavailable } from '../../daemon/domain/snapshot.ts';
import { TokenTotals } from '../../daemon/metrics/totals.ts';
import { fakeClock } from '../support/daemon.ts';

const FIVE: readonly Total[] = [{ kind: 'app_token', count: 5, ending: [1, 2] }];

describe('the count of tokens', () => {
  it('is made once for all who ask at the same time, and again only after a minute', async () => {
    const clock = fakeClock();
    const asked: TotalsQuery[] = [];
    const reader = {
      async totals(query: TotalsQuery) {
        asked.push(query);
        return FIVE;
      },
    };
    const totals = new TokenTotals({ reader, clock: clock.now });
    expect(await Promise.all([totals.read(), totals.read()])).to.deep.equal([FIVE, FIVE]);
    clock.advance(59_999);
    expect(await totals.read()).to.equal(FIVE);
    expect(asked).to.have.lengthOf(1);
    clock.advance(1);
    await totals.read();
    expect(asked.map(({ now }) => now)).to.deep.equal([clock.now() - 60_000, clock.now()]);
  });

  it('is unknown, and not an old one, while the database does not answer', async () => {
    const clock = fakeClock();
    let answer: () => Promise<readonly Total[]> = async () => FIVE;
    const totals = new TokenTotals({ reader: { totals: () => answer() }, clock: clock.now });
    expect(await totals.read()).to.equal(FIVE);
    clock.advance(60_000);
    answer = () => Promise.reject(new Unavailable('gone'));
    expect(await totals.read()).to.equal(undefined);
    answer = async () => FIVE;
    expect(await totals.read()).to.equal(FIVE);
  });

  it('is not waited for when it takes long: whoever asks later has it', async () => {
    let finish: (totals: readonly Total[]) => void = () => undefined;
    let counts = 0;
    const reader = {
      totals: () => {
        counts += 1;
        return new Promise<readonly Total[]>((resolve) => {
          finish = resolve;
        });
      },
    };
    const totals = new TokenTotals({ reader, clock: fakeClock().now, patience: 1 });
    expect(await totals.read()).to.equal(undefined);
    expect(await totals.read()).to.equal(undefined);
    finish(FIVE);
    expect(await totals.read()).to.equal(FIVE);
    expect(counts).to.equal(1);
  });
});
