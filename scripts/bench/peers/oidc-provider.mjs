// oidc-provider with token introspection and the adapter that it comes with, which keeps everything in memory.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

process.once('SIGTERM', () => process.exit(0));
const credentials = `Basic ${Buffer.from('bench:bench-secret').toString('base64')}`;
const form = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: credentials };

const server = createServer();
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'bench',
        client_secret: 'bench-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
    },
  });
  const answer = provider.callback();
  let bench;
  server.on('request', (request, response) => {
    if (request.url !== '/bench') return answer(request, response);
    const text = JSON.stringify(bench);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
  });
  const issued = await fetch(`${url}/token`, { method: 'POST', headers: form, body: 'grant_type=client_credentials' });
  const { access_token: token } = await issued.json();
  const body = `token=${token}`;
  bench = { request: { method: 'POST', path: '/token/introspection', headers: form, body } };
  const found = await fetch(`${url}/token/introspection`, { method: 'POST', headers: form, body });
  if ((await found.json()).active !== true) throw new Error('the token is not active');
  console.log(`ready on ${url}`);
});
