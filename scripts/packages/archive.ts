/** Zip files whose bytes depend on nothing but what is in them. */
import { zipSync } from 'fflate';

/** UNIX, whose modes Terraform then applies to what it unpacks. */
const MADE_ON_UNIX = 3;
const EXECUTABLE = 0o100755 * 0x10000;

/**
 * A zip file with one executable. The compression is done in JavaScript: that of Node's zlib differs from one processor and version to
 * the next.
 */
export function archive(name: string, executable: Uint8Array): Uint8Array {
  // The first that a zip file can hold. It holds local time, so the same one is written in every zone.
  const mtime = new Date(1980, 0, 1);
  return zipSync({ [name]: [executable, { os: MADE_ON_UNIX, attrs: EXECUTABLE, mtime, level: 6 }] });
}
