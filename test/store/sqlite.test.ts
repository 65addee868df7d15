import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformance, type Place } from './conformance.ts';

async function makePlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'accredit-store-'));
  const files = ['accredit.db', 'accredit.db-wal'].map((name) => join(directory, 'data', name));
  return {
    options: { dataDirectory: join(directory, 'data') },
    async fingerprint() {
      const hash = createHash('sha256');
      for (const file of files) hash.update(existsSync(file) ? readFileSync(file) : 'none');
      return hash.digest('hex');
    },
    async remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe('the store on SQLite', () => conformance(makePlace));
