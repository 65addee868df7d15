/** The table. */
import type { Figure } from './rows/row.ts';

/** Whether the figure is what it has to be; undefined where nothing is asked of it. */
export function isMet({ ratio, bar }: Figure): boolean | undefined {
  if (bar === undefined) return undefined;
  return ratio >= (bar.least ?? 0) && ratio <= (bar.most ?? Number.POSITIVE_INFINITY);
}

/** The figures as a table in Markdown. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.row + (figure.note === undefined ? '' : ` (${figure.note})`),
    figure.subject,
    figure.baseline,
    figure.ratio.toFixed(2),
    barOf(figure),
    { true: 'yes', false: 'no', undefined: '' }[String(isMet(figure)) as 'true'],
  ]);
  const head = ['figure', 'Accredit', 'baseline', 'ratio', 'bar', 'met'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function barOf({ bar }: Figure): string {
  if (bar?.least !== undefined) return `>= ${bar.least}`;
  return bar?.most === undefined ? '' : `<= ${bar.most}`;
}
