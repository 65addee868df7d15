/** A container file as data, and as the shell script that it amounts to where there is no container engine. */

export interface Step {
  readonly instruction: string;
  readonly words: string;
}

/** Its stages, each a list of steps behind its FROM. Comments and continued lines are resolved. */
export function stagesOf(text: string): Step[][] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Step[][] = [];
  for (const line of lines) {
    const [, instruction = '', words = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (instruction === '') throw new Error(`not an instruction: ${line}`);
    if (instruction === 'FROM') stages.push([]);
    (stages.at(-1) as Step[]).push({ instruction, words });
  }
  return stages;
}

export function wordsOf(stage: readonly Step[], instruction: string): string[] {
  return stage.filter((step) => step.instruction === instruction).map(({ words }) => words);
}

/** The variables of an ENV instruction without quotes. */
export function variablesOf(stage: readonly Step[]): Record<string, string> {
  const pairs = wordsOf(stage, 'ENV').flatMap((words) => words.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}
