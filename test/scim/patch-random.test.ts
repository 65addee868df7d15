import { expect } from 'chai';
import fc from 'fast-check';
import { ScimError } from '../../daemon/scim/errors.ts';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { readGroup, readUser } from '../../daemon/scim/resources.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { printedSeed } from '../support/seed.ts';
import { ENTERPRISE, GROUP, patchOp, USER } from './examples.ts';

/** A text in any case. */
const anyCase = (text: string) =>
  fc
    .infiniteStream(fc.boolean())
    .map((upper) => [...text].map((c) => (upper.next().value ? c.toUpperCase() : c.toLowerCase())).join(''));

const member = fc.constantFrom('a', 'b', 'c', 'd', 'A', 'e-1');
const listed = fc.array(member, { maxLength: 4 });
const change = fc.record({ op: fc.constantFrom('add', 'remove', 'replace'), members: listed });

/** The ways in which clients write one change of members. */
function dialects({ op, members }: { op: string; members: string[] }): Json[][] {
  const value = members.map((one) => ({ value: one, $ref: null }));
  if (op !== 'remove') return [[{ op, path: 'members', value }], [{ op, value: { members: value } }]];
  return [
    [{ op, path: 'members', value }],
    members.map((one) => ({ op, path: `members[value eq ${JSON.stringify(one)}]` })),
  ];
}

describe('a random PATCH', () => {
  it('of members, in whatever dialect, does what the same change does to a set', () => {
    fc.assert(
      fc.property(listed, fc.array(fc.tuple(change, fc.nat(1)), { maxLength: 8 }), (initial, changes) => {
        const model = new Set(initial);
        const operations = changes.flatMap(([wanted, dialect]) => {
          if (wanted.op === 'replace') model.clear();
          for (const one of wanted.members) {
            if (wanted.op === 'remove') model.delete(one);
            else model.add(one);
          }
          return dialects(wanted)[dialect] as Json[];
        });
        fc.pre(operations.length > 0);
        const group = { ...GROUP, members: [...new Set(initial)].map((value) => ({ value })) };
        expect(readGroup(applyPatch(GROUP_TYPE, group, patchOp(...operations))).members).to.deep.equal([...model]);
      }),
      { seed: printedSeed('members as a set'), numRuns: 500 },
    );
  });

  const target = fc.constantFrom(
    ['title'],
    ['displayName'],
    ['name', 'givenName'],
    [ENTERPRISE, 'department'],
    [ENTERPRISE, 'manager', 'value'],
  );
  const path = target.chain((steps) => {
    const [first = '', ...rest] = steps;
    const plain = first === ENTERPRISE ? `${first}:${rest.join('.')}` : steps.join('.');
    const core = `urn:ietf:params:scim:schemas:core:2.0:User:${plain}`;
    const written = first === ENTERPRISE ? fc.constant(plain) : fc.constantFrom(plain, core);
    return fc.record({ steps: fc.constant(steps), written: written.chain(anyCase) });
  });

  it('of one attribute gives the same, however it is written', () => {
    const operation = fc.record({
      path,
      op: fc.constantFrom('add', 'replace').chain(anyCase),
      text: fc.stringMatching(/^\w{1,9}$/),
    });
    fc.assert(
      fc.property(operation, ({ path: { steps, written }, op, text }) => {
        const nested = steps.reduceRight<Json>((value, name) => ({ [name]: value }), text);
        const expected = applyPatch(USER_TYPE, USER, patchOp({ op: 'add', value: nested }));
        expect(steps.reduce<Json | undefined>((value, name) => (value as JsonObject)[name], expected)).to.equal(text);
        expect(applyPatch(USER_TYPE, USER, patchOp({ op, path: written, value: text }))).to.deep.equal(expected);
        expect(applyPatch(USER_TYPE, USER, patchOp({ op, value: { [written]: text } }))).to.deep.equal(expected);
      }),
      { seed: printedSeed('dialects of one change'), numRuns: 300 },
    );
  });

  it('is applied or refused, never changes what is read-only, and leaves a user that can be kept', () => {
    const name = fc.constantFrom(
      ...['userName', 'name', 'name.familyName', 'emails', 'emails.value', 'active', 'id', 'meta', 'groups', 'schemas'],
      ...[
        'addresses',
        'externalId',
        'nosuch',
        '__proto__',
        'constructor',
        'password',
        ENTERPRISE,
        `${ENTERPRISE}:manager`,
      ],
    );
    const condition = fc.constantFrom(
      '',
      '[type eq "work"]',
      '[primary eq true].value',
      '[value eq "x"].type',
      '[',
      ']',
    );
    const value = fc.oneof(
      fc.constantFrom<Json>('x', '', true, 'False', null, [], {}, [null], [{}], ['x']),
      fc.constantFrom<Json>([{ value: 'x', type: 'home', primary: true }], { value: 'x' }, { givenName: 'A' }),
      fc.jsonValue().map((any) => any as Json),
    );
    const wild = fc.record(
      {
        op: fc.constantFrom('add', 'Replace', 'remove'),
        path: fc.tuple(name, condition).map((parts) => parts.join('')),
        value: fc.oneof(value, fc.dictionary(name, value, { maxKeys: 3 })),
      },
      { requiredKeys: ['op'] },
    );
    const sensible = fc.record({
      op: fc.constantFrom('Add', 'replace'),
      path: fc.constantFrom('userName', 'title', 'name.familyName', 'emails.value', 'roles[type eq "work"].value'),
      value: fc.constantFrom<Json>('x', 'False', null),
    });
    const operation = fc.oneof(sensible, wild);
    let applied = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 2 }), (operations) => {
        const before = structuredClone(USER);
        try {
          const patched = applyPatch(USER_TYPE, USER, patchOp(...(operations as Json[])));
          applied += 1;
          for (const fixed of ['id', 'meta', 'groups', 'schemas']) expect(patched[fixed]).to.deep.equal(USER[fixed]);
          const { provisioned } = readUser(patched);
          expect(provisioned.userName).to.be.a('string').that.is.not.empty;
          expect(provisioned).to.not.have.any.keys('password', 'nosuch', 'id', 'constructor');
        } catch (error) {
          expect(error).to.be.instanceOf(ScimError);
          expect((error as ScimError).status).to.equal(400);
        }
        expect(USER).to.deep.equal(before);
        expect(({} as JsonObject).value).to.equal(undefined);
      }),
      { seed: printedSeed('any PATCH'), numRuns: 1_000 },
    );
    expect(applied, 'many are applied').to.be.above(150);
  });
});
