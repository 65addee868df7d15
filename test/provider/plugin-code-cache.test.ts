/** Compiled code is kept for the next start, and whatever is wrong with what is kept changes nothing but the time that it takes. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { bundleProvider } from '../../scripts/build-provider.ts';
import { cacheDirectory, compile } from '../../terraform-provider/plugin/code-cache.ts';
import { RPC_NAMES } from '../../terraform-provider/plugin/descriptors.ts';
import { TerraformCore } from './core/terraform-core.ts';

/** A script of two functions, one of which never runs; all sources are equally long, which is all that V8 looks at. */
function source(answer: string, filename: string) {
  const text = `(function(){function unused(){return 0}function used(){return ${answer}}return used()})`;
  return { text, filename, bytes: Buffer.from(text) };
}

function run(directory: string | undefined, answer = '12', filename = 'source.js') {
  const compiled = compile(source(answer, filename), directory);
  return { compiled, covers: compiled.covers, result: compiled.script.runInThisContext()() as unknown };
}

describe('The compiled code of the provider', function () {
  this.timeout(30_000);
  let root: string;
  let directory: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'accredit-code-cache-test-'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(() => {
    directory = join(mkdtempSync(join(root, 'x-')), 'below', 'kept');
  });

  /** Keeps the code of the source that answers 12, and says in which file. */
  function keep(covers = 5): string {
    const { compiled } = run(directory);
    compiled.keep(covers);
    return join(directory, readdirSync(directory)[0] as string);
  }

  it('is found again, with what it covers, in a directory and a file that only this user can enter and write', () => {
    expect(run(directory)).to.include({ covers: 0, result: 12 });
    const file = keep(2 ** 32 - 1);
    expect(statSync(directory).mode & 0o777).to.equal(0o700);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(directory)).to.have.length(1);
    expect(run(directory)).to.include({ covers: 2 ** 32 - 1, result: 12 });
  });

  it('is not taken for another source, though V8 would take it for any of that length', () => {
    const file = keep();
    expect(run(directory, '34')).to.include({ covers: 0, result: 34 });
    run(directory, '34').compiled.keep(1);
    const other = readdirSync(directory).find((name) => !file.endsWith(name)) as string;
    renameSync(file, join(directory, other));
    expect(run(directory, '34')).to.include({ covers: 0, result: 34 });
  });

  it('is compiled anew when V8 does not take it', () => {
    const file = keep();
    const name = file.slice(directory.length + 1);
    const rest = Buffer.concat([Buffer.from([5, 0, 0, 0]), Buffer.from('data of another V8, or of none')]);
    writeFileSync(file, Buffer.concat([createHash('sha256').update(name).update(rest).digest(), rest]));
    // Under another name, for V8 does not even look at the data of a script that it has in memory.
    const { compiled, covers, result } = run(directory, '12', 'unseen.js');
    expect({ covers, result }).to.deep.equal({ covers: 0, result: 12 });
    compiled.keep(3);
    expect(run(directory, '12', 'another.js')).to.include({ covers: 3, result: 12 });
  });

  it('is compiled anew when any part of the file is not as it was written', () => {
    const file = keep();
    const good = readFileSync(file);
    const damage = fc.oneof(
      fc.record({ at: fc.nat(good.length - 1), bit: fc.nat(7) }).map(({ at, bit }) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        return bytes;
      }),
      fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => Buffer.concat([good, more])),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(damage, (bytes) => {
        writeFileSync(file, bytes);
        expect(run(directory)).to.include({ covers: 0, result: 12 });
      }),
      { numRuns: 300 },
    );
    writeFileSync(file, good);
    expect(run(directory)).to.include({ covers: 5, result: 12 });
  });

  it('is neither read nor written where somebody else could have put it', () => {
    const unsafe: [string, (file: string) => void][] = [
      ['a directory that a group can enter', () => chmodSync(directory, 0o750)],
      ['a directory that all can write to', () => chmodSync(directory, 0o777)],
      ['a link to a directory', () => moveAndLink(directory)],
    ];
    for (const [what, spoil] of unsafe) {
      directory = join(mkdtempSync(join(root, 'x-')), 'kept');
      const file = keep();
      spoil(file);
      const { compiled, covers, result } = run(directory);
      expect({ covers, result }, what).to.deep.equal({ covers: 0, result: 12 });
      rmSync(file);
      compiled.keep(1);
      expect(existsSync(file), what).to.equal(false);
    }
  });

  it('is not read from a file that somebody else could have written', () => {
    const unsafe: [string, (file: string) => void][] = [
      ['a file that a group can write to', (file) => chmodSync(file, 0o620)],
      ['a link to a file', moveAndLink],
      ['a directory', (file) => [rmSync(file), mkdirSync(file)]],
    ];
    for (const [what, spoil] of unsafe) {
      directory = join(mkdtempSync(join(root, 'x-')), 'kept');
      spoil(keep());
      expect(run(directory), what).to.include({ covers: 0, result: 12 });
    }
  });

  it('is not read when it belongs to somebody else', function () {
    if (process.getuid?.() !== 0) this.skip();
    const file = keep();
    chownSync(file, 12345, 12345);
    expect(run(directory)).to.include({ covers: 0, result: 12 });
    chownSync(file, 0, 0);
    expect(run(directory)).to.include({ covers: 5, result: 12 });
    chownSync(directory, 12345, 12345);
    expect(run(directory)).to.include({ covers: 0, result: 12 });
  });

  it('is kept for a few builds, and the oldest goes first', () => {
    const first = keep();
    utimesSync(first, 1, 1);
    for (let answer = 20; answer < 28; answer += 1) run(directory, String(answer)).compiled.keep(1);
    expect(readdirSync(directory)).to.have.length(8);
    expect(existsSync(first)).to.equal(false);
  });

  it('has its place among the caches of the user, or none', () => {
    const place = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform = 'linux') => cacheDirectory(env, platform);
    expect(place({ HOME: '/h/a' })).to.equal('/h/a/.cache/accredit-terraform-provider');
    expect(place({ HOME: '/h/a', XDG_CACHE_HOME: '/c' })).to.equal('/c/accredit-terraform-provider');
    expect(place({ HOME: '/h/a' }, 'darwin')).to.equal('/h/a/Library/Caches/accredit-terraform-provider');
    for (const env of [{}, { HOME: '' }, { HOME: 'relative' }, { HOME: '/h/a', NODE_DISABLE_COMPILE_CACHE: '1' }]) {
      expect(place(env), JSON.stringify(env)).to.equal(undefined);
    }
    expect(place({ HOME: '/h/a' }, 'win32')).to.equal(undefined);
    expect(run(undefined)).to.include({ covers: 0, result: 12 });
    run(undefined).compiled.keep(1);
  });

  describe('of a process', () => {
    let executable: string;
    before(async () => {
      executable = join(root, 'terraform-provider-double');
      writeFileSync(executable, await bundleProvider(fileURLToPath(new URL('plugin-double.ts', import.meta.url))));
      chmodSync(executable, 0o755);
    });

    /** Starts a provider, asks for its schema and the like, and ends it. Answers what it said about its code. */
    async function start(
      env: Record<string, string>,
      asks: (core: TerraformCore) => Promise<unknown> = (core) => core.schema(),
    ) {
      const core = await TerraformCore.launch({ command: [executable], env: { TF_LOG: 'debug', ...env } });
      await asks(core);
      expect(await core.shutdown()).to.deep.equal({ code: 0, signal: null });
      return /"codeCovers":(\d+)/.exec(core.process.stderr())?.[1];
    }

    it('has a bit for every RPC', () => {
      expect(RPC_NAMES.length).to.be.at.most(32);
    });

    it('is kept when it has answered, and again when another RPC was answered, and then no more', async () => {
      const env = { XDG_CACHE_HOME: join(root, 'process') };
      const files = () => {
        const kept = join(root, 'process', 'accredit-terraform-provider');
        return readdirSync(kept).map((name) => `${name} ${lstatSync(join(kept, name)).ino}`);
      };
      const alsoReads = async (core: TerraformCore) => {
        await core.schema();
        await core.call('ReadResource', { type_name: 'double_thing', private: new Uint8Array() });
      };
      expect(await start(env)).to.equal('0');
      const first = files();
      expect(first).to.have.length(1);
      expect(await start(env)).to.not.equal('0');
      expect(files()).to.deep.equal(first);
      await start(env, alsoReads);
      const second = files();
      expect(second).to.have.length(1).and.to.not.deep.equal(first);
      await start(env, alsoReads);
      expect(files()).to.deep.equal(second);
    });

    it('does not matter when it is damaged, or nothing can be kept', async () => {
      const cache = join(root, 'damaged');
      await start({ XDG_CACHE_HOME: cache });
      const kept = join(cache, 'accredit-terraform-provider');
      const file = join(kept, readdirSync(kept)[0] as string);
      const good = readFileSync(file);
      writeFileSync(file, Buffer.concat([good.subarray(0, 40), Buffer.alloc(good.length - 40, 0x5a)]));
      expect(await start({ XDG_CACHE_HOME: cache })).to.equal('0');
      expect(await start({ XDG_CACHE_HOME: cache })).to.not.equal('0');
      expect(await start({ XDG_CACHE_HOME: executable })).to.equal('0');
      expect(await start({ XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: '1' })).to.equal('0');
    });
  });
});

/** Moves it away and leaves a symbolic link to it. */
function moveAndLink(path: string): void {
  renameSync(path, `${path}-elsewhere`);
  symlinkSync(`${path}-elsewhere`, path);
}
