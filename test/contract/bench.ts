/**
 * Where the generic suite runs: a daemon on each database, and for every kind fresh addresses whose parents exist.
 * Everything about a kind comes from its description; a new kind joins the suite without a line here.
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { formatAddress, type Names } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { type FakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import type { Answer, Api } from './api.ts';
import { OwnersApi } from './owners-api.ts';

export interface Bench {
  /** Speaks as the owner of the installation, and for a personal token as the user it belongs to. */
  readonly api: OwnersApi;
  readonly daemon: TestDaemon;
  /** Where its database is; `undefined` when that is in the data directory. */
  readonly databaseUrl: string | undefined;
  /** An address of that kind where nothing is yet; those of one kind share their parents. */
  fresh(kind: Kind): Promise<string>;
  /** The same below parents of its own. */
  alone(kind: Kind): Promise<string>;
  /** Another address below the same parents. */
  sibling(kind: Kind, address: string): string;
  /** The secret of a new account in that organization that holds the role. */
  credential(organization: string, role: string): Promise<string>;
}

/** The kinds whose resources anybody with the permission can write: personal tokens are their owners' own. */
export const BY_PERMISSION: readonly Kind[] = KINDS.filter((kind) => !kind.token?.selfService);

interface Database {
  readonly name: string;
  /** The value for the daemon, and how to be rid of it. */
  start(context: Mocha.Context): Promise<{ database: string; stop(): Promise<void> }>;
}

const DATABASES: readonly Database[] = [
  { name: 'SQLite', start: async () => ({ database: 'sqlite', stop: async () => {} }) },
  {
    name: 'PostgreSQL',
    async start(context) {
      if (!postgresAvailable()) context.skip();
      const cluster = await startPostgres();
      return { database: await cluster.url(), stop: () => cluster.stop() };
    },
  },
];

/** Declares a suite once for each database; `bench()` is there once its tests run. The daemon goes by `clock` if given. */
export function onEveryDatabase(title: string, declare: (bench: () => Bench) => void, clock?: FakeClock): void {
  for (const database of DATABASES) {
    describe(`${title} on ${database.name}`, () => {
      let bench: Bench | undefined;
      const closers: (() => Promise<void>)[] = [];
      before(async function () {
        this.timeout(120_000);
        const started = await database.start(this);
        closers.push(() => started.stop());
        const daemon = await startTestDaemon({ database: started.database, clock });
        closers.push(() => daemon.close());
        bench = createBench(daemon, started.database === 'sqlite' ? undefined : started.database);
      });
      after(async () => {
        for (const close of closers.reverse()) await close();
      });
      declare(() => {
        if (bench === undefined) throw new Error('the bench is there only while tests run');
        return bench;
      });
    });
  }
}

/** Declares a suite for each database and each kind of `kinds`. */
export function forEveryKind(
  title: string,
  declare: (kind: Kind, bench: () => Bench) => void,
  kinds: readonly Kind[] = KINDS,
  clock?: FakeClock,
): void {
  const suite = (bench: () => Bench) => {
    for (const kind of kinds) describe(kind.kind, () => declare(kind, bench));
  };
  onEveryDatabase(title, suite, clock);
}

/** A name that nothing else has. */
export function uniqueName(prefix = 'x'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

function createBench(daemon: TestDaemon, databaseUrl: string | undefined): Bench {
  const api = new OwnersApi(daemon.url, daemon.adminToken);
  const parents = new Map<string, Promise<Names>>();
  return {
    api,
    daemon,
    databaseUrl,
    async fresh(kind) {
      const made = parents.get(kind.kind) ?? makeParents(api, kind);
      parents.set(kind.kind, made);
      return formatAddress(kind, { ...(await made), [kind.parameter]: uniqueName(kind.parameter) });
    },
    async alone(kind) {
      return formatAddress(kind, { ...(await makeParents(api, kind)), [kind.parameter]: uniqueName(kind.parameter) });
    },
    sibling(kind, address) {
      return `${address.slice(0, address.lastIndexOf('/'))}/${uniqueName(kind.parameter)}`;
    },
    async credential(organization, role) {
      const account = `${organization}/accounts/${uniqueName(role)}`;
      expect((await api.put(account, { grants: [{ role }] })).status).to.equal(201);
      const { status, body, text } = await api.put(`${account}/tokens/main`, {});
      expect(status, text).to.equal(201);
      return String(body.secret);
    },
  };
}

/** The names of new parents of a resource of that kind, made with examples, and all that its own example refers to. */
async function makeParents(api: Api, kind: Kind): Promise<Names> {
  const names: Record<string, string> = {};
  for (const level of lineage(kind)) {
    if (level !== kind) names[level.parameter] = uniqueName(level.parameter);
    for (const needed of prerequisitesOf(level, names)) {
      const { status, text } = await api.put(needed.address, needed.body);
      expect(status, text).to.be.oneOf([200, 201]);
    }
    if (level === kind) break;
    const parent = await api.put(formatAddress(level, names), level.examples.full);
    expect(parent.status, parent.text).to.equal(201);
  }
  return names;
}

/** What the examples of a kind refer to, in the organization that `names` says. */
export function prerequisitesOf(kind: Kind, names: Names): { address: string; body: JsonObject }[] {
  return (kind.examples.prerequisites ?? []).map(({ kind: needed, name, body }) => {
    const { parameter } = kindNamed(needed);
    return { address: formatAddress(kindNamed(needed), { ...names, [parameter]: name }), body };
  });
}

/** The query of a question that a token at or below `address` answers with yes: an app's opens that app alone. */
export function askedAt(address: string): string {
  const [, organization, collection, name] = address.split('/');
  return `organization=${organization}${collection === 'apps' ? `&scope=apps/${name}` : ''}`;
}

/** Names along an address, by path parameter. */
export type { Names };

/** Asserts a problem (RFC 9457) with that status and code, and answers its body. */
export function expectProblem(answer: Answer, status: number, code: string): JsonObject {
  expect(`${answer.status} ${answer.body.code}`, answer.text).to.equal(`${status} ${code}`);
  expect(answer.headers['content-type']).to.equal('application/problem+json');
  expect(answer.body).to.include({ status, code });
  expect(answer.body.title).to.be.a('string').that.is.not.empty;
  expect(answer.body.detail).to.be.a('string').that.is.not.empty;
  expect(answer.body.type).to.be.a('string').that.includes(code);
  expect(answer.body.request_id).to.equal(answer.headers['x-request-id']);
  return answer.body;
}

/** The pointers that a problem names. */
export function pointersOf(problem: JsonObject): string[] {
  return ((problem.errors ?? []) as JsonObject[]).map(({ pointer }) => String(pointer));
}

/** Asserts a success with that status and outcome, and answers the resource. */
export function expectOutcome(answer: Answer, status: number, outcome: string): JsonObject {
  expect(`${answer.status} ${answer.headers['accredit-outcome']}`, answer.text).to.equal(`${status} ${outcome}`);
  return answer.body;
}
