// better-auth with its API keys, on SQLite as durable as Accredit's, behind a server that does nothing else.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import Database from 'better-sqlite3';

const directory = mkdtempSync(join(tmpdir(), 'accredit-peer-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
process.once('SIGTERM', () => process.exit(0));
const database = new Database(join(directory, 'peer.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');

const auth = betterAuth({
  database,
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the benchmark, long enough to be taken',
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  logger: { disabled: true },
  rateLimit: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});
await (await getMigrations(auth.options)).runMigrations();
const { user } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'a long password of the benchmark', name: 'Bench' },
});
const { key } = await auth.api.createApiKey({ body: { userId: user.id, name: 'bench' } });

const json = { 'Content-Type': 'application/json' };
const bench = {
  request: { method: 'POST', path: '/verify', headers: json, body: JSON.stringify({ key }) },
  create: { method: 'POST', path: '/create', headers: json, body: JSON.stringify({ userId: user.id, name: 'bench' }) },
};
const answers = {
  '/verify': async (body) => {
    const { valid, error } = await auth.api.verifyApiKey({ body });
    if (!valid) throw new Error(`the key is not taken: ${JSON.stringify(error)}`);
    return { valid };
  },
  '/create': (body) => auth.api.createApiKey({ body }),
  '/bench': async () => bench,
};
const server = createServer(async (request, response) => {
  try {
    const body = request.method === 'POST' ? JSON.parse(await text(request)) : undefined;
    const answer = JSON.stringify(await answers[request.url](body));
    response.writeHead(200, { ...json, 'Content-Length': Buffer.byteLength(answer) }).end(answer);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${server.address().port}`));
