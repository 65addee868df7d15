/** The process that makes the load: reads what it is to do from standard input, writes what came of it. */
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import type { Load, Result } from './load.ts';
import { steady } from './steady.ts';

const asked = JSON.parse(await text(process.stdin)) as Load;
process.stdout.write(JSON.stringify(await (asked.rate === undefined ? saturate(asked) : steady(asked))));

/** As many requests as the server takes. */
async function saturate({ url, connections, seconds, requests, from = 0 }: Load): Promise<Result> {
  let next = from;
  const found = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: requests.map(({ method = 'GET', path, headers = {}, body }) => ({
      method: method as 'GET',
      path,
      headers: { ...headers },
      ...(body !== undefined && { body }),
      ...(path.includes('{n}') && {
        setupRequest: (request) => {
          next += 1;
          return { ...request, path: path.replace('{n}', String(next)) };
        },
      }),
    })),
  });
  return {
    perSecond: found.requests.average,
    requests: found.requests.total,
    p50: found.latency.p50,
    p99: found.latency.p99,
    failed: found.non2xx + found.errors + found.timeouts,
  };
}
