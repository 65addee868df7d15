import { expect } from 'chai';
import { applyPatch } from '../../daemon/scim/patch.ts';
import { groupNameOf, namesVersion, presentGroup, readGroup } from '../../daemon/scim/resources.ts';
import { GROUP_TYPE } from '../../daemon/scim/schemas.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { BASE, patchOp, stored, UID } from './examples.ts';
import { refused } from './refused.ts';

describe('a SCIM Group', () => {
  const ENTRA_GROUP: JsonObject = {
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:Group',
      'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
    ],
    externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
    displayName: 'displayName',
    meta: { resourceType: 'Group' },
  };
  const OKTA_GROUP: JsonObject = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Test SCIMv2',
    members: [],
  };

  it('as Entra ID creates one is kept, and nothing is said about its members', () => {
    expect(readGroup(ENTRA_GROUP)).to.deep.equal({
      attributes: { display_name: 'displayName' },
      provisioned: { externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159', displayName: 'displayName' },
      members: undefined,
    });
  });

  it('as Okta creates one is kept, without members', () => {
    expect(readGroup(OKTA_GROUP)).to.deep.equal({
      attributes: { display_name: 'Test SCIMv2' },
      provisioned: { displayName: 'Test SCIMv2' },
      members: [],
    });
  });

  it('names each member once, and only users', () => {
    const { members: _members, ...bare } = OKTA_GROUP;
    expect(
      readGroup({ ...bare, MEMBERS: [{ value: 'a' }, { value: 'b', display: null }, { value: 'a' }] }).members,
    ).to.deep.equal(['a', 'b']);
    expect(readGroup({ ...bare, members: null }).members).to.deep.equal([]);
    expect(readGroup({ ...bare, members: [{ value: 'a', type: 'user' }] }).members).to.deep.equal(['a']);
    refused('invalidValue', () => readGroup({ ...bare, members: [{ value: 'a', type: 'Group' }] }));
    refused('invalidValue', () => readGroup({ ...bare, members: [{ display: 'a' }] }));
  });

  it('comes back as it was sent, with its members', () => {
    const team = stored(readGroup(ENTRA_GROUP), { name: 'displayname' });
    const shown = presentGroup(team, BASE, [{ uid: 'u1', display: 'alice@example.com' }]);
    const { version, ...meta } = shown.meta as JsonObject;
    expect(version).to.match(/^W\/"/);
    expect({ ...shown, meta }).to.deep.equal({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      id: UID,
      externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
      displayName: 'displayName',
      members: [{ value: 'u1', $ref: `${BASE}/Users/u1`, display: 'alice@example.com', type: 'User' }],
      meta: {
        resourceType: 'Group',
        created: '2026-01-02T03:04:05Z',
        lastModified: '2026-01-03T03:04:05.120Z',
        location: `${BASE}/Groups/${UID}`,
      },
    });
    expect(readGroup(shown, team)).to.deep.include({ attributes: team.attributes, members: ['u1'] });
  });

  it('that was not made through SCIM goes by its display name, else by its name', () => {
    const team = stored(
      { attributes: { display_name: null, description: 'd' }, provisioned: null },
      { name: 'support' },
    );
    expect(groupNameOf(team)).to.equal('support');
    expect(groupNameOf({ ...team, attributes: { display_name: 'Support' } })).to.equal('Support');
    expect(readGroup({ displayName: 'Support' }, team).attributes).to.deep.equal({
      display_name: 'Support',
      description: 'd',
    });
  });

  it('is refused without a displayName', () => {
    expect(refused('invalidValue', () => readGroup({ members: [] }))).to.equal('displayName is required.');
    const shown = presentGroup(stored(readGroup(ENTRA_GROUP)), BASE, []);
    refused('mutability', () => applyPatch(GROUP_TYPE, shown, patchOp({ op: 'remove', path: 'displayName' })));
  });

  it('shows no members and no version when they were not read', () => {
    const shown = presentGroup(stored(readGroup(ENTRA_GROUP)), BASE);
    expect(shown).to.not.have.property('members');
    expect(shown.meta).to.not.have.property('version');
  });
});

describe('the version of a SCIM resource', () => {
  const team = stored(readGroup({ displayName: 'Support' }));
  const version = (members: string[], of = team) =>
    (
      presentGroup(
        of,
        BASE,
        members.map((uid) => ({ uid, display: uid })),
      ).meta as { version: string }
    ).version;

  it('changes with the resource and with what it shows of others, not with their order', () => {
    const versions = [version([]), version(['a']), version(['a', 'b']), version(['a'], { ...team, revision: 4 })];
    expect(new Set(versions)).to.have.property('size', 4);
    expect(version(['b', 'a'])).to.equal(version(['a', 'b']));
  });

  it('is found in If-Match whether it is written weak or strong', () => {
    const tag = version(['a']);
    for (const header of [tag, tag.slice(2), `"x", ${tag}`, '*', ` ${tag} `]) {
      expect(namesVersion(header, tag), header).to.equal(true);
    }
    for (const header of ['', '"x"', version(['b']), tag.slice(0, -1)]) {
      expect(namesVersion(header, tag), header).to.equal(false);
    }
  });
});
