/** Lists: complete page by page, stable while others write, filtered, and never holding a secret. */
import { expect } from 'chai';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { type Bench, expectProblem, forEveryKind, uniqueName } from './bench.ts';
import { attributesOf } from './expectations.ts';

const MANY = 7;

forEveryKind('lists', (kind, bench) => {
  it('following the cursor gives everything once, in a stable order', async () => {
    const { api } = bench();
    const { collection, addresses } = await several(kind, bench());
    const found = addressesOf(await api.all(collection, 'limit=2'));
    expect(found).to.include.members(addresses);
    expect(new Set(found).size).to.equal(found.length);
    expect(found).to.deep.equal([...found].sort());
    expect(addressesOf(await api.all(collection, 'limit=1000'))).to.include.members(addresses);
  });

  it('what exists all along is listed exactly once while others are created and deleted', async () => {
    const { api, sibling } = bench();
    const { collection, addresses, label } = await several(kind, bench());
    const lasting = addresses.filter((_, index) => index % 2 === 0);
    const passing = addresses.filter((_, index) => index % 2 === 1);
    const found: string[] = [];
    let query = `limit=2&label=suite:${label}`;
    for (;;) {
      const { body } = await api.get(collection, { query });
      found.push(...addressesOf(body.items as JsonObject[]));
      const doomed = passing.pop();
      if (doomed !== undefined) await api.delete(doomed);
      await api.put(sibling(kind, addresses[0] as string), { ...kind.examples.full, labels: { suite: label } });
      if (body.next_cursor === null) break;
      query = `limit=2&label=suite:${label}&cursor=${encodeURIComponent(String(body.next_cursor))}`;
    }
    expect(found.filter((address) => lasting.includes(address))).to.deep.equal([...lasting].sort());
    expect(new Set(found).size).to.equal(found.length);
  });

  it('a list is filtered by label: by key, by key and value, by several', async () => {
    const { api, sibling } = bench();
    const { collection, addresses, label } = await several(kind, bench());
    const other = sibling(kind, addresses[0] as string);
    await api.put(other, { ...kind.examples.full, labels: { suite: `${label}x`, [label]: 'yes' } });
    const find = async (query: string) => addressesOf(await api.all(collection, `limit=3&${query}`));
    expect(await find(`label=suite:${label}`)).to.have.members(addresses);
    expect(await find(`label=${label}`)).to.deep.equal([other]);
    expect(await find(`label=${label}:yes&label=suite:${label}x`)).to.deep.equal([other]);
    expect(await find(`label=${label}:no`)).to.be.empty;
    expect(await find(`label=${label}&label=suite:${label}`)).to.be.empty;
  });

  it('a list by names holds those that are there and no others, page by page, and only what other filters keep', async () => {
    const { api, sibling } = bench();
    const { collection, addresses, label } = await several(kind, bench());
    const nameOf = (address: string) => address.slice(address.lastIndexOf('/') + 1);
    const wanted = addresses.slice(0, 5);
    const [unlabelled, missing] = [sibling(kind, addresses[0] as string), sibling(kind, addresses[0] as string)];
    await api.put(unlabelled, kind.examples.full);
    const names = [...wanted, unlabelled, missing, wanted[0] as string].map((address) => `name=${nameOf(address)}`);
    const find = async (...query: string[]) => addressesOf(await api.all(collection, query.join('&')));
    for (const limit of ['limit=2', 'limit=1000']) {
      expect(await find(limit, ...names)).to.deep.equal([...wanted, unlabelled].sort());
      expect(await find(limit, ...names, `label=suite:${label}`)).to.deep.equal([...wanted].sort());
    }
    expect(await find(`name=${nameOf(missing)}`)).to.be.empty;
    const items = await api.all(collection, names.join('&'));
    for (const item of items) expect(item).to.deep.equal((await api.get(String(item.address))).body);
    for (const query of ['name=', 'name=A', 'name=a&name=..', Array(101).fill('name=a').join('&')]) {
      expectProblem(await api.get(collection, { query }), 400, 'invalid-query');
    }
  });

  it('a filtered page that is full ends the list when nothing behind it matches', async () => {
    const { api, fresh } = bench();
    const first = await fresh(kind);
    const collection = first.slice(0, first.lastIndexOf('/'));
    const label = uniqueName('label');
    await api.put(`${collection}/0-${label}`, { ...kind.examples.full, labels: { [label]: 'yes' } });
    for (const name of ['z1', 'z2', 'z3', 'z4']) await api.put(`${collection}/${name}-${label}`, kind.examples.full);
    const { status, body } = await api.get(collection, { query: `limit=1&label=${label}` });
    expect(status).to.equal(200);
    expect(addressesOf(body.items as JsonObject[])).to.deep.equal([`${collection}/0-${label}`]);
    expect(await api.all(collection, `limit=1&label=${label}`)).to.have.length(1);
  });

  it('an item is what GET answers, without any secret', async () => {
    const { api } = bench();
    const { collection, addresses, label } = await several(kind, bench());
    const items = await api.all(collection, `label=suite:${label}`);
    expect(items).to.have.length(addresses.length);
    for (const item of items) expect(item).to.deep.equal((await api.get(String(item.address))).body);
    const secrets = Object.entries(attributesOf(kind)).filter(([, { once, writeOnly }]) => once || writeOnly);
    for (const [name] of secrets) for (const item of items) expect(item).to.not.have.property(name);
  });

  it('a page is bounded, and what is no cursor or limit is refused', async () => {
    const { api } = bench();
    const { collection } = await several(kind, bench());
    expect((await api.get(collection, { query: 'limit=3' })).body.items).to.have.length(3);
    for (const query of ['limit=0', 'limit=1001', 'limit=ten', 'cursor=nonsense', 'colour=red']) {
      expectProblem(await api.get(collection, { query }), 400, 'invalid-query');
    }
  });
});

/** Several resources with a label of their own below one parent. */
async function several(kind: Kind, { api, fresh, sibling }: Bench) {
  const label = uniqueName('label');
  const first = await fresh(kind);
  const addresses = [first, ...Array.from({ length: MANY - 1 }, () => sibling(kind, first))];
  for (const address of addresses) {
    const { status, text } = await api.put(address, { ...kind.examples.full, labels: { suite: label } });
    expect(status, text).to.equal(201);
  }
  return { label, addresses, collection: first.slice(0, first.lastIndexOf('/')) };
}

function addressesOf(items: readonly JsonObject[]): string[] {
  return items.map(({ address }) => String(address));
}
