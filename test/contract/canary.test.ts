/** Secrets that were planted everywhere a secret can come by are found nowhere that we write. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Bench, onEveryDatabase, uniqueName } from './bench.ts';

onEveryDatabase('planted secrets', (bench) => {
  it('are in no file of the data directory, database, log, list, audit event, metric or error body', async () => {
    const secrets: string[] = [];
    const answers: string[] = [];
    for (const kind of TOKEN_KINDS) await plant(bench(), await bench().fresh(kind), secrets, answers);
    expect(secrets).to.have.length.of.at.least(7 * TOKEN_KINDS.length);
    await bench().daemon.maintain();
    const places = await everythingWritten(bench());
    places.set('answers', answers.join('\n'));
    for (const [place, text] of places) {
      for (const secret of secrets) {
        for (const form of formsOf(secret)) expect(text.includes(form), `a secret in ${place}`).to.equal(false);
      }
    }
  });

  it('would be found: what may be written is found in each of these places', async () => {
    const { api, fresh } = bench();
    const [kind] = TOKEN_KINDS;
    if (kind === undefined) throw new Error('there is no token kind');
    const address = await fresh(kind);
    const mark = uniqueName('visible-mark');
    await api.put(address, { description: mark }, { headers: { 'X-Request-Id': mark } });
    const places = await everythingWritten(bench());
    const withMark = [...places].filter(([, text]) => text.includes(mark)).map(([place]) => place);
    expect(withMark).to.include.members(['log', 'audit events', 'lists']);
    // Not even what is no secret: nothing that a client chose is a metric.
    expect(withMark).to.not.include('metrics');
    expect(places.get('metrics')).to.include('accredit_http_requests_total{route="management"');
    expect(
      withMark.some((place) => /^(database|table)/.test(place)),
      `${withMark}`,
    ).to.equal(true);
  });
});

/** Lets secrets pass through every operation that takes or makes one; collects them, and all answers that must not hold one. */
async function plant({ api, daemon }: Bench, address: string, secrets: string[], answers: string[]): Promise<void> {
  const key = uniqueName('key');
  const minted = (answer: { body: JsonObject }): string => {
    const secret = String(answer.body.secret);
    expect(secret).to.match(/^acr_/);
    secrets.push(secret);
    return secret;
  };
  const created = await api.put(address, { overlap: '1h' }, { headers: { 'Idempotency-Key': key } });
  const first = minted(created);
  const rotated = minted(await api.put(address, { overlap: '1h', rotation: 'two' }));
  const byHand = minted(await api.post(`${address}/rotation`, {}, { headers: { 'Idempotency-Key': `${key}-2` } }));
  const own = mintToken('sa');
  secrets.push(own, daemon.adminToken);
  const organization = address.split('/')[1];
  const clientMade = address.replace(/[^/]+$/, 'client-made');
  const hash = `sha256:${tokenHash(own)}`;
  const foreign = mintToken('sa');
  secrets.push(foreign);
  const stray = mintToken('sa');
  secrets.push(stray);
  const silent = [
    await api.put(clientMade, { secret_hash: hash }),
    await api.put(address.replace(/[^/]+$/, 'twice'), { secret_hash: hash }),
    await api.put(address, { secret_hash: own }),
    await api.put(address, { secret: own }),
    await api.put(address, { [own]: own }),
    await api.put(address, { description: 1, labels: { [own]: own } }),
    await api.send('PUT', `/v1/${address}`, `{"description": "${own}`),
    await api.get(`organizations/${own}`),
    await api.get('organizations', { query: `cursor=${own}` }),
    await api.as(foreign).get('organizations/default'),
    await api.as(`${own}x`).get('organizations/default'),
    await api.as(own).get(`organizations/${organization}`),
    await api.send('GET', `/v1/authorize?organization=${organization}`, undefined, {
      Authorization: `Basic ${Buffer.from(`someone:${rotated}`).toString('base64')}`,
    }),
    await api.send('GET', `/v1/authorize?organization=${organization}&token=${stray}`),
    await api.as(byHand).send('GET', `/v1/authorize?organization=${organization}`),
    await api.as(first).send('GET', '/v1/self'),
    await api.send('POST', '/v1/introspect', `token=${byHand}`, {
      'Content-Type': 'application/x-www-form-urlencoded',
    }),
    await api.get(address, { query: 'view=full' }),
  ];
  answers.push(...silent.map(({ text, headers }) => `${text}\n${JSON.stringify(headers)}`));
}

/** Everything that the daemon writes or tells to readers, by place. Files that hold a secret by design are left out. */
async function everythingWritten({ api, daemon, databaseUrl }: Bench): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  places.set('log', daemon.log.join('\n'));
  for (const name of await readdir(daemon.dataDirectory, { recursive: true })) {
    if (name === 'admin-token' || name === 'master-key') continue;
    const file = join(daemon.dataDirectory, name);
    places.set(`database file ${name}`, (await readFile(file).catch(() => Buffer.alloc(0))).toString('latin1'));
  }
  if (databaseUrl !== undefined) {
    for (const [table, rows] of await tables(databaseUrl)) places.set(`table ${table}`, rows);
  }
  const organizations = await api.all('organizations');
  const addresses = organizations.map(({ address }) => String(address));
  const listed = await Promise.all(
    addresses.flatMap((address) => ['accounts', 'tokens'].map((name) => api.all(`${address}/${name}`, 'view=full'))),
  );
  places.set('lists', JSON.stringify([organizations, listed]));
  const audited = await Promise.all(addresses.map((address) => api.all(`${address}/audit-events`)));
  places.set('audit events', JSON.stringify(audited));
  const metrics = await api.as(undefined).send('GET', '/metrics');
  expect(metrics.status).to.equal(200);
  places.set('metrics', metrics.text);
  return places;
}

async function tables(url: string): Promise<[string, string][]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const names = await client.query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`);
    const found: [string, string][] = [];
    for (const { table_name: name } of names.rows) {
      const { rows } = await client.query(`SELECT * FROM ${pg.escapeIdentifier(name)}`);
      found.push([name, JSON.stringify(rows)]);
    }
    return found;
  } finally {
    await client.end();
  }
}

/** How a secret could be written down: as it is, encoded, or as the plain hash that would let anybody search for it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64').replace(/=+$/, '').slice(0, -2), bytes.toString('hex'), tokenHash(secret)];
}
