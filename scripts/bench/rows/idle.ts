/** What the daemon costs when nobody asks. */
import { spawnSync } from 'node:child_process';
import { startDaemon } from '../daemon.ts';
import { median } from '../load.ts';
import { type Figure, milliseconds, type Row } from './row.ts';

const TIMES = 9;
const MEGABYTE = 1e6;
/** How long nobody asks for anything before it counts as idle. */
const QUIET_MS = 15_000;

export const idle: Row = {
  name: 'idle',
  async run({ isQuick }): Promise<Figure[]> {
    const times = isQuick ? 3 : TIMES;
    const starts: number[] = [];
    const baselines: number[] = [];
    // The first start makes the database.
    const first = await startDaemon();
    await first.stop();
    for (let time = 0; time < times; time += 1) {
      baselines.push(timeOf("await Promise.all([import('express'), import('typeorm')])"));
      const daemon = await startDaemon(first.directory);
      starts.push(daemon.startMs);
      await daemon.stop();
    }
    const daemon = await startDaemon(first.directory);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const rss = daemon.rss() / MEGABYTE;
    await daemon.stop();
    return [
      {
        row: 'start to ready / node with Express and TypeORM',
        subject: milliseconds(median(starts)),
        baseline: milliseconds(median(baselines)),
        ratio: median(starts) / median(baselines),
        bar: { most: 3.5 },
      },
      {
        row: 'idle memory / 90 MB',
        subject: `${rss.toFixed(0)} MB`,
        baseline: '90 MB',
        ratio: rss / 90,
        bar: { most: 1 },
      },
    ];
  },
};

/** How long a Node takes that runs this and ends, in milliseconds. */
function timeOf(script: string): number {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node -e ended with ${status}`);
  return performance.now() - began;
}
