/** A question to whoever sits at the terminal. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError, EXIT, Interrupted } from './exit.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Ends a question that is open. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks `question` until it is answered with "yes", "y", "no", "n" or nothing, which is no, as the end of input is.
 * Rejects with `CliError` (status `notConfirmed`) where nobody can be asked, naming `instead`, the flag that answers, with
 * `Interrupted` at Ctrl-C, and with the reason of the signal.
 */
export async function confirm(
  question: string,
  { input, output, signal }: Terminal,
  instead = '--yes',
): Promise<boolean> {
  if (!input.isTTY || !output.isTTY) {
    throw new CliError(`this needs a confirmation, and there is no terminal to ask for it: give ${instead}`, {
      status: EXIT.notConfirmed,
      code: 'not-confirmed',
    });
  }
  for (;;) {
    const answer = await ask(`${question} [y/N] `, { input, output, signal });
    if (answer === undefined || /^\s*(n|no)?\s*$/i.test(answer)) return false;
    if (/^\s*(y|yes)\s*$/i.test(answer)) return true;
    output.write('Please answer yes or no.\n');
  }
}

/** The next line; `undefined` at the end of input. */
function ask(question: string, { input, output, signal }: Terminal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const lines = createInterface({ input, output, terminal: true });
    let settled = false;
    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener('abort', abort);
      lines.close();
      finish();
    };
    const abandon = (reason: unknown) => {
      output.write('\n');
      settle(() => reject(reason));
    };
    const abort = () => abandon(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    // A terminal that is asked sends no signal for Ctrl-C.
    lines.on('SIGINT', () => abandon(new Interrupted()));
    lines.on('close', () => {
      if (!settled) output.write('\n');
      settle(() => resolve(undefined));
    });
    lines.question(question, (answer) => settle(() => resolve(answer)));
  });
}

/** All of standard input; on a terminal one line, asked for and not shown. Rejects like `confirm` at Ctrl-C and the signal. */
export async function readSecret(question: string, { input, output, signal }: Terminal): Promise<string> {
  if (!input.isTTY) {
    let text = '';
    for await (const chunk of input) text += String(chunk);
    return text;
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = ask('', { input, output: silent, signal });
  // Not before: until then the terminal itself shows what is typed.
  output.write(question);
  try {
    return (await answer) ?? '';
  } finally {
    output.write('\n');
  }
}
