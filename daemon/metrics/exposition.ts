/** The metrics as Prometheus reads them. */
import type { Metric, Registry } from 'prom-client';
import type { Family } from './families.ts';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Shows `families`, and what there is to say of the process. */
export class Exposer {
  readonly #families: readonly Family[];
  #registry: Promise<Registry> | undefined;

  constructor(families: readonly Family[]) {
    this.#families = families;
  }

  /** The text exposition format, version 0.0.4. */
  async expose(): Promise<Exposition> {
    this.#registry ??= registryOf(this.#families);
    const [own, ofProcess] = await Promise.all([this.#registry, processRegistry()]);
    const text = `${await own.metrics()}\n${await ofProcess.metrics()}`;
    // The format knows one spelling for what is no number, and the library has another.
    return { contentType: own.contentType, text: text.replaceAll(/ Nan$/gm, ' NaN') };
  }
}

/** Loaded once somebody asks: it takes a tenth of the memory of an idle daemon, and most of a start. */
const load = () => import('prom-client').then((module) => module.default);

async function registryOf(families: readonly Family[]): Promise<Registry> {
  const { Registry: Own } = await load();
  const registry = new Own();
  for (const family of families) registry.registerMetric(collected(family));
  return registry;
}

/** One registry for however many daemons are in the process: what they observe is the same. */
let ofProcess: Promise<Registry> | undefined;

function processRegistry(): Promise<Registry> {
  ofProcess ??= load().then(({ Registry: Own, collectDefaultMetrics }) => {
    const register = new Own();
    collectDefaultMetrics({ register });
    return register;
  });
  return ofProcess;
}

/** A metric whose samples are made when it is asked for them; all that a registry wants of one. */
function collected({ name, help, type, samples }: Family): Metric {
  const metric = {
    name,
    async get() {
      const values = [...(await samples())].map(({ suffix = '', labels = {}, value }) => ({
        metricName: name + suffix,
        labels,
        value,
      }));
      return { name, help, type, values, aggregator: 'sum' };
    },
  };
  return metric as unknown as Metric;
}
