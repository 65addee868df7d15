import { expect } from 'chai';
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from '../../daemon/scim/discovery.ts';
import { readUser } from '../../daemon/scim/resources.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { BASE, ENTERPRISE } from './examples.ts';
import { refused } from './refused.ts';

const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';

interface Described extends JsonObject {
  name: string;
  type: string;
  multiValued: boolean;
  mutability: string;
}

function attributesOf(holder: JsonObject | undefined, under: 'attributes' | 'subAttributes'): Described[] {
  return (holder?.[under] ?? []) as Described[];
}

describe('the SCIM service', () => {
  it('tells what of the protocol it supports', () => {
    const config = serviceProviderConfig(BASE);
    expect(config).to.deep.include({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: false },
      sort: { supported: false },
      etag: { supported: true },
    });
    const [scheme, ...more] = config.authenticationSchemes as JsonObject[];
    expect(more).to.deep.equal([]);
    expect(scheme)
      .to.include({ type: 'oauthbearertoken' })
      .and.have.all.keys('type', 'name', 'description', 'specUri', 'primary');
  });

  it('has the resource types User and Group, as a list and one by one', () => {
    expect(resourceTypes(BASE).map(({ id, endpoint, schema }) => [id, endpoint, schema])).to.deep.equal([
      ['User', '/Users', USER_URN],
      ['Group', '/Groups', 'urn:ietf:params:scim:schemas:core:2.0:Group'],
    ]);
    expect(resourceType(BASE, 'User')).to.deep.equal(resourceTypes(BASE)[0]);
    expect(resourceType(BASE, 'User')).to.deep.include({
      schemaExtensions: [{ schema: ENTERPRISE, required: false }],
      meta: { resourceType: 'ResourceType', location: `${BASE}/ResourceTypes/User` },
    });
    expect(resourceType(BASE, 'Device')).to.equal(undefined);
  });

  it('has the schemas User, Group and EnterpriseUser, as a list and one by one', () => {
    expect(schemas(BASE).map(({ name }) => name)).to.deep.equal(['User', 'Group', 'EnterpriseUser']);
    for (const whole of schemas(BASE)) expect(schema(BASE, whole.id as string)).to.deep.equal(whole);
    expect(schema(BASE, USER_URN.toUpperCase())).to.deep.equal(schemas(BASE)[0]);
    expect(schema(BASE, 'urn:example')).to.equal(undefined);
  });

  it('gives every attribute all the characteristics of RFC 7643, section 7, and no null', () => {
    const check = (attribute: Described, at: string) => {
      expect(attribute, at).to.include.all.keys(
        ...['name', 'type', 'multiValued', 'description', 'required', 'mutability', 'returned', 'uniqueness'],
      );
      expect(attribute.type, at).to.be.oneOf(['string', 'boolean', 'dateTime', 'reference', 'complex']);
      expect(attribute.mutability, at).to.be.oneOf(['readOnly', 'readWrite', 'immutable']);
      expect(attribute.returned, at).to.be.oneOf(['always', 'default']);
      expect('caseExact' in attribute, at).to.equal(['string', 'reference'].includes(attribute.type));
      expect('referenceTypes' in attribute, at).to.equal(attribute.type === 'reference');
      expect('subAttributes' in attribute, at).to.equal(attribute.type === 'complex');
      for (const sub of attributesOf(attribute, 'subAttributes')) check(sub, `${at}.${sub.name}`);
    };
    for (const whole of schemas(BASE)) {
      const described = attributesOf(whole, 'attributes');
      expect(described).to.not.be.empty;
      for (const attribute of described) check(attribute, attribute.name);
    }
    expect(JSON.stringify(schemas(BASE)))
      .to.not.include('null')
      .and.not.include('password')
      .and.not.include('maxItems');
  });

  it('describes what it keeps: every writable attribute comes through, and of the right type only', () => {
    const core = attributesOf(schema(BASE, USER_URN), 'attributes');
    const extension = attributesOf(schema(BASE, ENTERPRISE), 'attributes');
    const sample = (attribute: Described): Json => {
      const parts = attributesOf(attribute, 'subAttributes').filter(({ mutability }) => mutability !== 'readOnly');
      const one: Json =
        attribute.type === 'complex'
          ? Object.fromEntries(parts.map((part) => [part.name, sample(part)]))
          : attribute.type === 'boolean' || 'x';
      return attribute.multiValued ? [one] : one;
    };
    const writable = core.filter(({ mutability }) => mutability === 'readWrite');
    const body = {
      ...Object.fromEntries(writable.map((attribute) => [attribute.name, sample(attribute)])),
      [ENTERPRISE]: Object.fromEntries(extension.map((attribute) => [attribute.name, sample(attribute)])),
    };
    const { attributes, provisioned } = readUser(body);
    expect({ ...provisioned, active: attributes.active as Json }).to.deep.equal(body);
    for (const { name } of writable) refused('invalidValue', () => readUser({ userName: 'a', [name]: 7 }), name);
  });
});
