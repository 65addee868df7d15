/**
 * Runs the provider from its one file: begins, and then compiles the rest, which takes longer, while Terraform connects. Bundled
 * apart from it. The three names are parameters of the function that the bundle is the body of.
 */
import { begin } from './plugin/begin.ts';
import { cacheDirectory, compile } from './plugin/code-cache.ts';
import { log } from './plugin/log.ts';

/** The executable, what is in it, and the part of that which is the provider. */
declare const file: string;
declare const bytes: Buffer;
declare const provider: string;

begin().then((begun) => {
  if (begun === undefined) return;
  const compiled = compile(
    { text: `(function(require,compiled,begun){${provider}\n})`, filename: file, bytes },
    cacheDirectory(process.env),
  );
  log.debug('compiled', { codeCovers: compiled.covers });
  compiled.script.runInThisContext()(require, compiled, begun);
});
