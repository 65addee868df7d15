import { expect } from 'chai';
import { listResponse, pageOf, project, readListQuery, readPage, readProjection } from '../../daemon/scim/list.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { ENTERPRISE, GROUP, USER } from './examples.ts';
import { refused } from './refused.ts';

const page = (query: string) => readPage(new URLSearchParams(query));

describe('a SCIM list', () => {
  it('says how many there are and where it begins', () => {
    expect(listResponse([USER], { total: 7, startIndex: 3 })).to.deep.equal({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 7,
      startIndex: 3,
      itemsPerPage: 1,
      Resources: [USER],
    });
  });

  it('that is empty is one all the same', () => {
    expect(listResponse([], { total: 0, startIndex: 1 })).to.deep.equal({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
  });

  it('begins at 1 and holds 100 unless the client says otherwise, and never more than 200', () => {
    expect(page('')).to.deep.equal({ startIndex: 1, count: 100 });
    expect(page('startIndex=3&count=2')).to.deep.equal({ startIndex: 3, count: 2 });
    expect(page('startIndex=0&count=-1')).to.deep.equal({ startIndex: 1, count: 0 });
    expect(page('startIndex=-7&count=0')).to.deep.equal({ startIndex: 1, count: 0 });
    expect(page('count=201')).to.deep.equal({ startIndex: 1, count: 200 });
    expect(page(`startIndex=${'9'.repeat(400)}&count=${'9'.repeat(400)}`)).to.deep.equal({
      startIndex: Number.MAX_SAFE_INTEGER,
      count: 200,
    });
    for (const query of ['startIndex=', 'startIndex=x', 'count=1.5', 'count=0x10', 'count=1e2', 'startIndex= 1']) {
      refused('invalidValue', () => page(query), query);
    }
  });

  it('read page by page holds everything once', () => {
    const all = Array.from({ length: 11 }, (_, index) => index);
    const pages = [1, 5, 9, 13].map((startIndex) => pageOf(all, { startIndex, count: 4 }));
    expect(pages).to.deep.equal([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10], []]);
    expect(pageOf(all, { startIndex: 2, count: 0 })).to.deep.equal([]);
  });

  it('is asked for as Okta and Entra ID do', () => {
    const okta = readListQuery(
      USER_TYPE,
      new URLSearchParams('filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100'),
    );
    expect(okta).to.deep.include({ startIndex: 1, count: 100 });
    expect(okta.filter).to.have.length(1);
    const entra = readListQuery(
      GROUP_TYPE,
      new URLSearchParams('excludedAttributes=members&filter=displayName eq "displayName"'),
    );
    expect(project(GROUP_TYPE, { id: 'x', members: [] }, entra.projection)).to.deep.equal({ id: 'x' });
    expect(readListQuery(USER_TYPE, new URLSearchParams('sortBy=userName')).filter).to.equal(undefined);
    refused('invalidFilter', () => readListQuery(USER_TYPE, new URLSearchParams('filter=')));
  });
});

describe('a part of a SCIM resource', () => {
  const user: JsonObject = {
    ...USER,
    [ENTERPRISE]: { department: 'Retail', manager: { value: 'm', displayName: 'M' } },
  };
  const of = (query: string) => {
    const projection = readProjection(USER_TYPE, new URLSearchParams(query));
    return project(USER_TYPE, user, projection);
  };

  it('is the whole without a wish', () => {
    expect(of('')).to.deep.equal(user);
  });

  it('holds what is named, in whatever case, and what is always returned', () => {
    const { schemas, id } = USER;
    expect(of('attributes=USERNAME')).to.deep.equal({ schemas, id, userName: USER.userName });
    expect(of('attributes=name.givenName,emails.value')).to.deep.equal({
      schemas,
      id,
      name: { givenName: 'Another' },
      emails: [{ value: 'test.user@okta.local' }],
    });
    expect(
      of(`attributes=urn:ietf:params:scim:schemas:core:2.0:User:active, ${ENTERPRISE}:manager.value`),
    ).to.deep.equal({
      schemas,
      id,
      active: true,
      [ENTERPRISE]: { manager: { value: 'm' } },
    });
    expect(of('attributes=name,name.givenName')).to.have.deep.property('name', USER.name);
    expect(of('attributes=nosuch')).to.deep.equal({ schemas, id });
  });

  it('leaves out what is excluded, but never what is always returned', () => {
    const { emails: _emails, ...rest } = user;
    expect(of('excludedAttributes=emails,id,schemas,nosuch')).to.deep.equal(rest);
    expect(of('excludedAttributes=name.givenName').name).to.deep.equal({ middleName: '', familyName: 'User' });
    expect(of(`excludedAttributes=${ENTERPRISE}`)).to.deep.equal(USER);
  });

  it('cannot be named in both ways at once', () => {
    refused('invalidValue', () => of('attributes=userName&excludedAttributes=emails'));
  });

  it('is a group without its members where nobody asked for them', () => {
    for (const query of ['excludedAttributes=members', 'excludedAttributes=Members', 'attributes=displayName']) {
      const projection = readProjection(GROUP_TYPE, new URLSearchParams(query));
      expect(project(GROUP_TYPE, GROUP, projection), query).to.not.have.property('members');
    }
  });
});
