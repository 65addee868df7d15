/** The small provider of plugin-double.ts as an executable, and the processes that a test starts of it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProvider } from '../../scripts/build-provider.ts';
import type { LaunchedProcess } from './core/process.ts';
import { TerraformCore } from './core/terraform-core.ts';

export interface PluginBench {
  /** Removed after the suite. */
  readonly directory: string;
  /** Starts the small provider. */
  readonly command: [string];
  /** Starts the small provider as Terraform does. It ends after the test. */
  launch(env?: Record<string, string | undefined>, tls?: boolean): Promise<TerraformCore>;
  /** Ends after the test what the test has started itself. */
  endAfterwards(started: LaunchedProcess): void;
}

/** TF_PLUGIN_MAGIC_COOKIE as Terraform sets it: not taken from the provider, which is held to it. */
export const COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';

/** The source in which the small provider begins. */
export const DOUBLE = fileURLToPath(new URL('plugin-double.ts', import.meta.url));

/** Puts the provider that begins in the source `main` at `path`, as an executable. */
export async function installProvider(path: string, main: string): Promise<void> {
  writeFileSync(path, await bundleProvider(main));
  chmodSync(path, 0o755);
}

/** Gives the suite around it the small provider; `bench()` is there once its tests run. */
export function usePlugin(): () => PluginBench {
  let bench: PluginBench | undefined;
  const children: LaunchedProcess[] = [];
  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'accredit-plugin-test-'));
    // Its compiled code is to go with it.
    process.env.XDG_CACHE_HOME = join(directory, 'cache');
    const command: [string] = [join(directory, 'terraform-provider-double')];
    bench = {
      directory,
      command,
      async launch(env = {}, tls = true) {
        const core = await TerraformCore.launch({ command, env, tls });
        children.push(core.process);
        return core;
      },
      endAfterwards: (started) => void children.push(started),
    };
    await installProvider(command[0], DOUBLE);
  });
  after(() => {
    delete process.env.XDG_CACHE_HOME;
    if (bench !== undefined) rmSync(bench.directory, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const { child, exit } of children.splice(0)) {
      // Not SIGKILL, which would leave the socket behind.
      child.kill('SIGTERM');
      await exit;
    }
  });
  return () => {
    if (bench === undefined) throw new Error('the provider is built only when the tests run');
    return bench;
  };
}
