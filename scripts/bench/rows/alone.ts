/** Operations a second of one thing in a process that does nothing else. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Result } from '../load.ts';

/** `sign` or `commit`, for so many seconds. */
export async function alone(name: 'sign' | 'commit', seconds: number): Promise<Result> {
  const file = join(import.meta.dirname, '../baselines/alone.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file, name, String(seconds)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} alone failed: ${stderr}`);
  const perSecond = Number(stdout);
  const each = 1000 / perSecond;
  return { perSecond, requests: Math.round(perSecond * seconds), p50: each, p99: each, failed: 0 };
}
