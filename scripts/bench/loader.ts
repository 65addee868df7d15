/** The process that makes the load: reads what it is to do from standard input, writes what came of it. */
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import type { Load, Result } from './load.ts';

const { url, connections, seconds, requests, rate, from = 0 } = JSON.parse(await text(process.stdin)) as Load;
let next = from;

const found = await autocannon({
  url,
  connections,
  duration: seconds,
  ...(rate !== undefined && { overallRate: rate }),
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
const result: Result = {
  perSecond: found.requests.average,
  requests: found.requests.total,
  p50: found.latency.p50,
  p99: found.latency.p99,
  failed: found.non2xx + found.errors + found.timeouts,
};
process.stdout.write(JSON.stringify(result));
