/** The domain on a real SQLite store in a directory of its own, under a clock that moves only when told to. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Keyring } from '../../daemon/crypto/keyring.ts';
import type { Answer, Caller, PutRequest, Service, WriteOptions } from '../../daemon/domain/api.ts';
import { bootstrapOperation } from '../../daemon/domain/bootstrap.ts';
import { ambient } from '../../daemon/domain/identity.ts';
import type { Problem, ProblemCode } from '../../daemon/domain/problem.ts';
import { createService } from '../../daemon/domain/service.ts';
import type { Store } from '../../daemon/domain/snapshot.ts';
import { openStore } from '../../daemon/store/index.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';

export const START = Date.UTC(2030, 0, 1);
export const SECOND = 1000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A running domain. `root` is the bootstrap token. */
export interface Fixture {
  readonly service: Service;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly root: string;
  readonly clock: { now: number; advance(milliseconds: number): void };
  /** The caller who presents this token. */
  as(token: string, ip?: string): Caller;
  /** PUT as root, or with other options. */
  put(address: string, body?: JsonObject, options?: Partial<WriteOptions>): Promise<Answer>;
  /** DELETE as root, or with other options. */
  delete(address: string, options?: Partial<WriteOptions> & { cascade?: boolean }): Promise<Answer>;
  /** What becomes of a token when a service asks. */
  decision(token: string, question?: { permission?: string; organization?: string; ip?: string }): Promise<string>;
  /** Creates an account with a token in `default` and answers the secret. */
  account(name: string, grants: string[], token?: JsonObject): Promise<string>;
  close(): Promise<void>;
}

/** Opens one. Close it after the test. */
export async function openFixture({ cacheSize }: { cacheSize?: number } = {}): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'accredit-domain-'));
  const clock = {
    now: START,
    advance(milliseconds: number) {
      this.now += milliseconds;
    },
  };
  const store = await openStore({ dataDirectory: directory }, { now: () => clock.now });
  const keyring = new Keyring(randomBytes(32));
  const service = createService({ store, keyring, clock: () => clock.now, ...(cacheSize && { cacheSize }) });
  const root = mintToken('sa');
  const made = bootstrapOperation(
    ambient(keyring, () => clock.now),
    tokenHash(root),
    'test',
  );
  expect(await store.engine.submit(made)).to.equal(true);

  let requests = 0;
  const as = (token: string, ip = '127.0.0.1'): Caller => {
    requests += 1;
    return { credential: { scheme: 'bearer', token }, ip, requestId: `request-${requests}` };
  };
  const put: Fixture['put'] = (address, body = {}, options = {}) =>
    service.put({ caller: as(root), address, body: body as Json, ...options } satisfies PutRequest);
  return {
    service,
    store,
    keyring,
    root,
    clock,
    as,
    put,
    delete: (address, options = {}) => service.delete({ caller: as(root), address, ...options }),
    async decision(token, { permission, organization, ip = '127.0.0.1' } = {}) {
      const credential = { scheme: 'bearer', token } as const;
      return (await service.verify({ credential, ip, permission, organization }, 'question')).decision;
    },
    async account(name, grants, token = {}) {
      const address = `organizations/default/accounts/${name}`;
      await put(address, { grants: grants.map((role) => ({ role })) });
      return secretOf(await put(`${address}/tokens/main`, token));
    },
    async close() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The secret in an answer; fails the test when there is none. */
export function secretOf(answer: Answer): string {
  expect(answer.resource?.secret, 'the answer holds a secret').to.be.a('string');
  return answer.resource?.secret as string;
}

/** Waits for the refusal of `promise` and checks its code. */
export async function refused(promise: Promise<unknown>, code: ProblemCode): Promise<Problem> {
  let problem: Problem | undefined;
  const value = await promise.catch((thrown: Problem) => {
    problem = thrown;
  });
  if (problem === undefined) expect.fail(`expected ${code}, but it was done: ${JSON.stringify(value)}`);
  expect(problem.code, problem.message).to.equal(code);
  return problem;
}
