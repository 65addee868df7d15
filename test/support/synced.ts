/** What a piece of work has synced: files and directories that outlive the machine's next crash. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** The paths that `work` has synced, at the time of each. Linux only: a descriptor is asked for its path. */
export function syncedBy(work: () => void): string[] {
  const paths: string[] = [];
  const { fsyncSync } = fs;
  fs.fsyncSync = (file) => {
    fsyncSync(file);
    paths.push(fs.readlinkSync(`/proc/self/fd/${file}`));
  };
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
  }
  return paths;
}
