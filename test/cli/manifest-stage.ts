/** The command on manifests in a directory of their own, with a real daemon where one is wanted. */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Env, freshStage as freshDaemon, freshPlace, type Place, type Ran, type Stage } from './stage.ts';

export interface Workshop extends Place {
  /** Runs the command here, without a terminal. Paths of the directory are shown as `DIR`. */
  accredit(words: readonly string[], env?: Env): Promise<Ran>;
}

/** Declares that each test of the suite gets an empty directory. */
export function freshWorkshop(): () => Workshop {
  return workshopAt(freshPlace());
}

/** Declares that each test has a daemon of its own, whose clock it moves, and a directory whose commands speak to it. */
export function freshStage(): { readonly stage: () => Stage; readonly workshop: () => Workshop } {
  const { stage, place } = freshDaemon();
  return { stage, workshop: workshopAt(place) };
}

function workshopAt(place: () => Place): () => Workshop {
  return () => {
    const here = place();
    const shown = (text: string) => text.replaceAll(here.path, 'DIR');
    return {
      ...here,
      async accredit(words, env = {}) {
        // Sinks that are commands are looked for there.
        const { status, stdout, stderr } = await here.cli(words, { PATH: process.env.PATH as string, ...env });
        return { status, stdout: shown(stdout), stderr: shown(stderr) };
      },
    };
  };
}

/** Passes everything on to a daemon, and lets `meddle` happen after the answer to a dry run and before it is passed on. */
export async function startMeddler(url: string, meddle: () => Promise<void>): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const forward = httpRequest(new URL(request.url ?? '', url), { method: request.method, headers: request.headers });
    forward.on('response', async (answer) => {
      if (request.url?.includes('dry_run=true')) await meddle();
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}

/** What becomes of an apply on its way. */
export interface Fate {
  /** Awaited before the request is passed on. */
  readonly before?: () => Promise<void>;
  /** Awaited before the answer is. */
  readonly after?: () => Promise<void>;
  /** A header that the answer loses. */
  readonly without?: string;
  /** What the answer becomes. */
  readonly instead?: 'nothing' | { readonly status: number; readonly body: string };
}

/** Passes everything on to a daemon. The first applies meet `fates`, one each. */
export async function startIngress(url: string, fates: Fate[]): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const isApply = request.method === 'PUT' && !request.url?.includes('dry_run=true');
    const { before, after, without = '', instead }: Fate = (isApply ? fates.shift() : undefined) ?? {};
    await before?.();
    const forward = httpRequest(new URL(request.url ?? '', url), { method: request.method, headers: request.headers });
    forward.on('response', async (answer) => {
      await after?.();
      if (instead === undefined) {
        const { [without]: _lost, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, headers);
        answer.pipe(response);
        return;
      }
      answer.resume().on('end', () => {
        if (instead === 'nothing') request.socket.destroy();
        else response.writeHead(instead.status, { 'content-type': 'text/html', location: '/x' }).end(instead.body);
      });
    });
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}
