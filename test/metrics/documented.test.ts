/** What docs/operations.md says is what there is. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { describeSettings } from '../../daemon/config.ts';
import { families } from '../../daemon/metrics/families.ts';
import { DECISIONS, Recorder } from '../../daemon/metrics/recorder.ts';
import { routeOf } from '../../daemon/metrics/routes.ts';
import { readText } from '../architecture/sources.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { startTestDaemon } from '../support/daemon.ts';

const text = readText('docs/operations.md');

/** The cells of the rows whose first cell names metrics, one row a metric. */
const rows = new Map(
  [...text.matchAll(/^\| `(accredit_[a-z_]+)` \|([^|]*)\| (.+) \|$/gm)].map(
    ([, name = '', labels = '', meaning = '']) => [
      name,
      { labels: [...labels.replaceAll(/\([^)]*\)/g, '').matchAll(/`([a-z]+)`/g)].map(([, label]) => label), meaning },
    ],
  ),
);

const recorder = new Recorder();
recorder.ended({ method: 'GET', path: '/v1/authorize', status: 200, seconds: 1 });
recorder.maintainedAt = 1;
const own = families(recorder, {
  version: '1',
  statistics: () => ({
    decisions: { hits: 1, misses: 1, invalidations: 1, entries: 1, limit: 1, rows: 1 },
    waitingUses: 1,
  }),
  queueDepth: () => 1,
  totals: async () => [{ kind: 'app_token', count: 1, ending: [1, 1] }],
});

describe('docs/operations.md', () => {
  const blocks = ownBlocks('test/metrics/documented.test.ts');

  it('makes an account that may read the metrics, by commands that are pasted', async () => {
    const daemon = await startTestDaemon();
    const directory = mkdtempSync(join(tmpdir(), 'accredit-operations-'));
    try {
      mkdirSync(join(directory, 'data'));
      writeFileSync(join(directory, 'data/admin-token'), `${daemon.adminToken}\n`);
      const script = blocks
        .takeAll()
        .join('')
        .replaceAll('http://127.0.0.1:7345', daemon.url)
        .replaceAll('curl -s', 'curl -fs');
      const { stdout, stderr } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: directory,
      });
      const [, secret = ''] = /"secret":"([^"]+)"/.exec(stdout) ?? [];
      const answer = await fetch(`${daemon.url}/metrics`, { headers: { Authorization: `Bearer ${secret}` } });
      expect(answer.status, stderr).to.equal(200);
    } finally {
      rmSync(directory, { recursive: true });
      await daemon.close();
    }
  });

  it('lists every metric, and no other', () => {
    expect([...rows.keys()]).to.have.members(own.map(({ name }) => name));
  });

  it('lists the labels of every metric, and no other', async () => {
    for (const { name, samples } of own) {
      const labels = new Set([...(await samples())].flatMap((sample) => Object.keys(sample.labels ?? {})));
      labels.delete('le');
      expect(rows.get(name)?.labels, name).to.have.members([...labels]);
    }
  });

  it('names every outcome of a decision, and every route', () => {
    const meaning = (name: string) => rows.get(name)?.meaning;
    for (const decision of DECISIONS) expect(meaning('accredit_decisions_total')).to.include(`\`${decision}\``);
    const paths = [
      ...['/v1/authorize', '/v1/introspect', '/v1/self', '/v1/oauth/token', '/v1/organizations', '/scim/v2/Users'],
      ...['/healthz', '/metrics', '/openapi.json', '/terraform/mirror/', '/else'],
    ];
    const named = /`route` is ([^;]+);/.exec(meaning('accredit_http_requests_total') ?? '')?.[1] ?? '';
    const routes = [...named.matchAll(/`([a-z]+)`/g)].map(([, route]) => route);
    expect(routes).to.have.members(paths.map(routeOf));
  });

  it('asks in its alerts for metrics that there are', () => {
    const asked = [...text.matchAll(/(accredit_[a-z_]+)[{[ ]/g)].map(([, name]) => name as string);
    expect(new Set(asked)).to.have.property('size').that.is.at.least(3);
    for (const name of asked) expect([...rows.keys()], name).to.include(name);
  });

  it('names only settings that there are', () => {
    const named = [...text.matchAll(/\bACCREDIT_[A-Z_]+\b/g)].map(([name]) => name);
    expect(named.length).to.be.above(4);
    for (const name of named) expect(describeSettings()).to.include(name);
  });
});
