/** One process is the daemon or the command, and pays for nothing of the other. */
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { freshDirectory } from '../daemon/directory.ts';

/** Prints, when the process ends, which CommonJS modules it has loaded; all packages in question are some. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(
  "import m from 'node:module'; process.on('exit', () => process.stderr.write(Object.keys(m._cache).join('\\n')));",
)}`;

describe('the command "accredit"', () => {
  const directory = freshDirectory();

  async function loadedBy(words: readonly string[]): Promise<Set<string>> {
    const running = directory().run(words, { env: { NODE_OPTIONS: `--import=${TELL_MODULES}` } });
    expect(await running.exit, running.stderr()).to.equal(0);
    const packages = [...running.stderr().matchAll(/node_modules\/(@[^/]+\/[^/]+|[^/\n]+)/g)];
    return new Set(packages.map(([, name]) => name as string));
  }

  it('loads neither database nor server for a verb of the command line', async () => {
    const loaded = await loadedBy(['token']);
    expect(loaded).to.include('commander');
    for (const name of ['typeorm', 'sqlite3', 'pg', 'express', 'pino', 'helmet'])
      expect([...loaded]).to.not.include(name);
  });

  it('loads the parser of manifests where there is one to read, and nowhere else', async () => {
    expect([...(await loadedBy(['token', 'new']))]).to.not.include('yaml');
    writeFileSync(directory().file('a.yaml'), 'manifest: m\n');
    expect(await loadedBy(['validate', directory().file('a.yaml')])).to.include('yaml');
  });

  it('loads nothing of the command line for the daemon', async () => {
    const loaded = await loadedBy(['init']);
    expect(loaded).to.include('typeorm');
    expect([...loaded]).to.not.include('commander');
  });
});
