import { expect } from 'chai';
import fc from 'fast-check';
import { routes } from '../../daemon/http/routes.ts';
import { GROUPS, USERS } from '../../daemon/scim/collections.ts';
import { collectionRequests, resourceRequests } from '../../daemon/scim/requests.ts';
import { schemaName } from '../../terraform-provider-spec/derive/openapi/schemas.ts';
import { openApi } from '../../terraform-provider-spec/derive/openapi.ts';
import { readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { PERMISSION_PATTERN } from '../../terraform-provider-spec/permission.ts';
import { PROBLEM_CODES, type ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';
import { bodies } from './bodies.ts';
import { accepts, ajv, document, operations, type Parameter, resolve, schemas } from './document.ts';
import { holds } from './property.ts';

interface ProblemContent {
  readonly schema: { readonly allOf: readonly [JsonObject, { properties: { code: { enum: ProblemCode[] } } }] };
}

function everyValue(value: Json, visit: (object: JsonObject) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value);
  for (const inner of Object.values(value)) everyValue(inner as Json, visit);
}

function bodySchema(kind: Kind): string {
  return `${schemaName(kind)}Body`;
}

describe('the OpenAPI document', () => {
  it('is of version 3.1, and every reference leads somewhere', () => {
    expect(document.openapi).to.match(/^3\.1\./);
    let references = 0;
    everyValue(document, (object) => {
      if (!('$ref' in object)) return;
      references += 1;
      resolve(object);
    });
    expect(references).to.be.above(100);
  });

  it('has no component that nothing refers to', () => {
    const used = new Set<string>();
    everyValue(document, ({ $ref }) => used.add(String($ref)));
    const { securitySchemes: _schemes, ...components } = document.components as Record<string, JsonObject>;
    // A response for every problem code, whether or not an operation needs it by itself.
    delete components.responses;
    for (const [group, members] of Object.entries(components)) {
      for (const name of Object.keys(members)) expect(used).to.include(`#/components/${group}/${name}`);
    }
  });

  it('every schema, of components and parameters, compiles in the 2020-12 dialect', () => {
    for (const name of Object.keys(schemas)) expect(ajv.getSchema(`accredit#/$defs/${name}`), name).to.be.a('function');
    for (const { parameters } of operations)
      for (const { schema } of parameters) expect(ajv.compile(schema)).to.be.a('function');
  });

  it('every operation has a name of its own, a summary, a known tag, and its path parameters', () => {
    const tags = (document.tags as JsonObject[]).map(({ name }) => name);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { path, operation, parameters } of operations) {
      expect(operation.summary, path).to.be.a('string').and.not.equal('');
      expect(tags).to.include.members([...operation.tags]);
      const inPath = [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === 'path');
      expect(
        declared.map(({ name }) => name),
        path,
      ).to.deep.equal(inPath);
      expect(declared.every(({ required }) => required)).to.equal(true);
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(keys).size, path).to.equal(keys.length);
    }
  });

  it('every operation that reads a credential lists 401 and the trouble any can meet, and names its permission', () => {
    const unguarded = [
      'authorize',
      'getSelf',
      'rotateSelf',
      'recycleKey',
      'issueAccessToken',
      'revokeToken',
      'getMetrics',
    ];
    for (const { path, method, operation } of operations) {
      const where = `${method} ${path}`;
      if (operation.security?.length === 0) {
        expect(path, where).not.to.match(/^\/v1/);
        expect(operation.responses, where).not.to.have.any.keys('401', '403');
        continue;
      }
      expect(operation.responses, where).to.include.keys('400', '401', '429', '500', '503');
      if (unguarded.includes(operation.operationId) || isDiscovery(path)) continue;
      expect(operation['x-accredit-permission'], where).to.match(PERMISSION_PATTERN);
      expect(operation.responses, where).to.include.keys('403', '404');
    }
  });

  it('each problem answer carries only codes of its status', () => {
    for (const { path, operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        const { content } = resolve(response) as unknown as { content: Record<string, ProblemContent> };
        if (isScim(path)) {
          expect(Object.keys(content)).to.deep.equal(['application/scim+json']);
          continue;
        }
        if (path.startsWith('/v1/oauth/')) {
          expect(Object.keys(content)).to.deep.equal(['application/json']);
          continue;
        }
        // RFC 7662, section 2.3: a client is refused in the words of OAuth, a bearer as everywhere else.
        const oauth = path === '/v1/introspect' && status === '401' ? ['application/json'] : [];
        expect(Object.keys(content)).to.deep.equal(['application/problem+json', ...oauth]);
        const codes = (content['application/problem+json'] as ProblemContent).schema.allOf[1].properties.code.enum;
        expect(codes, `${status} ${path}`).not.to.be.empty;
        for (const code of codes) expect(PROBLEM_CODES[code].status, code).to.equal(Number(status));
      }
    }
  });

  it('every kind is read, listed, written and deleted', () => {
    for (const kind of KINDS) {
      const ids = operations.map(({ operation }) => operation.operationId);
      const own = ['get', 'list', 'put', 'delete'].filter((verb) =>
        ids.includes(`${verb}${schemaName(kind)}${verb === 'list' ? 's' : ''}`),
      );
      expect(own, kind.kind).to.deep.equal(['get', 'list', 'put', 'delete']);
    }
  });

  it('holds what the daemon serves, with the same parameters and bodies', () => {
    const served = routes({ recycleKey: true }).flatMap(({ path, operations: byMethod }) =>
      Object.entries(byMethod).map(([method, operation]) => ({
        where: `${method.toLowerCase()} ${path.replace(/:([a-z_]+)/g, '{$1}')}`,
        query: Object.keys(operation.query).sort(),
        headers: Object.keys(operation.headers).sort(),
        body: operation.body,
      })),
    );
    const fixed =
      /^(\/v1\/(authorize|introspect|self|oauth\/.+)|\/(healthz|readyz|metrics|openapi\.json|\.well-known\/.+|terraform\/.+))$/;
    const described = operations
      .filter(({ path }) => !fixed.test(path) && !isScim(path))
      .map(({ path, method, operation, parameters }) => ({
        where: `${method} ${path}`,
        query: namesOf(parameters, 'query'),
        headers: namesOf(parameters, 'header'),
        body: operation.requestBody === undefined ? 'none' : operation.requestBody.required ? 'required' : 'optional',
      }));
    expect(described).to.have.deep.members(served);
  });

  it('holds of SCIM what the daemon serves', () => {
    const described = new Map(Object.entries(document.paths as JsonObject).filter(([path]) => isScim(path)));
    const methodsAt = (path: string) =>
      Object.keys(described.get(`/scim/v2/${path}`) as JsonObject)
        .filter((key) => key !== 'parameters')
        .map((method) => method.toUpperCase());
    for (const [name, collection] of Object.entries({ Users: USERS, Groups: GROUPS })) {
      expect(methodsAt(name)).to.have.members(Object.keys(collectionRequests(collection)));
      expect(methodsAt(`${name}/{id}`)).to.have.members(Object.keys(resourceRequests(collection, 'x')));
    }
    const discovery = [...described.keys()].filter(isDiscovery);
    expect(discovery).to.have.length(5);
    for (const path of discovery) expect(methodsAt(path.slice('/scim/v2/'.length))).to.deep.equal(['GET']);
  });

  it('leaves out a path that a daemon is not told to serve, and nothing else', () => {
    const pathsOf = (recycleKey: boolean) => ({
      described: Object.entries(openApi({ recycleKey }).paths as JsonObject),
      served: routes({ recycleKey }).map(({ path }) => path),
    });
    const [all, fewer] = [pathsOf(true), pathsOf(false)];
    const optional = '/automate/recycle_key.json';
    expect(all.described.filter(([path]) => path !== optional)).to.deep.equal(fewer.described);
    expect(all.served.filter((path) => path !== optional)).to.deep.equal(fewer.served);
    expect([all.described.length - fewer.described.length, all.served.length - fewer.served.length]).to.eql([1, 1]);
  });
});

function isScim(path: string): boolean {
  return path.startsWith('/scim/v2/');
}

/** What SCIM says of itself needs the right credential and no permission. */
function isDiscovery(path: string): boolean {
  return isScim(path) && !/\/(Users|Groups)/.test(path);
}

function namesOf(parameters: readonly Parameter[], place: Parameter['in']): string[] {
  return parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name }) => name.toLowerCase())
    .sort();
}

describe('schemas of bodies', () => {
  for (const kind of KINDS) {
    it(`${kind.title}: takes the example bodies, and every body that is read`, () => {
      for (const example of [kind.examples.full, kind.examples.changed, {}]) {
        expect(accepts(bodySchema(kind), example), JSON.stringify(example)).to.equal(true);
      }
      holds(
        fc.property(bodies(kind), (body) => {
          expect(readBody(kind, body).ok).to.equal(true);
          expect(accepts(bodySchema(kind), body)).to.equal(true);
        }),
      );
    });

    it(`${kind.title}: refuses what the daemon refuses for its form, but for the length of a prefix and host bits`, () => {
      const refused = kind.examples.invalid.filter(({ body }) => !readBody(kind, body).ok);
      const beyondPatterns = (body: JsonObject) => 'allowed_cidrs' in body;
      for (const { body } of refused) {
        expect(accepts(bodySchema(kind), body), JSON.stringify(body)).to.equal(beyondPatterns(body));
      }
    });

    it(`${kind.title}: is never stricter than the daemon`, () => {
      holds(
        fc.property(bodies(kind), fc.jsonValue(), fc.nat(), (body, planted, at) => {
          const keys = Object.keys(body);
          const changed = { ...body, [keys[at % (keys.length || 1)] ?? 'labels']: planted as Json };
          if (readBody(kind, changed).ok)
            expect(accepts(bodySchema(kind), changed), JSON.stringify(changed)).to.equal(true);
        }),
      );
    });

    it(`${kind.title}: a body with unknown attributes is refused, one with read-only ones is not`, () => {
      expect(accepts(bodySchema(kind), { color: 1 })).to.equal(false);
      expect(accepts(bodySchema(kind), JSON.parse('{"__proto__": 1}') as Json)).to.equal(false);
      expect(accepts(bodySchema(kind), { uid: 7, revision: 'x', managed_by: [] })).to.equal(true);
    });
  }
});

describe('schemas of answers', () => {
  for (const kind of KINDS) {
    it(`${kind.title}: an answer names every attribute but those that come once, on request or never`, () => {
      const schema = schemas[schemaName(kind)] as { properties: JsonObject; required: string[] };
      for (const [name, attribute] of Object.entries(kind.attributes)) {
        expect(name in schema.properties, name).to.equal(!attribute.writeOnly);
        const always = !attribute.writeOnly && !attribute.once && !attribute.volatile;
        expect(schema.required.includes(name), name).to.equal(always);
      }
      expect(schema.required).to.include.members(['address', 'uid', 'revision', 'claim', 'labels', 'display_name']);
    });
  }
});
