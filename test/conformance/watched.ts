/** A stage on which every answer is watched: none sets a cookie, and no read holds a secret. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from '../contract/api.ts';
import { expectOutcome, uniqueName } from '../contract/bench.ts';
import { fakeClock, startTestDaemon } from '../support/daemon.ts';
import { DAY, type Stage, Tenant } from './support.ts';

export const HOUR = DAY / 24;

/** A token of any kind, wherever it stands. */
export const SECRET = /acr_[a-z]+_[0-9A-Za-z]{46}/;

/** The API, which fails a test for a cookie in any answer, and for a secret in the answer to a read. */
export class WatchedApi extends Api {
  override as(token: string | undefined): WatchedApi {
    return new WatchedApi(this.url, token);
  }

  override async send(...request: Parameters<Api['send']>): Promise<Answer> {
    const [method, target] = request;
    const answer = await super.send(...request);
    expect(answer.headers, `${method} ${target}`).to.not.have.property('set-cookie');
    if (method === 'GET') expect(answer.text, `GET ${target}`).to.not.match(SECRET);
    return answer;
  }
}

/** Declares a suite on a daemon of its own with these settings; `stage()` is there once its tests run. */
export function onWatchedDaemon(
  title: string,
  env: Readonly<Record<string, string>>,
  declare: (stage: () => Stage) => void,
): void {
  describe(title, () => {
    let stage: Stage | undefined;
    before(async () => {
      const clock = fakeClock();
      const daemon = await startTestDaemon({ clock, env });
      const api = new WatchedApi(daemon.url, daemon.adminToken);
      const tenant = async (settings: JsonObject = {}) => {
        const name = uniqueName('org');
        expectOutcome(await api.put(`organizations/${name}`, { settings }), 201, 'created');
        return new Tenant(api, name);
      };
      stage = { daemon, clock, api, tenant };
    });
    after(() => stage?.daemon.close());
    declare(() => {
      if (stage === undefined) throw new Error('the daemon is there only while tests run');
      return stage;
    });
  });
}

/** Creates a person, who enrols; speaks with the token that the person made. */
export async function person(tenant: Tenant, name: string, body: JsonObject = {}): Promise<Api> {
  const { api } = tenant;
  const user = await tenant.make(`users/${name}`, body);
  const { body: enrolment } = await api.post(`${user}/enrolment`, {});
  const own = expectOutcome(await api.as(String(enrolment.secret)).put(`${user}/tokens/own`, {}), 201, 'created');
  return api.as(String(own.secret));
}

/** The names in a list that somebody sees, in its order. */
export async function namesIn(api: Api, collection: string, query = ''): Promise<string[]> {
  return (await api.all(collection, query)).map(({ name }) => String(name));
}

/** A time as answers have it. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
