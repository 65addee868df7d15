import { expect } from 'chai';
import fc from 'fast-check';
import { parseAddress } from '../../terraform-provider-spec/address.ts';
import { referencesIn } from '../../terraform-provider-spec/derive/references.ts';
import { readBody } from '../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { isReferenced, KINDS, kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { bodies } from './bodies.ts';
import { holds } from './property.ts';

const ORGANIZATION = 'organizations/acme';

function references(kind: string, attributes: JsonObject): [pointer: string, path: string][] {
  return referencesIn(kindNamed(kind), ORGANIZATION, attributes).map(({ pointer, address }) => {
    expect(address.startsWith(`${ORGANIZATION}/`)).to.equal(true);
    return [pointer, address.slice(ORGANIZATION.length + 1)];
  });
}

/** The value at a JSON pointer. */
function at(value: Json, pointer: string): Json | undefined {
  return pointer
    .split('/')
    .slice(1)
    .reduce<Json | undefined>((inner, key) => (inner as JsonObject | undefined)?.[key], value);
}

describe('references', () => {
  it('are what the description says, each with the pointer to its value', () => {
    expect(references('project', { parent: 'top' })).to.deep.equal([['/parent', 'projects/top']]);
    expect(references('app', { project: 'shop', teams: ['ios', 'web'] })).to.deep.equal([
      ['/project', 'projects/shop'],
      ['/teams/0', 'teams/ios'],
      ['/teams/1', 'teams/web'],
    ]);
    expect(references('service_account_token', { profile: 'static' })).to.deep.equal([
      ['/profile', 'token-profiles/static'],
    ]);
  });

  it('by a scope are to what it names; the organization itself is none', () => {
    const grants = [
      { role: 'viewer', scope: 'organization' },
      { role: 'builder', scope: 'apps/till' },
      { role: 'builder', scope: 'projects/shop' },
    ];
    expect(references('service_account', { scope: 'teams/red', grants })).to.deep.equal([
      ['/scope', 'teams/red'],
      ['/grants/0/role', 'roles/viewer'],
      ['/grants/1/role', 'roles/builder'],
      ['/grants/1/scope', 'apps/till'],
      ['/grants/2/role', 'roles/builder'],
      ['/grants/2/scope', 'projects/shop'],
    ]);
    expect(references('service_account', { scope: 'organization', grants: [] })).to.deep.equal([]);
  });

  it('are none where nothing is given, and none in texts that only look like some', () => {
    for (const { kind } of KINDS) {
      expect(references(kind, {}), kind).to.deep.equal([]);
      const texts = { display_name: 'projects/x', description: 'teams/x', labels: { project: 'x', role: 'roles/x' } };
      expect(references(kind, texts), kind).to.deep.equal([]);
    }
    expect(references('app', { project: null, teams: null })).to.deep.equal([]);
  });

  it('are not read off an object’s prototype', () => {
    const attributes = Object.create({ project: 'inherited', teams: ['inherited'] }) as JsonObject;
    expect(references('app', attributes)).to.deep.equal([]);
  });

  for (const kind of KINDS) {
    it(`of any body are addresses of kinds that can be in use, found at their pointers: ${kind.title}`, () => {
      holds(
        fc.property(bodies(kind), (body) => {
          const reading = readBody(kind, body);
          if (!reading.ok) return;
          for (const { pointer, address } of referencesIn(kind, ORGANIZATION, reading.desired)) {
            const target = parseAddress(address);
            expect(isReferenced(target.kind), address).to.equal(true);
            const value = at(reading.desired, pointer) as string;
            expect([
              address,
              `${ORGANIZATION}/${value}`,
              `${ORGANIZATION}/${target.kind.collection}/${value}`,
            ]).to.satisfy(([found, scoped, named]: string[]) => found === scoped || found === named);
          }
        }),
        100,
      );
    });
  }

  it('go to these kinds, and so their resources cannot be removed while in use', () => {
    const referenced = KINDS.filter(isReferenced).map(({ kind }) => kind);
    expect(referenced).to.have.members(['project', 'team', 'app', 'role', 'token_profile']);
  });
});
