/** The stage of the matrix: a daemon with one caller of each kind, and for every row a target and two roles of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from '../contract/api.ts';
import type { operations } from '../spec/document.ts';
import { fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { stubPackages, throwAwayKey } from '../support/packages.ts';
import type { CallerKind, Row } from './matrix.ts';

type Described = (typeof operations)[number];

/** One row, with the operation that it is about and where it aims. */
export interface Case {
  readonly name: string;
  readonly row: Row;
  readonly described: Described;
  /** With the names filled in, except for an id that is known only when the target is there. */
  readonly path: string;
  /** The address of the resource that it is about; `undefined` for none. */
  readonly target: string | undefined;
  /** What the document says that it needs, and nothing that it does not. */
  readonly needs: readonly string[];
  /** The document says that it is for the user that it belongs to, with whatever rights, and for nobody else. */
  readonly isSelfService: boolean;
  /** What the document says that a token for it must be for. */
  readonly purpose: Purpose;
}

export type Purpose = 'api' | 'scim';

/** What the document says about who may do it. */
export interface Demands {
  readonly 'x-accredit-permission'?: string;
  readonly 'x-accredit-permission-to-create'?: string;
  readonly 'x-accredit-self-service'?: true;
  readonly 'x-accredit-audience'?: 'scim';
}

const D = 'organizations/default';
/** Callers whose credential is the same whatever they ask. */
type Standing = Exclude<CallerKind, 'nobody' | 'lacking' | 'enrolment' | 'enough'>;

interface Credential {
  readonly account: string;
  readonly secrets: Readonly<Record<Purpose, string>>;
}

/** The case of a row; `name` is the `operationId`, and behind a colon what tells cases apart. */
export function caseOf(name: string, row: Row, described: Described): Case {
  const { path, operation } = described;
  const slug = name.toLowerCase().replace(':', '-');
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter as string);
  const own = parameters.at(-1);
  const isList = name.startsWith('list') || name.startsWith('count');
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, parameter: string) => {
    const shared = parameter === 'organization' && (isList || own !== parameter) ? 'default' : 'holder';
    if (parameter === 'id') return row.names?.id ?? '{id}';
    return row.names?.[parameter] ?? (parameter === own && !isList ? slug : shared);
  });
  const isResource = own !== undefined && !isList && filled.startsWith('/v1/');
  const address = isResource ? filled.slice('/v1/'.length).replace(SUFFIX, '') : undefined;
  const demands: Demands = operation;
  const named = name.endsWith(':create') ? demands['x-accredit-permission-to-create'] : undefined;
  const permission = named ?? demands['x-accredit-permission'];
  return {
    name,
    row,
    described,
    path: filled,
    target: row.byId === undefined ? address : `${D}/${row.byId}/${slug}`,
    needs: row.needs ?? (permission === undefined ? [] : [permission]),
    isSelfService: demands['x-accredit-self-service'] === true,
    purpose: demands['x-accredit-audience'] ?? 'api',
  };
}

const PURPOSES = ['api', 'scim'] as const;
const SUFFIX = /\/(rotation|delivered|revocation|enrolment)$/;

export class Stage {
  readonly daemon: TestDaemon;
  readonly owner: Api;
  readonly #standing = new Map<Standing, Credential>();
  readonly #made = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  readonly #packages: string;

  /** `packages` is the directory of the provider's packages, which goes with the stage. */
  constructor(daemon: TestDaemon, packages: string) {
    this.daemon = daemon;
    this.#packages = packages;
    this.owner = new Api(daemon.url, daemon.adminToken);
  }

  async close(): Promise<void> {
    await this.daemon.close();
    await rm(this.#packages, { recursive: true });
  }

  /** Sends the request of a case as that caller. */
  async ask(one: Case, caller: CallerKind): Promise<Answer> {
    const { name, row, described, purpose } = one;
    const method = described.method.toUpperCase() as 'GET';
    const path = one.path.replace('{id}', this.#ids.get(name) ?? '');
    const target = row.query === undefined ? path : `${path}?${row.query}`;
    const headers = { 'Content-Type': purpose === 'scim' ? 'application/scim+json' : 'application/json' };
    const body = row.body === undefined ? undefined : JSON.stringify(row.body);
    return this.owner.as(await this.#secretOf(caller, one)).send(method, target, body, headers);
  }

  /** What tells whether a target was changed: that it is there, its entity tag, and whether it is revoked. */
  async traceOf({ target, described }: Case): Promise<JsonObject | undefined> {
    if (target === undefined) return undefined;
    const { status, headers } = await this.owner.get(target);
    const latch = described.path.endsWith('/revocation') && (await this.owner.get(`${target}/revocation`));
    return { status, etag: headers.etag ?? null, ...(latch && { latch: latch.status }) };
  }

  async #secretOf(caller: CallerKind, { name, row, isSelfService, purpose }: Case): Promise<string | undefined> {
    if (caller === 'nobody') return undefined;
    if (caller === 'enrolment') return this.#enrol('holder');
    if (caller === 'enough' && isSelfService) return this.#made.get('self');
    if (caller === 'enough' || caller === 'lacking') return this.#made.get(`${caller} ${name}`);
    const { account, secrets } = this.#standing.get(caller) as Credential;
    const isGood = caller === 'stranger' || caller === 'neighbour' || caller === 'viewer';
    return row.consumes && isGood ? this.#mint(account, name.toLowerCase()) : secrets[purpose];
  }

  async build(cases: readonly Case[], everything: readonly string[]): Promise<void> {
    await this.#places();
    await this.#callers();
    await Promise.all(
      cases.flatMap((one) => [
        this.#target(one),
        this.#roleFor(one, 'enough', [...one.needs, ...(one.row.also ?? [])]),
        this.#roleFor(
          one,
          'lacking',
          everything.filter((permission) => !one.needs.includes(permission)),
        ),
      ]),
    );
    for (const one of cases) await this.#personalTarget(one);
    for (const { target, row } of cases) {
      if (row.latched) await this.put(`${target}/revocation`, { reason: 'other' });
    }
  }

  async put(address: string, body: JsonObject): Promise<JsonObject> {
    const answer = await this.owner.put(address, body);
    expect(answer.status, `${address}: ${answer.text}`).to.be.oneOf([200, 201]);
    return answer.body;
  }

  async #places(): Promise<void> {
    for (const team of ['blue', 'green']) await this.put(`${D}/teams/${team}`, {});
    await this.put(`${D}/roles/holder`, { permissions: ['builds.read'] });
    await this.put(`${D}/apps/holder`, { teams: ['blue'] });
    await this.put(`${D}/users/holder`, { grants: [{ role: 'holder' }] });
    const grants = [{ role: 'holder', scope: 'teams/blue' }];
    await this.put(`${D}/accounts/holder`, { scope: 'teams/blue', grants });
    await this.put('organizations/other', {});
  }

  async #callers(): Promise<void> {
    const grant = (role: string, scope = 'organization') => ({ grants: [{ role, scope }] });
    await this.#standsAs('stranger', 'organizations/other/accounts/stranger', grant('owner'));
    await this.#standsAs('neighbour', `${D}/accounts/neighbour`, grant('team-admin', 'teams/green'));
    await this.#standsAs('viewer', `${D}/accounts/viewer`, grant('viewer'));
    const { api, scim } = await this.#standsAs('purpose', `${D}/accounts/purpose`, grant('admin'));
    this.#standing.set('purpose', { account: '', secrets: { api: scim, scim: api } });
    await this.#standsAs('expired', `${D}/accounts/expired`, grant('admin'), { expires_in: '1h' });
    await this.#standsAs('revoked', `${D}/accounts/revoked`, grant('admin'));
    for (const purpose of PURPOSES) {
      await this.put(`${D}/accounts/revoked/tokens/${purpose}`, { purpose, state: 'revoked' });
    }
    await this.#standsAs('disabled', `${D}/accounts/disabled`, grant('admin'));
    await this.put(`${D}/accounts/disabled`, { ...grant('admin'), disabled: true });
    const app = await this.#mint(`${D}/apps/holder`, 'main');
    this.#standing.set('app', { account: '', secrets: { api: app, scim: app } });
    this.#made.set('self', await this.#personal('self', {}));
  }

  async #standsAs(
    caller: Standing,
    account: string,
    body: JsonObject,
    token: JsonObject = {},
  ): Promise<Credential['secrets']> {
    await this.put(account, body);
    const [api, scim] = await Promise.all(
      PURPOSES.map((purpose) => this.#mint(account, purpose, { ...token, purpose })),
    );
    const secrets = { api, scim } as Credential['secrets'];
    this.#standing.set(caller, { account, secrets });
    return secrets;
  }

  async #roleFor(
    { name, isSelfService, purpose }: Case,
    caller: 'enough' | 'lacking',
    permissions: readonly string[],
  ): Promise<void> {
    if (caller === 'enough' && isSelfService) return;
    const slug = `${caller}-${name.toLowerCase().replace(':', '-')}`;
    await this.put(`${D}/roles/${slug}`, { permissions: [...permissions] });
    await this.put(`${D}/accounts/${slug}`, { grants: [{ role: slug }] });
    this.#made.set(`${caller} ${name}`, await this.#mint(`${D}/accounts/${slug}`, 'main', { purpose }));
  }

  async #target({ name, target, row }: Case): Promise<void> {
    if (row.there === undefined || target === undefined || isPersonal(target)) return;
    this.#ids.set(name, String((await this.put(target, row.there)).uid));
  }

  /** A user's own tokens are made one after the other: an enrolment replaces the one before. */
  async #personalTarget({ target, row }: Case): Promise<void> {
    if (row.there === undefined || target === undefined || !isPersonal(target)) return;
    await this.#personal(target.slice(target.lastIndexOf('/') + 1), row.there);
  }

  async #personal(name: string, body: JsonObject): Promise<string> {
    const answer = await this.owner.as(await this.#enrol('holder')).put(`${D}/users/holder/tokens/${name}`, body);
    expect(answer.status, answer.text).to.equal(201);
    return String(answer.body.secret);
  }

  async #enrol(user: string): Promise<string> {
    const { status, body, text } = await this.owner.post(`${D}/users/${user}/enrolment`, {});
    expect(status, text).to.equal(201);
    return String(body.secret);
  }

  async #mint(holder: string, name: string, body: JsonObject = {}): Promise<string> {
    return String((await this.put(`${holder}/tokens/${name}`, body)).secret);
  }
}

function isPersonal(address: string): boolean {
  return /\/users\/[^/]+\/tokens\//.test(address);
}

/** Starts a daemon with all that the cases need. Close the stage afterwards. */
export async function openStage(cases: readonly Case[], everything: readonly string[]): Promise<Stage> {
  const clock = fakeClock();
  const packages = await mkdtemp(join(tmpdir(), 'accredit-packages-'));
  await stubPackages(packages, { signingKey: await throwAwayKey() });
  const env = { ACCREDIT_RECYCLE_KEY_API: 'true', ACCREDIT_METRICS_ACCESS: 'token' };
  const daemon = await startTestDaemon({ clock, env: { ...env, ACCREDIT_PROVIDER_PACKAGES: packages } });
  const stage = new Stage(daemon, packages);
  await stage.build(cases, everything).catch(async (error: unknown) => {
    await stage.close();
    throw error;
  });
  clock.advance(2 * 3_600_000);
  return stage;
}
