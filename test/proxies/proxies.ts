/** The proxies of examples/forward-auth as processes, each with the example as it stands but for addresses and paths. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const EXAMPLES = join(import.meta.dirname, '../../examples/forward-auth');

/** Host and port of everything that is involved. */
export interface Addresses {
  /** Where clients come. */
  readonly front: string;
  readonly accredit: string;
  readonly service: string;
  /** The PEM of the certificate that Accredit shows, and the token of the account `gateway`, which may introspect. */
  readonly certificate?: string;
  readonly token?: string;
  /** What the service is asked by, where the proxy has to be told; what is to read if left out. */
  readonly methods?: string;
}

export interface ProxyServer {
  readonly name: string;
  readonly program: string;
  /** Has to be there where CI=true. */
  readonly needed: boolean;
  /**
   * Whether it asks `/v1/authorize` on behalf of the client and passes the answer on, rather than introspect a token by
   * itself: over TLS then, with a token of its own, for one permission, and every refusal is 401.
   */
  readonly asksAuthorize: boolean;
  /** Writes the configuration into a directory and answers the words that start the proxy there. */
  prepare(directory: string, addresses: Addresses): Promise<readonly string[]>;
}

/**
 * Takes the addresses that stand in an example for those of the test. Throws when one of them is not in it. `shownFront`
 * is how it writes where clients come, `front` how it is to stand there instead.
 */
async function example(
  file: string,
  { front, accredit, service }: Addresses,
  shownFront = '127.0.0.1:8000',
): Promise<string> {
  let text = await readFile(join(EXAMPLES, file), 'utf8');
  for (const [shown, real] of [
    [shownFront, front],
    ['127.0.0.1:7345', accredit],
    ['127.0.0.1:8080', service],
  ] as const) {
    if (!text.includes(shown)) throw new Error(`${file} does not name ${shown}`);
    text = text.replaceAll(shown, real);
  }
  return text;
}

const nginx: ProxyServer = {
  name: 'nginx',
  program: 'nginx',
  needed: true,
  asksAuthorize: true,
  async prepare(directory, addresses) {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
    const text = (await example('nginx/nginx.conf', addresses))
      .replace('pid /run/nginx.pid;', `pid ${directory}/nginx.pid;`)
      .replace('http {', `http {\n    access_log off; ${paths.join(' ')}`);
    await writeFile(join(directory, 'nginx.conf'), text);
    return ['-p', `${directory}/`, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off; error_log stderr;'];
  },
};

const haproxy: ProxyServer = {
  name: 'HAProxy',
  program: 'haproxy',
  needed: true,
  asksAuthorize: true,
  async prepare(directory, addresses) {
    await writeFile(join(directory, 'haproxy.cfg'), await example('haproxy/haproxy.cfg', addresses));
    await copyFile(join(EXAMPLES, 'haproxy/accredit.lua'), join(directory, 'accredit.lua'));
    return ['-f', join(directory, 'haproxy.cfg'), '-db'];
  },
};

const caddy: ProxyServer = {
  name: 'Caddy',
  program: 'caddy',
  needed: false,
  asksAuthorize: true,
  async prepare(directory, addresses) {
    const front = addresses.front.replace('127.0.0.1', 'http://');
    await writeFile(
      join(directory, 'Caddyfile'),
      await example('caddy/Caddyfile', { ...addresses, front }, 'http://:8000'),
    );
    return ['run', '--config', join(directory, 'Caddyfile'), '--adapter', 'caddyfile'];
  },
};

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'env', 'headers', 'proxy', 'proxy_http'];

const apache: ProxyServer = {
  name: 'Apache',
  program: 'apache2',
  needed: false,
  asksAuthorize: false,
  async prepare(directory, { front, accredit, service, certificate = '', token = '', methods = 'GET HEAD' }) {
    await writeFile(join(directory, 'ca.pem'), certificate);
    const modules = [...MODULES, 'auth_openidc'].map((name) => `LoadModule ${name}_module modules/mod_${name}.so`);
    const text = (await readFile(join(EXAMPLES, 'apache/accredit.conf'), 'utf8'))
      .replace('accredit.example.com:7345', accredit)
      .replace('127.0.0.1:8080', service)
      .replace('acr_sa_REPLACE_ME', token)
      .replace('Require method GET HEAD', `Require method ${methods}`);
    const own = [
      'ServerRoot /usr/lib/apache2',
      ...modules,
      `Listen ${front}`,
      'ServerName localhost',
      `PidFile ${directory}/pid`,
      `DefaultRuntimeDir ${directory}`,
      `ErrorLog ${directory}/error.log`,
      `OIDCCABundlePath ${directory}/ca.pem`,
    ];
    await writeFile(join(directory, 'apache.conf'), `${own.join('\n')}\n${text}`, { mode: 0o600 });
    return ['-f', join(directory, 'apache.conf'), '-DFOREGROUND'];
  },
};

export const PROXIES: readonly ProxyServer[] = [nginx, haproxy, caddy, apache];

/** What a proxy needs besides its program. */
const MODULE_FILE = '/usr/lib/apache2/modules/mod_auth_openidc.so';

/** Where the program of a proxy is; Debian puts servers where the PATH of most people does not look. */
export function programOf({ program }: ProxyServer): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  if (program === 'apache2' && !existsSync(MODULE_FILE)) return undefined;
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface RunningProxy {
  stop(): Promise<void>;
}

/** Starts the proxy; it takes connections when this resolves. Throws with what it printed when it does not. */
export async function startProxy(proxy: ProxyServer, addresses: Addresses): Promise<RunningProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'accredit-proxy-'));
  // Workers may run as somebody else.
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'home'));
  const words = await proxy.prepare(directory, addresses);
  const child = spawn(programOf(proxy) as string, words, {
    // Where service managers start them.
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      HOME: join(directory, 'home'),
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const ended = once(child, 'close');
  const stop = async () => {
    if (isRunning(child)) child.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      listening(addresses.front, child),
      ended.then(() => Promise.reject(new Error(`${proxy.name} ended at once:\n${printed}`))),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function listening(address: string, child: ChildProcess): Promise<void> {
  const [host = '', port] = address.split(':');
  while (isRunning(child)) {
    const socket = createConnection({ host, port: Number(port) });
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    // Not at once: the proxy has better use for the processor.
    await delay(5);
  }
}

/** An address of the machine itself that nobody listens on. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
