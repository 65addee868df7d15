import { expect } from 'chai';
import { Exposer } from '../../daemon/metrics/exposition.ts';
import type { Family } from '../../daemon/metrics/families.ts';
import { ByLabels, Histogram } from '../../daemon/metrics/tally.ts';
import { readExposition } from './exposition.ts';

describe('the exposition', () => {
  it('escapes whatever a label holds', async () => {
    const value = 'a "quoted" \\ path\nand a line';
    const family: Family = {
      name: 'accredit_x',
      type: 'gauge',
      help: 'Help with \\ and\na line.',
      samples: () => [{ labels: { value }, value: 1 }],
    };
    const { text } = await new Exposer([family]).expose();
    expect(readExposition(text).get('accredit_x')?.samples).to.deep.equal([
      { name: 'accredit_x', labels: { value }, value: 1 },
    ]);
  });

  it('keeps the metrics of two daemons in one process apart', async () => {
    const family = (value: number): Family => ({
      name: 'accredit_x',
      type: 'gauge',
      help: 'X.',
      samples: () => [{ value }],
    });
    const texts = await Promise.all([new Exposer([family(1)]).expose(), new Exposer([family(2)]).expose()]);
    const values = texts.map(({ text }) => readExposition(text).get('accredit_x')?.samples[0]?.value);
    expect(values).to.deep.equal([1, 2]);
  });
});

describe('a histogram', () => {
  it('counts each duration below the first bound that it does not exceed', () => {
    const histogram = new Histogram([0.001, 0.01, 0.1]);
    for (const seconds of [0, 0.001, 0.0011, 0.01, 0.05, 0.1, 0.11, 60]) histogram.observe(seconds);
    expect(histogram.counts).to.deep.equal([2, 2, 2, 2]);
    expect(histogram.sum).to.be.closeTo(60.2721, 1e-9);
  });

  it('is the same one for the same labels', () => {
    const values = new ByLabels<{ a: string; b: string }, Histogram>(() => new Histogram([1]));
    expect(values.at({ a: 'x', b: 'y' })).to.equal(values.at({ a: 'x', b: 'y' }));
    expect(values.at({ a: 'x', b: 'y' })).to.not.equal(values.at({ a: 'y', b: 'x' }));
  });
});

describe('the reader of these tests', () => {
  const HEAD = '# HELP x_total X.\n# TYPE x_total counter\n';
  const HISTOGRAM = '# HELP x_seconds X.\n# TYPE x_seconds histogram\n';
  for (const [why, text] of Object.entries({
    'a sample without a type': 'x_total 1\n',
    'a type without a help': '# TYPE x_total counter\n',
    'a family twice': `${HEAD}x_total 1\n${HEAD}`,
    'a sample twice': `${HEAD}x_total{a="1"} 1\nx_total{a="1"} 2\n`,
    'a label twice': `${HEAD}x_total{a="1",a="2"} 1\n`,
    'a quotation mark that is not escaped': `${HEAD}x_total{a="1"2"} 1\n`,
    'a negative counter': `${HEAD}x_total -1\n`,
    'a number with two points': `${HEAD}x_total 1.2.3\n`,
    'a sample of another family': `${HEAD}y_total 1\n`,
    'no end of the line': `${HEAD}x_total 1`,
    'a stray comment': `${HEAD}# what\nx_total 1\n`,
    'falling buckets': `${HISTOGRAM}x_seconds_bucket{le="1"} 2\nx_seconds_bucket{le="+Inf"} 1\nx_seconds_sum 1\nx_seconds_count 1\n`,
    'no last bucket': `${HISTOGRAM}x_seconds_bucket{le="1"} 1\nx_seconds_sum 1\nx_seconds_count 1\n`,
    'another count': `${HISTOGRAM}x_seconds_bucket{le="+Inf"} 1\nx_seconds_sum 1\nx_seconds_count 2\n`,
    'no sum': `${HISTOGRAM}x_seconds_bucket{le="+Inf"} 1\nx_seconds_count 1\n`,
  })) {
    it(`refuses ${why}`, () => expect(() => readExposition(text)).to.throw(Error));
  }

  it('takes what is right', () => {
    const text = `${HEAD}x_total{a="1",b="\\"\\\\\\n"} 1e+06\n\n${HISTOGRAM}x_seconds_bucket{le="+Inf"} 1\nx_seconds_sum 1\nx_seconds_count 1\n`;
    expect(readExposition(text).get('x_total')?.samples[0]).to.deep.equal({
      name: 'x_total',
      labels: { a: '1', b: '"\\\n' },
      value: 1_000_000,
    });
  });
});
