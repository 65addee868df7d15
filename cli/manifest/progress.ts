/** What is going on, on one line of a terminal; elsewhere nothing. */
import type { Output } from '../output.ts';
import type { Progress } from './apply.ts';

const TICK = 1000;
const ERASE = '\r\u001b[K';

/** Shows work that takes longer than a moment. */
export function progressOn(output: Output): Progress {
  if (!output.isTerminal) return { begin: () => undefined, advance: () => undefined, end: () => undefined };
  let timer: NodeJS.Timeout | undefined;
  let text = '';
  let total: number | undefined;
  let done = 0;
  let began = 0;
  const end = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    output.write(ERASE);
  };
  const show = () => {
    const seconds = Math.round((performance.now() - began) / 1000);
    const line = `${text}${total === undefined ? '' : ` ${done}/${total}`}, ${seconds} s`;
    // A line that wraps cannot be erased.
    output.write(`${ERASE}${line.slice(0, (output.width() ?? 80) - 1)}`);
  };
  return {
    begin(what, count) {
      end();
      [text, total, done, began] = [what, count, 0, performance.now()];
      timer = setInterval(show, TICK).unref();
    },
    advance() {
      done += 1;
    },
    end,
  };
}
