import { expect } from 'chai';
import type { ScimType } from '../../daemon/scim/errors.ts';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { ENTERPRISE, GROUP, patchOp, USER } from './examples.ts';
import { refused } from './refused.ts';

const patched = (...operations: Json[]) => applyPatch(USER_TYPE, USER, patchOp(...operations));

describe('a PATCH', () => {
  it('leaves the resource that it is given alone, also when a later operation fails', () => {
    const before = structuredClone(USER);
    patched({ op: 'replace', path: 'emails[type eq "work"].value', value: 'x@example.com' });
    refused('noTarget', () => patched({ op: 'remove', path: 'emails' }, { op: 'remove' }));
    expect(USER).to.deep.equal(before);
  });

  it('does its operations in their order', () => {
    const last = patched({ op: 'add', path: 'title', value: 'A' }, { op: 'add', path: 'title', value: 'B' });
    expect(last.title).to.equal('B');
  });

  it('does not mind the case of names, operations and schemas', () => {
    const body: JsonObject = {
      SCHEMAS: ['URN:ietf:params:scim:api:messages:2.0:PATCHOP'],
      operations: [
        { OP: 'RePlAcE', Path: 'NAME.GIVENNAME', VALUE: 'Al' },
        { op: 'ADD', value: { Name: { FAMILYNAME: 'Smith' }, 'NAME.middlename': 'B' } },
      ],
    };
    expect(applyPatch(USER_TYPE, USER, body).name).to.deep.equal({
      givenName: 'Al',
      middleName: 'B',
      familyName: 'Smith',
    });
  });

  it('keeps the sub-attributes that it does not name, also when it replaces', () => {
    const { name } = patched({ op: 'replace', path: 'name', value: { givenName: 'Al', middleName: null } });
    expect(name).to.deep.equal({ givenName: 'Al', familyName: 'User' });
  });

  it('replaces a chosen value of a list whole, and adds to it in part', () => {
    const value = { value: 'x@example.com' };
    const at = 'emails[type eq "work"]';
    expect(patched({ op: 'replace', path: at, value }).emails).to.deep.equal([
      { type: 'work', value: 'x@example.com' },
    ]);
    expect(patched({ op: 'add', path: at, value: [value] }).emails).to.deep.equal([
      { primary: true, value: 'x@example.com', type: 'work', display: 'test.user@okta.local' },
    ]);
    expect(patched({ op: 'remove', path: at }).emails).to.deep.equal([]);
    refused('invalidValue', () => patched({ op: 'add', path: at, value: [value, { value: 'y@example.com' }] }));
  });

  it('leaves one primary value when it makes another one primary', () => {
    const { emails } = patched({ op: 'add', path: 'emails', value: [{ value: 'x@example.com', primary: true }] });
    expect(emails).to.deep.equal([
      { primary: false, value: 'test.user@okta.local', type: 'work', display: 'test.user@okta.local' },
      { primary: true, value: 'x@example.com' },
    ]);
    const two = patched(
      { op: 'add', path: 'emails[type eq "home"].value', value: 'x@example.com' },
      { op: 'add', path: 'emails[type eq "home"].primary', value: 'True' },
    );
    expect((two.emails as JsonObject[]).map(({ primary }) => primary)).to.deep.equal([false, true]);
  });

  it('adds no value that is there already', () => {
    expect(patched({ op: 'add', path: 'emails', value: USER.emails as Json })).to.deep.equal(USER);
    expect(patched({ op: 'add', path: 'emails', value: [{ value: 'TEST.user@okta.local' }] }).emails).to.have.length(1);
    expect(
      patched({ op: 'add', path: 'emails', value: [{ value: 'test.user@okta.local', type: 'home' }] }).emails,
    ).to.have.length(2);
    const untyped = { ...USER, emails: [{ value: 'x@example.com' }] };
    const typed = patchOp({ op: 'add', path: 'emails', value: [{ value: 'x@example.com', type: 'home' }] });
    expect(applyPatch(USER_TYPE, untyped, typed).emails).to.deep.equal([{ value: 'x@example.com', type: 'home' }]);
    const address = { type: 'home', locality: 'Berlin' };
    const twice = patched(
      { op: 'add', path: 'addresses', value: address },
      { op: 'add', path: 'addresses', value: [address] },
    );
    expect(twice.addresses).to.deep.equal([address]);
  });

  it('finds a value under its new name, once an earlier operation has changed it', () => {
    const value = [{ value: 'x@example.com', type: 'work' }];
    const renamed = [
      { op: 'add', path: 'emails', value: USER.emails as Json },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'x@example.com' },
      { op: 'add', path: 'emails', value },
    ];
    expect(patched(...renamed).emails).to.have.length(1);
    expect(patched(...renamed, { op: 'remove', path: 'emails', value }).emails).to.deep.equal([]);
  });

  it('adds no value beyond the hundredth', () => {
    const value = Array.from({ length: 99 }, (_, index) => ({ value: `user${index}@example.com` }));
    const full = applyPatch(USER_TYPE, USER, patchOp({ op: 'add', path: 'emails', value }));
    expect(full.emails).to.have.length(100);
    const more = patchOp({ op: 'add', path: 'emails', value: [{ value: 'x@example.com' }] });
    expect(refused('invalidValue', () => applyPatch(USER_TYPE, full, more))).to.equal(
      'emails must not have more than 100 values.',
    );
  });

  it('takes a whole extension, and leaves none that is empty', () => {
    const extended = patched({ op: 'add', path: ENTERPRISE, value: { department: 'Retail' } });
    expect(extended[ENTERPRISE]).to.deep.equal({ department: 'Retail' });
    const body = patchOp({ op: 'remove', path: `${ENTERPRISE}:department` });
    expect(applyPatch(USER_TYPE, extended, body)).to.not.have.property(ENTERPRISE);
    expect(applyPatch(USER_TYPE, extended, patchOp({ op: 'remove', path: ENTERPRISE }))).to.deep.equal(USER);
  });

  it('that removes what is not there changes nothing', () => {
    for (const path of [
      'title',
      'name.honorificPrefix',
      'phoneNumbers',
      'emails[type eq "home"]',
      `${ENTERPRISE}:division`,
    ]) {
      expect(patched({ op: 'remove', path }), path).to.deep.equal(USER);
    }
  });

  it('ignores what is unknown in a value, as in any body', () => {
    const value = { nosuch: 1, 'urn:example:User:x': 'y', 'emails.nosuch': 'z', title: 'Boss', name: { nosuch: 2 } };
    expect(patched({ op: 'replace', value })).to.deep.equal({ ...USER, title: 'Boss' });
  });

  it('may say again what is read-only', () => {
    const value = { id: USER.id as string, schemas: USER.schemas as Json, meta: { resourceType: 'User' }, groups: [] };
    expect(patched({ op: 'replace', value })).to.deep.equal(USER);
  });

  const WRONG: Partial<Record<ScimType, readonly Json[]>> = {
    invalidSyntax: [
      { op: 'move', path: 'title', value: 'x' },
      { path: 'title', value: 'x' },
      { op: 1, path: 'title', value: 'x' },
      'replace',
      null,
    ],
    invalidPath: [
      { op: 'replace', path: 'nosuch', value: 'x' },
      { op: 'replace', path: 'name.nosuch', value: 'x' },
      { op: 'replace', path: 'emails[type eq "work"].nosuch', value: 'x' },
      { op: 'replace', path: 'urn:example:User:title', value: 'x' },
      { op: 'replace', path: '', value: 'x' },
      { op: 'replace', path: 'title x', value: 'x' },
      { op: 'replace', path: 'name[givenName eq "x"]', value: 'x' },
      { op: 'remove', path: 'nosuch' },
      { op: 'replace', path: 1, value: 'x' },
    ],
    invalidFilter: [
      { op: 'replace', path: 'emails[type ne "work"].value', value: 'x' },
      { op: 'replace', path: 'emails[type eq work].value', value: 'x' },
      { op: 'replace', path: 'emails[type eq "work"', value: 'x' },
      { op: 'remove', path: 'emails[nosuch eq "work"]' },
    ],
    noTarget: [
      { op: 'remove' },
      { op: 'replace', path: 'emails[type eq "home"].value', value: 'x@example.com' },
      { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x@example.com' } },
    ],
    mutability: [
      { op: 'replace', path: 'id', value: 'another' },
      { op: 'replace', value: { id: 'another' } },
      { op: 'remove', path: 'id' },
      { op: 'replace', path: 'meta.created', value: '2026-01-02T03:04:05Z' },
      { op: 'add', path: 'schemas', value: ['urn:example:User'] },
      { op: 'add', path: 'groups', value: [{ value: 'admins' }] },
      { op: 'remove', path: 'userName' },
      { op: 'replace', path: 'userName', value: null },
      { op: 'replace', value: { userName: null } },
    ],
    invalidValue: [
      { op: 'replace', path: 'userName', value: '' },
      { op: 'replace', path: 'userName', value: ' ' },
      { op: 'replace', path: 'userName', value: 1 },
      { op: 'replace', path: 'active', value: 'yes' },
      { op: 'replace', path: 'active', value: 0 },
      { op: 'replace', path: 'name', value: 'Alice' },
      { op: 'replace', path: 'name', value: { givenName: 1 } },
      { op: 'replace', path: 'emails', value: 'x@example.com' },
      { op: 'replace', path: 'emails', value: ['x@example.com'] },
      { op: 'replace', path: 'emails[type eq "work"].value', value: ['x'] },
      { op: 'replace', path: 'title' },
      { op: 'add', path: 'title' },
      { op: 'replace', value: 'x' },
      { op: 'replace' },
      { op: 'replace', path: 'title', value: 'a\0b' },
      { op: 'replace', path: 'title', value: '\ud800' },
      { op: 'replace', path: 'title', value: 'x'.repeat(4097) },
    ],
  };

  for (const [scimType, operations] of Object.entries(WRONG)) {
    it(`is refused with ${scimType} where RFC 7644 says so`, () => {
      for (const operation of operations) {
        refused(scimType as ScimType, () => patched(operation), JSON.stringify(operation)?.slice(0, 200));
      }
    });
  }

  it('is refused with invalidSyntax unless it is a PatchOp', () => {
    const Operations = [{ op: 'remove', path: 'title' }];
    for (const body of [
      null,
      [],
      'x',
      {},
      patchOp(),
      { Operations: {} },
      { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], Operations },
      { schemas: 'urn:ietf:params:scim:api:messages:2.0:PatchOp', Operations },
    ]) {
      refused('invalidSyntax', () => applyPatch(USER_TYPE, USER, body as Json), JSON.stringify(body));
    }
  });

  it('of members takes users by their ids, which are exact and do not change', () => {
    const group = (operation: Json) => applyPatch(GROUP_TYPE, GROUP, patchOp(operation));
    refused('invalidValue', () => group({ op: 'add', path: 'members', value: [{ display: 'x' }] }));
    refused('invalidValue', () => group({ op: 'add', path: 'members', value: [{ value: 1 }] }));
    refused('invalidValue', () => group({ op: 'add', path: 'members', value: ['x'] }));
    refused('mutability', () => group({ op: 'remove', path: 'displayName' }));
    const first = 'members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]';
    refused('mutability', () => group({ op: 'replace', path: `${first}.value`, value: 'another' }));
    refused('mutability', () => group({ op: 'replace', path: `${first}.display`, value: 'another' }));
    const upper = '89BB1940-B905-4575-9E7F-6F887CFB368E';
    expect(group({ op: 'remove', path: 'members', value: [{ value: upper }] })).to.deep.equal(GROUP);
  });

  it('names in its refusal the attribute and never the value', () => {
    const secret = 'acr_sa_abcdefghijklmnop';
    const text = refused('invalidValue', () => patched({ op: 'replace', path: 'name.givenName', value: [secret] }));
    expect(text).to.equal('name.givenName must be a string.');
    expect(
      refused('invalidValue', () => patched({ op: 'add', value: { [ENTERPRISE]: { manager: { value: 1 } } } })),
    ).to.equal(`${ENTERPRISE}:manager.value must be a string.`);
  });

  it('of ten thousand members is done in no time', () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ value: `user-${index}` }));
    const big = { ...GROUP, members };
    const started = process.cpuUsage();
    const added = applyPatch(
      GROUP_TYPE,
      big,
      patchOp(
        ...members
          .slice(0, 2_000)
          .map((one) => ({ op: 'Add', path: 'members', value: [{ value: `new-${one.value}` }] })),
      ),
    );
    expect(added.members).to.have.length(12_000);
    const removed = applyPatch(GROUP_TYPE, big, patchOp({ op: 'Remove', path: 'members', value: members }));
    expect(removed.members).to.have.length(0);
    expect(process.cpuUsage(started).user).to.be.below(1_500_000);
  });
});
