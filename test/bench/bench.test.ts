/** The benchmark measures what it says; how fast anything is, no test asks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { median, spread } from '../../scripts/bench/load.ts';
import { runToEnd } from '../../scripts/bench/processes.ts';
import { costOf } from '../../scripts/bench/provider.ts';
import { isMet, table } from '../../scripts/bench/report.ts';

const MAIN = new URL('../../scripts/bench/main.ts', import.meta.url).pathname;

async function bench(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { output: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.errors += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...texts };
}

describe('npm run bench', () => {
  it('puts the daemon beside its baselines in one table', async function () {
    this.timeout(120_000);
    const { code, output, errors } = await bench('--quick', '--only', 'jwt', '--load', 'autocannon');
    expect(code, errors).to.equal(0);
    const rows = output.split('\n').filter((line) => line.startsWith('| access token'));
    expect(rows, output).to.have.length(2);
    for (const row of rows)
      expect(row).to.match(
        /^\| [^|]+ \| +[\d,]+\/s[^|]* \| +[\d,]+\/s[^|]* \| +\d+\.\d\d +\| >= 0\.\d+ +\| (yes|no) +\|$/,
      );
    expect(output).to.not.match(/acr_/);
  });

  it('names its rows and options to whoever asks for others', async () => {
    for (const words of [
      ['--only', 'speed'],
      ['--onyl', 'idle'],
      ['--load', 'by hand'],
    ]) {
      const { code, errors } = await bench(...words);
      expect(code, words.join(' ')).to.equal(2);
      expect(errors)
        .to.include('authorize')
        .and.include('million')
        .and.include('--quick')
        .and.to.not.include('    at ');
    }
  });

  it('says of each figure whether it is what it has to be', () => {
    const figure = { row: 'a', subject: '2/s', baseline: '1/s' };
    expect(isMet({ ...figure, ratio: 2, bar: { least: 2 } })).to.equal(true);
    expect(isMet({ ...figure, ratio: 1.99, bar: { least: 2 } })).to.equal(false);
    expect(isMet({ ...figure, ratio: 2.01, bar: { most: 2 } })).to.equal(false);
    expect(isMet({ ...figure, ratio: 7 })).to.equal(undefined);
    const text = table([{ ...figure, ratio: 2, bar: { least: 2 }, note: 'twice' }]);
    expect(text.split('\n').at(-1)).to.equal('| a (twice) | 2/s      | 1/s      | 2.00  | >= 2 | yes |');
  });

  it('finds what a provider costs that another process starts, and what that one costs with it', async function () {
    if (process.platform !== 'linux') this.skip();
    this.timeout(60_000);
    const busy =
      'const kept = Buffer.alloc(100e6, 1); while (process.cpuUsage().user < 200e3) for (let at = 0; at < 1e6; at += 1) kept[at] += 1;';
    const starts = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(busy)}, 'terraform-provider-accredit'])`;
    const cost = await costOf(async () => void (await once(spawn(process.execPath, ['-e', starts]), 'exit')));
    expect(cost.elapsed).to.be.above(200);
    expect(cost.providerCpu).to.be.above(0.1);
    expect(cost.cpu).to.be.above(cost.providerCpu);
    expect(cost.providerPeak).to.be.within(100e6, 300e6);
  });

  it('finds the most memory that a process had, also of what it gave back, and fails with what the process says', async () => {
    const peakOf = async (megabytes: number) =>
      (await runToEnd({ words: ['-e', `Buffer.alloc(${megabytes * 1e6}, 1); console.log('x'.repeat(1e6))`] })).peak /
      1e6;
    const [small, large] = [await peakOf(1), await peakOf(200)];
    expect(small).to.be.within(20, 120);
    expect(large - small).to.be.within(150, 250);
    const failed = await runToEnd({ words: ['-e', 'throw new Error("no room")'] }).catch((error: Error) => error);
    expect(String(failed)).to.include('no room');
  });

  it('takes the middle of its rounds, and how far they lie apart', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(spread([90, 100, 110])).to.equal(0.2);
  });
});
