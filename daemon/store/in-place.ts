/** Whether files still are where they were: what is written to a file that has no name any more is lost. */
import { statSync } from 'node:fs';

/** A file is not at its path any more. */
export class FileMoved extends Error {
  override readonly name = 'FileMoved';
}

/** What makes a file the same one, whatever its content; undefined where none is. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

/**
 * A check that the files at `paths` are those that are there now; a path at which none is now is not looked at. The check throws
 * `FileMoved`, which names the first that was moved, deleted or replaced. It looks at the names only, which takes microseconds.
 */
export function inPlace(paths: readonly string[]): () => void {
  const known = paths.map((path) => [path, identityOf(path)] as const).filter(([, identity]) => identity !== undefined);
  return () => {
    for (const [path, identity] of known) {
      if (identityOf(path) !== identity) {
        throw new FileMoved(
          `${path} was moved, deleted or replaced: nothing is written until it is back or the daemon is started again`,
        );
      }
    }
  };
}
