import { expect } from 'chai';
import { matches, parseFilter, soughtText } from '../../daemon/scim/filter.ts';
import { GROUP_TYPE, USER_TYPE } from '../../daemon/scim/schemas.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { ENTERPRISE, GROUP, USER } from './examples.ts';
import { refused } from './refused.ts';

const finds = (filter: string, resource: JsonObject = USER) => matches(parseFilter(USER_TYPE, filter), resource);

describe('a SCIM filter', () => {
  it('finds a user by what identity providers look one up by', () => {
    for (const filter of [
      'userName eq "test.user@okta.local"',
      'externalId eq "00ujl29u0le5T6Aj10h7"',
      'id eq "23a35c27-23d3-4c03-b4c5-6443c09e7173"',
      'emails.value eq "test.user@okta.local"',
      'emails[type eq "work"].value eq "test.user@okta.local"',
      'emails[type eq "work" and value eq "test.user@okta.local"]',
      'emails eq "test.user@okta.local"',
      'active eq true',
      'meta.resourceType eq "User"',
      'name.familyName eq "User"',
    ]) {
      expect(finds(filter), filter).to.equal(true);
    }
  });

  it('finds nothing else', () => {
    for (const filter of [
      'userName eq "test.user"',
      'externalId eq "00UJL29U0LE5T6AJ10H7"',
      'emails[type eq "home"].value eq "test.user@okta.local"',
      'emails[type eq "home"]',
      'active eq false',
      'displayName eq "Test User"',
      'meta.resourceType eq "Group"',
      'userName eq "test.user@okta.local" and active eq false',
      'active eq false and userName eq "test.user@okta.local"',
    ]) {
      expect(finds(filter), filter).to.equal(false);
    }
  });

  it('needs both of a type and a value in one and the same address', () => {
    const emails = [
      { type: 'work', value: 'alice@example.com' },
      { type: 'home', value: 'alice@home.example' },
    ];
    const alice = { ...USER, emails };
    expect(finds('emails[type eq "work"].value eq "alice@home.example"', alice)).to.equal(false);
    expect(finds('emails.type eq "work" and emails.value eq "alice@home.example"', alice)).to.equal(true);
  });

  it('does not mind the case of attributes, operators and userName', () => {
    for (const filter of [
      'USERNAME Eq "TEST.user@Okta.Local"',
      'Emails[TYPE EQ "WORK"].Value eQ "TEST.USER@okta.local" AND Active EQ True',
    ]) {
      expect(finds(filter), filter).to.equal(true);
    }
    expect(finds('id eq "23A35C27-23D3-4C03-B4C5-6443C09E7173"'), 'an id is exact').to.equal(false);
  });

  it('takes names qualified by their schema', () => {
    expect(finds('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "test.user@okta.local"')).to.equal(true);
    expect(finds('URN:IETF:params:scim:schemas:core:2.0:user:name.givenName eq "another"')).to.equal(true);
    const employee = { ...USER, [ENTERPRISE]: { department: 'Retail', manager: { value: 'm1' } } };
    expect(finds(`${ENTERPRISE}:department eq "retail"`, employee)).to.equal(true);
    expect(finds(`${ENTERPRISE}:manager eq "m1"`, employee)).to.equal(true);
    expect(finds(`${ENTERPRISE}:manager.value eq "m2"`, employee)).to.equal(false);
  });

  it('reads strings as JSON does', () => {
    const odd = { ...USER, displayName: 'a "b" \\ é\n' };
    expect(finds('displayName eq "a \\"b\\" \\\\ \\u00e9\\n"', odd)).to.equal(true);
    expect(finds('displayName eq "x and active eq true"', { ...USER, displayName: 'x and active eq true' })).to.equal(
      true,
    );
  });

  it('takes booleans as Entra ID writes them', () => {
    expect(finds('active eq "True"')).to.equal(true);
    expect(finds('emails[primary eq "True"].value eq "test.user@okta.local"')).to.equal(true);
  });

  it('asks a group for one of its members', () => {
    const asked = (filter: string) => matches(parseFilter(GROUP_TYPE, filter), GROUP);
    expect(asked('displayName eq "test scimv2"')).to.equal(true);
    expect(asked(`id eq "${GROUP.id}" and members eq "89bb1940-b905-4575-9e7f-6f887cfb368e"`)).to.equal(true);
    expect(asked(`id eq "${GROUP.id}" and members.value eq "nobody"`)).to.equal(false);
  });

  it('tells by which text a resource can be looked up', () => {
    const filter = parseFilter(USER_TYPE, 'active eq true and username eq "Alice" and name.givenName eq "Al"');
    expect(soughtText(filter, 'userName')).to.equal('Alice');
    expect(soughtText(filter, 'externalId')).to.equal(undefined);
    expect(soughtText(filter, 'name')).to.equal(undefined);
  });

  it('is refused with invalidFilter when it is anything else', () => {
    for (const filter of [
      '',
      'userName',
      'userName eq',
      'userName eq alice',
      "userName eq 'alice'",
      'userName eq "alice',
      'userName eq "al\nice"',
      'userName eq 1',
      'userName eq null',
      'userName eq true',
      'active eq "yes"',
      'active eq 1',
      'userName ne "alice"',
      'userName sw "a"',
      'userName co "a"',
      'userName pr',
      'not (active eq true)',
      '(active eq true)',
      'active eq true or active eq false',
      'active eq true and',
      'active eq true userName eq "alice"',
      'active eq true)',
      'nosuch eq "x"',
      'password eq "x"',
      'name eq "x"',
      'name.nosuch eq "x"',
      'name.givenName.x eq "y"',
      'urn:example:User:userName eq "alice"',
      'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"',
      'addresses eq "x"',
      'meta.created eq "2026-01-02T03:04:05Z"',
      'emails[type sw "w"].value eq "x"',
      'emails[nosuch eq "w"].value eq "x"',
      'emails[type eq "work".value eq "x"',
      'emails[type eq "work"].nosuch eq "x"',
      'emails[] eq "x"',
      'name[givenName eq "x"].familyName eq "y"',
    ]) {
      const detail = refused('invalidFilter', () => parseFilter(USER_TYPE, filter), filter);
      expect(detail, filter).to.match(/^[A-Z"].{10,300}\.$/s);
    }
  });

  it('is refused in words that name what was not understood', () => {
    expect(refused('invalidFilter', () => parseFilter(USER_TYPE, 'userName ne "x"'))).to.equal(
      'The operator "ne" is not supported; "eq" is.',
    );
    expect(refused('invalidFilter', () => parseFilter(USER_TYPE, 'usrName eq "x"'))).to.equal(
      'A User has no attribute "usrName".',
    );
    expect(refused('invalidFilter', () => parseFilter(USER_TYPE, 'active eq true or active eq false'))).to.equal(
      'After a condition, only "and" is supported, not "or".',
    );
    expect(refused('invalidFilter', () => parseFilter(USER_TYPE, '(active eq true)'))).to.equal(
      'Parentheses are not supported.',
    );
    expect(refused('invalidFilter', () => parseFilter(USER_TYPE, `${'x'.repeat(10_000)} eq "y"`))).to.have.length.below(
      200,
    );
  });

  it('that is long is read in no time', () => {
    const many = Array.from({ length: 5_000 }, () => 'active eq true').join(' and ');
    const started = process.cpuUsage();
    expect(finds(many)).to.equal(true);
    refused('invalidFilter', () => parseFilter(USER_TYPE, `userName eq "${'\\'.repeat(100_001)}`));
    refused('invalidFilter', () => parseFilter(USER_TYPE, ' '.repeat(200_000)));
    expect(process.cpuUsage(started).user).to.be.below(2_000_000);
  });
});
