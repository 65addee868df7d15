/** Sinks that can be read back, and hold a secret that is not their token's: it was given another one without an apply. */
import { existsSync, readFileSync } from 'node:fs';
import type { Client, WriteOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { secretHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import type { Delivery } from './check.ts';
import { entryIn } from './dotenv.ts';
import { PATIENCE } from './patience.ts';
import type { Sink } from './sinks.ts';

/** A sink with another secret than that of the token at the address. */
export interface StaleSink {
  readonly address: string;
  readonly sink: Sink;
}

interface Held extends StaleSink {
  readonly hash: string;
}

/**
 * Which sinks of these deliveries hold a well-formed secret that is not the present one of their token. Asks the daemon once, by hashes,
 * unless sinks of one token hold different secrets, and not at all where nothing can be read. Where it does not tell, none is.
 */
export async function staleSinks(
  { client, manifest, options }: { client: Client; manifest: string; options: WriteOptions },
  deliveries: readonly Delivery[],
): Promise<StaleSink[]> {
  const stale: StaleSink[] = [];
  let waiting = deliveries.flatMap(({ address, sinks }) =>
    sinks.flatMap((sink): Held[] => {
      const secret = secretIn(sink);
      return secret === undefined ? [] : [{ address, sink, hash: secretHash(secret) }];
    }),
  );
  while (waiting.length > 0) {
    // Of each token one hash at a time.
    const asked = new Map(waiting.map(({ address, hash }) => [address, hash]));
    const isAsked = ({ address, hash }: Held) => asked.get(address) === hash;
    const others = await unlike({ client, manifest, options }, asked);
    stale.push(
      ...waiting
        .filter((one) => isAsked(one) && others.has(one.address))
        .map(({ address, sink }) => ({ address, sink })),
    );
    waiting = waiting.filter((one) => !isAsked(one));
  }
  return stale;
}

async function unlike(
  { client, manifest, options }: { client: Client; manifest: string; options: WriteOptions },
  hashes: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  try {
    const refused = await client.planDeliveries(manifest, hashes, { ...PATIENCE, ...options });
    return new Set(refused.filter(({ code }) => code === 'rotation-conflict').map(({ address }) => address));
  } catch (error) {
    // Whoever may plan may not always confirm, and what was never applied has no deliveries.
    if (error instanceof ApiError && error.status < 500 && error.status !== 401) return new Set();
    throw error;
  }
}

/** The secret of a token that a sink holds; `undefined` where that cannot be read, or is something else. */
function secretIn(sink: Sink): string | undefined {
  if (sink.type !== 'file' && sink.type !== 'dotenv') return undefined;
  try {
    if (!existsSync(sink.path)) return undefined;
    const text = readFileSync(sink.path, 'utf8');
    const held = sink.type === 'file' ? text.trim() : entryIn(text, sink.key);
    return held !== undefined && tokenKind(held) !== undefined ? held : undefined;
  } catch {
    return undefined;
  }
}
