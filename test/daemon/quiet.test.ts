/** Memory is given back when nobody asks for anything, and not at the cost of anybody who does. */
import { expect } from 'chai';
import { QuietTimes } from '../../daemon/quiet.ts';

describe('memory', () => {
  const MEGABYTE = 1024 * 1024;

  /** A process that worked so many milliseconds before each look, and how often it collected until then. */
  const looks = (work: readonly number[], { heap = 20 * MEGABYTE } = {}): number[] => {
    let worked = 0;
    let collected = 0;
    const times = new QuietTimes({
      worked: () => worked,
      heap: () => heap,
      collect: () => {
        collected += 1;
        worked += 40;
      },
    });
    return work.map((milliseconds) => {
      worked += milliseconds;
      times.look();
      return collected;
    });
  };

  const quiet = (times: number) => Array<number>(times).fill(3);

  it('is given back once after the start, when it has been quiet for some seconds', () => {
    expect(looks([900, ...quiet(9)])).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it('is given back again after there was work', () => {
    expect(looks([900, ...quiet(9), 300, 300, ...quiet(9)]).at(-1)).to.equal(2);
  });

  it('is not given back for a little work, however often it is quiet', () => {
    expect(looks([900, ...quiet(9), 100, ...quiet(9), 100, ...quiet(9)]).at(-1)).to.equal(1);
  });

  it('is not given back while there is work', () => {
    expect(looks([900, ...quiet(7), 50, ...quiet(7), 50, ...quiet(7)]).at(-1)).to.equal(0);
  });

  it('is not given back where that would take long', () => {
    expect(looks([900, ...quiet(9)], { heap: 100 * MEGABYTE }).at(-1)).to.equal(0);
  });
});
