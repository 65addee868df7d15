/** Secrets on their way out through a stream. */
import { fstatSync } from 'node:fs';
import { appendDurablyTo } from './manifest/durable.ts';

/**
 * Resolves when the stream has taken all of `text`; where it leads to a file, when that is on the disk. What a reader at the other end of a
 * pipe makes of it, nobody learns. Rejects with the error of the system: `EPIPE` where nobody reads.
 */
export async function handOver(stream: NodeJS.WritableStream, text: string): Promise<void> {
  const file = fileOf(stream);
  if (file !== undefined) appendDurablyTo(file, text);
  else await new Promise<void>((settle, reject) => stream.write(text, (error) => (error ? reject(error) : settle())));
}

/** The same for what is no secret: nobody has to read it. */
export async function report(stream: NodeJS.WritableStream, text: string): Promise<void> {
  try {
    await handOver(stream, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** The descriptor of the file that the stream writes to; `undefined` for pipes, terminals, devices and streams without one. */
function fileOf(stream: NodeJS.WritableStream): number | undefined {
  const { fd } = stream as { readonly fd?: unknown };
  return typeof fd === 'number' && fstatSync(fd).isFile() ? fd : undefined;
}
