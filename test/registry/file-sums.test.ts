/** What the files of the packages hold is read once, and again whenever it may have changed. */
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileSums } from '../../daemon/registry/file-sums.ts';

describe('the sums of files', () => {
  let directory: string;
  let path: string;
  let sums: FileSums;
  let ahead: number;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'accredit-sums-'));
    path = join(directory, 'file');
    ahead = 60_000;
    sums = new FileSums(() => Date.now() + ahead);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  async function opened<T>(act: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await open(path);
    try {
      return await act(file);
    } finally {
      await file.close();
    }
  }
  /** How often it has been read since. */
  function readsOf(file: FileHandle): () => number {
    let reads = 0;
    const { createReadStream } = file;
    file.createReadStream = (options) => {
      reads += 1;
      return createReadStream.call(file, options);
    };
    return () => reads;
  }
  const sum = () => opened((file) => sums.of(path, file));

  it('are those of what is there, also where it was written twice in a moment that times do not tell apart', async () => {
    ahead = 0;
    for (const text of ['one', 'two', 'longer', '']) {
      writeFileSync(path, text);
      utimesSync(path, 1, 1);
      expect(await sum()).to.equal(sha256(text));
    }
    await opened(async (file) => {
      const reads = readsOf(file);
      for (let round = 0; round < 3; round += 1) await sums.of(path, file);
      expect(reads()).to.equal(3);
    });
  });

  it('are those of what is there when another file has taken its place', async () => {
    writeFileSync(path, 'text');
    expect(await sum()).to.equal(sha256('text'));
    writeFileSync(`${path}.new`, 'more');
    renameSync(`${path}.new`, path);
    expect(await sum()).to.equal(sha256('more'));
  });

  it('are read once for all who ask, and the file can still be read from its beginning', async () => {
    writeFileSync(path, 'text');
    await opened(async (file) => {
      const reads = readsOf(file);
      const all = await Promise.all([sums.of(path, file), sums.of(path, file), sums.of(path, file)]);
      all.push(await sums.of(path, file));
      expect(new Set(all)).to.deep.equal(new Set([sha256('text')]));
      expect(reads()).to.equal(1);
      expect(await file.readFile('utf8')).to.equal('text');
    });
  });

  it('are not remembered of a file that could not be read', async () => {
    writeFileSync(path, 'text');
    const file = await open(path);
    const asked = sums.of(path, file).catch((error) => error);
    await file.close();
    await asked;
    expect(await sum()).to.equal(sha256('text'));
  });
});
