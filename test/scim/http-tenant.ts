/** An organization with an identity provider, spoken to over HTTP: SCIM on one side, the API of an owner on the other. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from '../contract/api.ts';
import { uniqueName } from '../contract/bench.ts';

export const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** What the document gives the account of an identity provider. */
export const PROVISIONING = [
  'users.read',
  'users.write',
  'users.delete',
  'teams.read',
  'teams.write',
  'teams.delete',
] as const;

type Headers = Readonly<Record<string, string>>;
type Method = Parameters<Api['send']>[0];

/** SCIM as a client speaks it. Paths are those below `/scim/v2/`. */
export class Scim {
  readonly token: string | undefined;
  readonly #api: Api;

  constructor(url: string, token: string | undefined) {
    this.token = token;
    this.#api = new Api(url, token);
  }

  get(path: string, headers: Headers = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body: Json, headers: Headers = {}): Promise<Answer> {
    return this.send('POST', path, JSON.stringify(body), headers);
  }

  put(path: string, body: Json, headers: Headers = {}): Promise<Answer> {
    return this.send('PUT', path, JSON.stringify(body), headers);
  }

  /** The operations of a PATCH, in the envelope that everybody sends. */
  patch(path: string, operations: readonly Json[], headers: Headers = {}): Promise<Answer> {
    return this.send('PATCH', path, JSON.stringify({ schemas: [PATCH], Operations: [...operations] }), headers);
  }

  delete(path: string, headers: Headers = {}): Promise<Answer> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** Those of Users or Groups that match; all of them without a filter. */
  list(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<Answer> {
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return this.get(`${path}?${pairs.join('&')}`);
  }

  send(method: Method, path: string, body?: string, headers: Headers = {}): Promise<Answer> {
    const type: Headers = body === undefined ? {} : { 'Content-Type': 'application/scim+json' };
    return this.#api.send(method, `/scim/v2/${path}`, body, { ...type, ...headers });
  }
}

export interface Tenant {
  /** Its address. */
  readonly organization: string;
  /** Speaks as an owner. */
  readonly api: Api;
  /** Speaks as the account `identity-provider`, which has the rights of the document. */
  readonly scim: Scim;
  /** The same of an account with these permissions and grants of its own. */
  scimOf(permissions: readonly string[], grants?: readonly Json[]): Promise<Scim>;
  /** The address of something below the organization, or its own. */
  at(path: string): string;
  /** PUT of something below the organization; answers what is there then. */
  put(path: string, body?: JsonObject, headers?: Headers): Promise<JsonObject>;
  /** What is there, as the API shows it. */
  get(path: string): Promise<JsonObject>;
  /** Creates a user through SCIM. */
  user(body: string | JsonObject): Promise<JsonObject>;
  /** Creates a group through SCIM, with members by their ids. */
  group(displayName: string, ...members: readonly Json[]): Promise<JsonObject>;
  /** A personal token that the user of that name makes; its secret. */
  token(user: string, body?: JsonObject): Promise<string>;
  /** The status that the secret gets when a service asks about it. */
  authorize(secret: string): Promise<number>;
}

/** A fresh organization of that kind. `api` is that of an owner of the installation. */
export async function freshTenant(api: Api, settings: JsonObject = {}): Promise<Tenant> {
  const organization = `organizations/${uniqueName('tenant')}`;
  done(await api.put(organization, { settings }));
  const at = (path: string) => (path === '' ? organization : `${organization}/${path}`);
  const put = async (path: string, body: JsonObject = {}, headers: Headers = {}) =>
    done(await api.put(at(path), body, { headers }));

  let accounts = 0;
  const scimOf = async (permissions: readonly string[], grants: readonly Json[] = []) => {
    const name = accounts === 0 ? 'identity-provider' : `identity-provider-${accounts}`;
    accounts += 1;
    await put(`roles/${name}`, { permissions: [...permissions] });
    await put(`accounts/${name}`, { grants: [{ role: name }, ...grants] });
    const { secret } = await put(`accounts/${name}/tokens/scim`, { purpose: 'scim' });
    return new Scim(api.url, String(secret));
  };
  const scim = await scimOf(PROVISIONING);
  return {
    organization,
    api,
    scim,
    scimOf,
    at,
    put,
    get: async (path) => done(await api.get(at(path))),
    user: async (body) => made(await scim.post('Users', userBody(body))),
    group: async (displayName, ...members) =>
      made(
        await scim.post('Groups', {
          schemas: [GROUP_SCHEMA],
          displayName,
          members: members.map((value) => ({ value })),
        }),
      ),
    async token(user, body = {}) {
      const enrolment = done(await api.post(`${at(`users/${user}`)}/enrolment`, {}));
      const answer = await api.as(String(enrolment.secret)).put(at(`users/${user}/tokens/laptop`), body);
      return String(done(answer).secret);
    },
    authorize: (secret) => api.authorize(secret, `organization=${organization.split('/')[1]}`),
  };
}

function userBody(body: string | JsonObject): JsonObject {
  return { schemas: [USER_SCHEMA], ...(typeof body === 'string' ? { userName: body } : body) };
}

/** Asserts that it was done, and answers what came back. */
export function done({ status, body, text }: Answer): JsonObject {
  expect(status, text).to.be.oneOf([200, 201]);
  return body;
}

/** Asserts that it was created. */
export function made(answer: Answer): JsonObject {
  expect(answer.status, answer.text).to.equal(201);
  return answer.body;
}

/** Asserts a refusal in the words of SCIM (RFC 7644, section 3.12), and answers its `detail`. */
export function refused(answer: Answer, status: number, scimType?: string): string {
  const { status: said, body, headers, text } = answer;
  expect({ status: said, scimType: body.scimType }, text).to.deep.equal({ status, scimType });
  expect(headers['content-type']).to.equal('application/scim+json');
  expect(body.schemas).to.deep.equal([ERROR]);
  expect(body.status).to.equal(String(status));
  expect(body.detail).to.be.a('string').that.is.not.empty;
  return String(body.detail);
}

/** The resources in the answer of a list. */
export function resourcesIn(answer: Answer): JsonObject[] {
  return done(answer).Resources as JsonObject[];
}

/** The ids of the members of a group, sorted. */
export function memberIds(group: JsonObject): string[] {
  return ((group.members ?? []) as JsonObject[]).map(({ value }) => String(value)).sort();
}
