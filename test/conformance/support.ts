/** Where the conformance suites run: one daemon for each, whose clock they move, and an organization for each test. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api, type Options } from '../contract/api.ts';
import { expectOutcome, uniqueName } from '../contract/bench.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';

export * from './promises.ts';

export const DAY = 86_400_000;

export interface Stage {
  readonly daemon: TestDaemon;
  readonly clock: FakeClock;
  /** Speaks as the owner of the installation. */
  readonly api: Api;
  /** A new organization, and nothing in it. */
  tenant(settings?: JsonObject): Promise<Tenant>;
}

/** A service account or app with one token. */
export interface Holder {
  /** Of the account or app. */
  readonly address: string;
  /** Address of the token. */
  readonly token: string;
  readonly secret: string;
  /** Speaks with that token. */
  readonly api: Api;
}

/** Declares a suite on a daemon of its own; `stage()` is there once its tests run. */
export function onOneDaemon(title: string, declare: (stage: () => Stage) => void): void {
  describe(title, () => {
    let stage: Stage | undefined;
    before(async () => {
      const clock = fakeClock();
      const daemon = await startTestDaemon({ clock });
      const api = new Api(daemon.url, daemon.adminToken);
      stage = {
        daemon,
        clock,
        api,
        async tenant(settings = {}) {
          const name = uniqueName('org');
          expectOutcome(await api.put(`organizations/${name}`, { settings }), 201, 'created');
          return new Tenant(api, name);
        },
      };
    });
    after(() => stage?.daemon.close());
    declare(() => {
      if (stage === undefined) throw new Error('the daemon is there only while tests run');
      return stage;
    });
  });
}

/** One organization, written to by the owner of the installation. */
export class Tenant {
  readonly api: Api;
  readonly name: string;

  constructor(api: Api, name: string) {
    this.api = api;
    this.name = name;
  }

  /** The address of something in it; its own without a path. */
  at(path = ''): string {
    return `organizations/${this.name}${path && `/${path}`}`;
  }

  /** Creates something in it and answers its address. */
  async make(path: string, body: JsonObject = {}): Promise<string> {
    expectOutcome(await this.api.put(this.at(path), body), 201, 'created');
    return this.at(path);
  }

  /** Creates an account with these grants, or of this body, and its token `main`. */
  async account(name: string, grants: JsonObject[] | JsonObject, token: JsonObject = {}): Promise<Holder> {
    const address = await this.make(`accounts/${name}`, Array.isArray(grants) ? { grants } : grants);
    return this.#holder(address, token);
  }

  /** Creates an app and its token `main`. */
  async app(name: string, token: JsonObject, body: JsonObject = {}): Promise<Holder> {
    return this.#holder(await this.make(`apps/${name}`, body), token);
  }

  /** Creates a person, and answers the secret of a token that the person made. */
  async person(name: string, grants: JsonObject[]): Promise<string> {
    const user = await this.make(`users/${name}`, { grants });
    const { body } = await this.api.post(`${user}/enrolment`, {});
    const made = await this.api.as(String(body.secret)).put(`${user}/tokens/own`, {});
    return String(expectOutcome(made, 201, 'created').secret);
  }

  /** The status with which a service that asks about this secret, in this organization, is told yes or no. */
  ask(secret: string, permission?: string, scope = 'organization'): Promise<number> {
    const question = `organization=${this.name}&scope=${scope}${permission === undefined ? '' : `&permission=${permission}`}`;
    return this.api.authorize(secret, question);
  }

  /** The statuses for several permissions at one scope. */
  async askAll(secret: string, permissions: readonly string[], scope?: string): Promise<number[]> {
    const statuses: number[] = [];
    for (const permission of permissions) statuses.push(await this.ask(secret, permission, scope));
    return statuses;
  }

  async #holder(address: string, body: JsonObject): Promise<Holder> {
    const token = `${address}/tokens/main`;
    const secret = String(expectOutcome(await this.api.put(token, body), 201, 'created').secret);
    return { address, token, secret, api: this.api.as(secret) };
  }
}

/** Adds the projects `shop`, with `web` below it, and `depot`, and an app in each of the two. */
export async function addShopAndDepot(tenant: Tenant): Promise<Tenant> {
  for (const project of ['shop', 'depot']) {
    await tenant.make(`projects/${project}`);
    await tenant.make(`apps/of-${project}`, { project });
  }
  await tenant.make('projects/web', { parent: 'shop' });
  return tenant;
}

/** An account of that project, with a role there. */
export function inProject(project: string, role = 'developer'): JsonObject {
  return { scope: `projects/${project}`, grants: [{ role, scope: `projects/${project}` }] };
}

/** The secret as the password of HTTP Basic. */
export function basic(username: string, secret: string): Options {
  return { headers: { Authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}` } };
}

/** The part of a refusal that could tell something: all but what names the request. */
export function told({ status, body }: Answer): JsonObject {
  const { request_id: _request, ...rest } = body;
  return { status, ...rest };
}
