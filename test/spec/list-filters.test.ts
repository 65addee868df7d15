import { expect } from 'chai';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed, TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { filterValues, LIST_FILTERS, sharedFilters } from '../../terraform-provider-spec/list-filters.ts';

describe('list filters', () => {
  it('of a kind are ones that are described, each once', () => {
    for (const { kind, filters = [] } of KINDS) {
      expect(Object.keys(LIST_FILTERS), kind).to.include.members([...filters]);
      expect(new Set(filters).size, kind).to.equal(filters.length);
    }
    const used = new Set(KINDS.flatMap(({ filters = [] }) => filters));
    expect([...used], 'none is described that no list has').to.have.members(Object.keys(LIST_FILTERS));
  });

  it('by an attribute take the values of that attribute, and of no other', () => {
    const token = kindNamed('service_account_token');
    expect(filterValues(token, 'status')).to.deep.equal(['active', 'expired', 'revoked', 'disabled']);
    expect(filterValues(token, 'usage')).to.deep.equal(['never', 'used']);
    for (const kind of KINDS) {
      for (const filter of kind.filters ?? []) {
        const isByAttribute = LIST_FILTERS[filter].form === 'attribute';
        expect(filterValues(kind, filter).length > 0, `${kind.kind}: ${filter}`).to.equal(isByAttribute);
      }
    }
    expect(filterValues(kindNamed('team'), 'status')).to.deep.equal([]);
  });

  it('of several kinds together are those that every one of them has, with the same values', () => {
    const shared = sharedFilters(TOKEN_KINDS);
    expect(shared).to.have.members(Object.keys(LIST_FILTERS));
    for (const filter of shared) {
      const values = TOKEN_KINDS.map((kind) => JSON.stringify(filterValues(kind, filter)));
      expect(new Set(values).size, filter).to.equal(1);
    }
    const fewer: Kind = { ...kindNamed('team'), filters: ['usage', 'status'] };
    expect(sharedFilters([kindNamed('app_token'), fewer])).to.deep.equal(['status', 'usage']);
    expect(sharedFilters([...TOKEN_KINDS, fewer])).to.deep.equal(['status', 'usage']);
    expect(sharedFilters([fewer])).to.deep.equal(['usage', 'status']);
    expect(sharedFilters([fewer, kindNamed('team')])).to.deep.equal([]);
    expect(sharedFilters([])).to.deep.equal([]);
  });
});
