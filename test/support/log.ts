/** What a daemon logs of what it has not foreseen. */

const LEVELS: readonly unknown[] = ['error', 'fatal'];

/** The lines that tell of a defect, whatever the answer has said of it; `log` as `TestDaemon` has it. */
export function failuresIn(log: readonly string[]): string[] {
  return log.filter((line) => LEVELS.includes((JSON.parse(line) as { level?: unknown }).level));
}
