/**
 * Runs the provider from its one file. Bundled apart from it: this is what reads, before there is anything else, the compiled form of
 * the rest. The three names are parameters of the function that the bundle is the body of.
 */
import { cacheDirectory, compile } from './plugin/code-cache.ts';

/** The executable, what is in it, and the part of that which is the provider. */
declare const file: string;
declare const bytes: Buffer;
declare const provider: string;

const compiled = compile(
  { text: `(function(require,compiled){${provider}\n})`, filename: file, bytes },
  cacheDirectory(process.env),
);
compiled.script.runInThisContext()(require, compiled);
