import { expect } from 'chai';
import fc from 'fast-check';
import { closest } from '../../terraform-provider-spec/derive/closest.ts';
import {
  type BodyReading,
  changedAttributes,
  changedImmutables,
  equalValues,
  MOST_VIOLATIONS,
  readBody,
  readOnlyAttributes,
  writableAttributes,
} from '../../terraform-provider-spec/derive/validate.ts';
import type { Attributes, Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { bodies } from './bodies.ts';
import { holds } from './property.ts';

const organization = kindNamed('organization');
const account = kindNamed('service_account');
const token = kindNamed('service_account_token');
const role = kindNamed('role');

function desired(reading: BodyReading): JsonObject {
  expect(reading).to.have.property('ok', true);
  return (reading as { desired: JsonObject }).desired;
}

function pointers(reading: BodyReading): string[] {
  return reading.ok ? [] : reading.violations.map(({ pointer }) => pointer);
}

/** As `JSON.parse` makes it: with own properties, whatever they are called. */
function json(text: string): Json {
  return JSON.parse(text) as Json;
}

describe('bodies', () => {
  for (const kind of KINDS) {
    it(`${kind.title}: its example bodies are read exactly as sent`, () => {
      const { full, changed } = kind.examples;
      const state = desired(readBody(kind, full));
      for (const name of Object.keys(full)) expect(state[name], name).to.deep.equal(full[name]);
      expect(desired(readBody(kind, changed))).not.to.deep.equal(state);
    });

    it(`${kind.title}: what the description calls invalid is refused, with its pointer and no other`, () => {
      const judged = kind.examples.invalid.filter(({ byDaemon }) => byDaemon !== true);
      expect(judged.length).to.be.above(2);
      for (const { body, pointer } of judged) {
        expect(pointers(readBody(kind, body)), JSON.stringify(body)).to.deep.equal([pointer]);
      }
    });

    it(`${kind.title}: a desired state read again is the same, in the order of the description`, () => {
      holds(
        fc.property(bodies(kind), (body) => {
          const state = desired(readBody(kind, body));
          expect(JSON.stringify(desired(readBody(kind, state)))).to.equal(JSON.stringify(state));
          const order = Object.keys(writableAttributes(kind)).filter((name) => name in state);
          expect(Object.keys(state)).to.deep.equal(order);
          for (const [name, value] of Object.entries(body)) {
            if (value !== null && typeof value !== 'object') expect(state[name]).to.equal(value);
          }
        }),
      );
    });

    it(`${kind.title}: no JSON value whatever makes reading fail, and what is no object is refused as a whole`, () => {
      holds(
        fc.property(fc.jsonValue(), (value) => {
          const reading = readBody(kind, value as Json);
          if (value === null || typeof value !== 'object' || Array.isArray(value))
            expect(pointers(reading)).to.deep.equal(['']);
        }),
      );
      const anything = fc.dictionary(fc.constantFrom(...Object.keys(writableAttributes(kind))), fc.jsonValue());
      holds(fc.property(anything, (value) => void readBody(kind, value as JsonObject)));
    });

    it(`${kind.title}: read-only attributes are ignored, whatever they hold`, () => {
      const plain = desired(readBody(kind, kind.examples.full));
      const names = Object.keys(readOnlyAttributes(kind));
      expect(names).to.include.members(['uid', 'address', 'revision', 'created_by']);
      holds(
        fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (given) => {
          const state = desired(readBody(kind, { ...(given as JsonObject), ...kind.examples.full }));
          expect(state).to.deep.equal(plain);
        }),
        50,
      );
    });

    it(`${kind.title}: null is the same as missing`, () => {
      const nulls = Object.fromEntries(Object.keys(writableAttributes(kind)).map((name) => [name, null]));
      expect(readBody(kind, nulls)).to.deep.equal(readBody(kind, {}));
    });
  }

  it('defaults are filled in, inside objects and members of sets too', () => {
    expect(desired(readBody(organization, {}))).to.deep.equal({
      display_name: null,
      description: null,
      labels: {},
      settings: {
        domain: 'accredit.internal',
        team_isolation: false,
        max_token_lifetime: null,
        purge_after: null,
      },
    });
    const { settings } = desired(readBody(organization, { settings: { max_token_lifetime: { duration: '1d' } } }));
    expect(settings).to.deep.include({ max_token_lifetime: { duration: '1d', mode: 'block' }, purge_after: null });
    const { grants } = desired(readBody(account, { grants: [{ role: 'viewer' }] }));
    expect(grants).to.deep.equal([{ role: 'viewer', scope: 'organization' }]);
  });

  it('a default is a fresh value each time', () => {
    const first = desired(readBody(organization, {}));
    (first.labels as JsonObject).planted = 'x';
    (first.settings as JsonObject).domain = 'planted.example';
    expect(desired(readBody(organization, {}))).to.deep.include({ labels: {} });
    expect(JSON.stringify(readBody(organization, {}))).not.to.contain('planted');
  });

  it('an attribute that keeps its stored value is left out when missing or null', () => {
    for (const body of [{}, { rotation: null, secret_hash: null }] as JsonObject[]) {
      expect(desired(readBody(token, body))).not.to.have.any.keys('rotation', 'secret_hash');
    }
    expect(desired(readBody(token, { rotation: '' }))).to.have.property('rotation', '');
  });

  it('what no kind has is refused, even when every object has it', () => {
    const body = json('{"__proto__": {"disabled": true}, "constructor": 1, "toString": null, "hasOwnProperty": 2}');
    expect(pointers(readBody(account, body))).to.deep.equal([
      '/__proto__',
      '/constructor',
      '/toString',
      '/hasOwnProperty',
    ]);
    expect(pointers(readBody(organization, json('{"settings": {"__proto__": {}}}')))).to.deep.equal([
      '/settings/__proto__',
    ]);
    expect(pointers(readBody(organization, json('{"labels": {"__proto__": "x"}}')))).to.deep.equal([
      '/labels/__proto__',
    ]);
    expect(({} as JsonObject).disabled).to.equal(undefined);
  });

  it('a label may be called like a property that every object has', () => {
    const { labels } = desired(readBody(organization, json('{"labels": {"constructor": "x"}}')));
    expect(Object.entries(labels as JsonObject)).to.deep.equal([['constructor', 'x']]);
  });

  it('a likely misspelling is answered with the name that was meant', () => {
    const detail = (body: JsonObject) => {
      const reading = readBody(account, body);
      return reading.ok ? '' : (reading.violations[0]?.detail ?? '');
    };
    expect(detail({ displayName: 'x' })).to.contain('"display_name"');
    expect(detail({ lables: {} })).to.contain('"labels"');
    expect(detail({ Grants: [] })).to.contain('"grants"');
    expect(detail({ color: 'red' })).not.to.contain('did you mean');
    expect(detail({ uuid: 'x' })).not.to.contain('did you mean');
    expect(closest('a'.repeat(65), ['a'.repeat(64)]), 'nobody mistypes that').to.equal(undefined);
    expect(detail({ ['x'.repeat(1_000_000)]: 1 })).to.have.length.below(100);
  });

  it('pointers escape what they must, cut absurd keys and mask tokens', () => {
    const key = 'acr_sa_1cOPI2EsA1IzjOIy94rJEuhEzWO2G5lUniY3rOsZ1fKF79';
    const reading = readBody(account, { 'a/b~c': 1, [key]: 1, ['x'.repeat(10_000)]: 1 });
    const [escaped, masked, cut] = pointers(reading);
    expect(escaped).to.equal('/a~1b~0c');
    expect(masked).to.equal('/acr_sa_***');
    expect(cut).to.have.length.below(300);
  });

  it('every violation is named, up to a hundred', () => {
    const body: JsonObject = {
      disabled: 'yes',
      scope: 'nowhere',
      grants: [{}, { role: 'A' }, 7],
      labels: { A: 'x', b: 1 },
      color: 1,
    };
    expect(pointers(readBody(account, body))).to.deep.equal([
      '/color',
      '/labels/A',
      '/labels/b',
      '/scope',
      '/grants/0/role',
      '/grants/1/role',
      '/grants/2',
      '/disabled',
    ]);
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, 1]));
    expect(pointers(readBody(account, many))).to.have.length(MOST_VIOLATIONS);
  });

  it('a member of a set is given once, in whatever form', () => {
    const twice: JsonObject = {
      grants: [{ role: 'viewer' }, { role: 'admin' }, { scope: 'organization', role: 'viewer' }],
    };
    expect(pointers(readBody(account, twice))).to.deep.equal(['/grants/2']);
    expect(pointers(readBody(token, { permissions: ['a.b', 'a.b'] }))).to.deep.equal(['/permissions/1']);
  });

  it('attributes that exclude each other are refused at the later one, unless one of them is null', () => {
    const both = { rotate_before_expiry: '1d', rotate_every: '1d', expires_in: '9d' };
    expect(pointers(readBody(token, both))).to.deep.equal(['/rotate_before_expiry']);
    desired(readBody(token, { rotate_before_expiry: null, rotate_every: '1d' }));
  });

  it('text is bounded in characters, not in code units, and holds no control characters', () => {
    desired(readBody(account, { description: '🚀'.repeat(1024), display_name: 'x'.repeat(256) }));
    expect(pointers(readBody(account, { description: '🚀'.repeat(1025) }))).to.deep.equal(['/description']);
    expect(pointers(readBody(account, { display_name: 'x'.repeat(257) }))).to.deep.equal(['/display_name']);
    for (const bad of ['a\0b', '\x1b', '\ud800']) {
      expect(pointers(readBody(account, { description: bad })), JSON.stringify(bad)).to.deep.equal(['/description']);
      expect(pointers(readBody(account, { labels: { a: bad } })), JSON.stringify(bad)).to.deep.equal(['/labels/a']);
    }
    desired(readBody(account, { description: 'two\n\tlines' }));
  });

  it('names of 300 characters are refused wherever a name belongs', () => {
    const long = 'a'.repeat(300);
    expect(pointers(readBody(account, { grants: [{ role: long }] }))).to.deep.equal(['/grants/0/role']);
    expect(pointers(readBody(account, { grants: [{ role: 'viewer', scope: `teams/${long}` }] }))).to.deep.equal([
      '/grants/0/scope',
    ]);
    expect(pointers(readBody(account, { labels: { [long]: 'x' } }))).to.have.length(1);
  });

  it('a set or map of too many members is refused as a whole', () => {
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'x']));
    expect(pointers(readBody(account, { labels }))).to.deep.equal(['/labels']);
    const permissions = Array.from({ length: 257 }, (_, index) => `a.b${index}`);
    expect(pointers(readBody(token, { permissions }))).to.deep.equal(['/permissions']);
    const wide = Array.from({ length: 17 }, (_, index) => (index % 2 === 0 ? `*.b${index}` : `~.b${index}`));
    for (const kind of [token, role]) {
      expect(pointers(readBody(kind, { permissions: wide }))).to.deep.equal(['/permissions']);
      const enough = ['*', '~.*', ...wide.slice(1), ...permissions.slice(0, 200)];
      expect(readBody(kind, { permissions: enough })).to.have.property('ok', true);
    }
  });
});

describe('changes', () => {
  const shuffled = (items: Json[]) => fc.shuffledSubarray(items, { minLength: items.length });

  for (const kind of KINDS) {
    it(`${kind.title}: nothing has changed between a state and itself`, () => {
      holds(
        fc.property(bodies(kind), (body) => {
          const state = desired(readBody(kind, body));
          expect(changedAttributes(kind, state, state)).to.deep.equal([]);
          expect(changedImmutables(kind, state, state)).to.deep.equal([]);
        }),
        100,
      );
    });
  }

  it('the order of a set is no difference, at any depth; other values are', () => {
    const grants = account.attributes.grants as Attributes[string];
    const sent: Json[] = ['a', 'b', 'c'].map((role) => ({ role, scope: 'organization' }));
    holds(
      fc.property(shuffled(sent), (other) => {
        expect(equalValues(grants, sent, other)).to.equal(true);
      }),
    );
    expect(equalValues(grants, sent, sent.slice(1))).to.equal(false);
    expect(
      equalValues(grants, [{ role: 'a', scope: 'organization' }], [{ scope: 'organization', role: 'a' }]),
    ).to.equal(true);
    expect(equalValues(grants, [], null)).to.equal(false);
    const nested = { type: 'set', items: { type: 'set', items: { type: 'integer' } } } as const;
    expect(equalValues(nested, [[1, 2], [3]], [[3], [2, 1]])).to.equal(true);
    expect(equalValues(nested, [[1, 2], [3]], [[1], [2, 3]])).to.equal(false);
  });

  it('maps are equal by their entries, strings by their characters', () => {
    const labels = writableAttributes(account).labels as Attributes[string];
    expect(equalValues(labels, { a: '1', b: '2' }, { b: '2', a: '1' })).to.equal(true);
    expect(equalValues(labels, { a: '1' }, { a: '2' })).to.equal(false);
    expect(equalValues(labels, { a: '","b":"' }, { a: '', b: '' })).to.equal(false);
    expect(equalValues(labels, { a: '1,b:2' }, { a: '1', b: '2' })).to.equal(false);
    expect(equalValues({ type: 'string' }, '1', 1 as Json)).to.equal(false);
    expect(equalValues({ type: 'string' }, 'null', null)).to.equal(false);
  });

  it('a change inside an object is named by its pointer there', () => {
    const before = desired(readBody(organization, { display_name: 'A', settings: { purge_after: '1d' } }));
    const after = desired(
      readBody(organization, { display_name: 'A', settings: { purge_after: '2d' }, labels: { a: 'b' } }),
    );
    expect(changedAttributes(organization, before, after)).to.deep.equal(['/labels', '/settings/purge_after']);
  });

  it('leaving out what keeps its value is no change; another value is', () => {
    const before = desired(readBody(token, { rotation: '1', expires_in: '1d' }));
    expect(changedAttributes(token, before, desired(readBody(token, { expires_in: '1d' })))).to.deep.equal([]);
    const after = desired(readBody(token, { expires_in: '1d', rotation: '2' }));
    expect(changedAttributes(token, before, after)).to.deep.equal(['/rotation']);
  });

  it('only attributes that are fixed at creation count as changed immutables', () => {
    const before = desired(readBody(account, {}));
    const after = desired(readBody(account, { scope: 'teams/a', disabled: true }));
    expect(changedImmutables(account, before, after)).to.deep.equal(['/scope']);
    expect(changedAttributes(account, before, after)).to.deep.equal(['/scope', '/disabled']);
  });
});
