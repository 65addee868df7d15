/** A strict reader of the text exposition format, version 0.0.4: it takes what is right and nothing else. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*';
const NUMBER = '[+-]?(?:Inf|NaN|\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*",?)*)\\})? (${NUMBER})$`);
const PAIR = new RegExp(`(${LABEL})="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"(,|$)`, 'y');
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/** The families in `text` by name. Throws an `Error` that says which line is wrong and why. */
export function readExposition(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, MetricFamily & { samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current: (MetricFamily & { samples: Sample[] }) | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === '') continue;
    const described = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line);
    if (described !== null) {
      help = { name: described[1] as string, text: described[2] as string };
      continue;
    }
    const typed = new RegExp(`^# TYPE (${NAME}) ([a-z]+)$`).exec(line);
    if (typed !== null) {
      const [, name = '', type = ''] = typed;
      if (help?.name !== name) return wrong('no help before the type');
      if (!TYPES.has(type)) wrong('an unknown type');
      if (families.has(name)) wrong('a second family of this name');
      current = { name, type, help: help.text, samples: [] };
      families.set(name, current);
      continue;
    }
    if (line.startsWith('#')) wrong('a comment that is neither help nor type');
    const found = SAMPLE.exec(line);
    if (found === null) return wrong('no sample');
    const [, name = '', labels = '', value = ''] = found;
    if (current === undefined || !suffixesOf(current.type).some((suffix) => name === current?.name + suffix)) {
      return wrong('a sample outside its family');
    }
    const sample = { name, labels: readLabels(labels), value: readNumber(value) };
    const key = `${name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) wrong('a second sample with these labels');
    seen.add(key);
    current.samples.push(sample);
  }
  for (const family of families.values()) requireSound(family);
  return families;
}

function suffixesOf(type: string): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return type === 'summary' ? ['', '_sum', '_count'] : [''];
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const pair = PAIR.exec(text);
    if (pair === null) throw new Error(`labels that cannot be read: ${text}`);
    const [, name = '', value = ''] = pair;
    if (name in labels) throw new Error(`a label twice: ${text}`);
    labels[name] = value.replaceAll(/\\([\\"n])/g, (_match, sign: string) => (sign === 'n' ? '\n' : sign));
  }
  return labels;
}

function readNumber(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

/** Counters count up from 0; the buckets of a histogram hold those before them, the last one all. */
function requireSound({ name, type, samples }: MetricFamily): void {
  if (type === 'counter') {
    for (const { value } of samples) if (!(value >= 0)) throw new Error(`${name} counts ${value}`);
  }
  if (type !== 'histogram') return;
  const byLabels = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    byLabels.set(key, [...(byLabels.get(key) ?? []), sample]);
  }
  for (const [labels, series] of byLabels) {
    const buckets = series.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map((one) => readNumber(one.labels.le ?? 'NaN'));
    const counts = buckets.map(({ value }) => value);
    const total = series.find((one) => one.name === `${name}_count`)?.value;
    const isAscending = (values: number[]) =>
      values.every((value, index) => index === 0 || value >= (values[index - 1] as number));
    const isSound = isAscending(bounds) && isAscending(counts) && bounds.at(-1) === Number.POSITIVE_INFINITY;
    if (!isSound || counts.at(-1) !== total || !series.some((one) => one.name === `${name}_sum`)) {
      throw new Error(`${name}${labels} is no histogram`);
    }
  }
}
