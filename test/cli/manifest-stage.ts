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

/** What reaches the client of the daemon's answer: nothing, another answer, or the same without one of its headers. */
export type Fate = 'lost' | { readonly status: number; readonly body: string } | { readonly without: string };

/** Passes everything on to a daemon. Of the answers to applies, the first ones meet `fates`, one each. */
export async function startIngress(url: string, fates: Fate[]): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const forward = httpRequest(new URL(request.url ?? '', url), { method: request.method, headers: request.headers });
    forward.on('response', (answer) => {
      const isApply = request.method === 'PUT' && !request.url?.includes('dry_run=true');
      const fate = isApply ? fates.shift() : undefined;
      if (fate === 'lost') {
        answer.resume().on('end', () => request.socket.destroy());
      } else if (fate !== undefined && 'status' in fate) {
        answer.resume().on('end', () => {
          response.writeHead(fate.status, { 'content-type': 'text/html', location: '/elsewhere' }).end(fate.body);
        });
      } else {
        const { [fate?.without ?? '']: _stripped, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, headers);
        answer.pipe(response);
      }
    });
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}
