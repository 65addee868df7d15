/** What is built in can be read like everything else, and cannot be written. */
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { expectOutcome, expectProblem, forEveryKind, uniqueName } from './bench.ts';
import { attributesOf } from './expectations.ts';

forEveryKind(
  'built-in resources',
  (kind, bench) => {
    const place = async (): Promise<string> => {
      const organization = `organizations/${uniqueName('organization')}`;
      expectOutcome(await bench().api.put(organization, {}), 201, 'created');
      return `${organization}/${kind.collection}`;
    };

    it('are listed, completely and page by page, among those that somebody made', async () => {
      const { api } = bench();
      const collection = await place();
      const builtIn = await api.all(collection);
      expect(builtIn).to.not.be.empty;
      const made = ['a-first', 'm-middle', 'z-last'].map((name) => `${collection}/${name}`);
      for (const address of made) expectOutcome(await api.put(address, {}), 201, 'created');
      const all = await api.all(collection, 'limit=1');
      expect(all.map(({ address }) => address)).to.deep.equal(
        [...builtIn.map(({ address }) => String(address)), ...made].sort(),
      );
      expect(await api.all(collection)).to.deep.equal(all);
    });

    it('are listed by name, beside those that somebody made', async () => {
      const { api } = bench();
      const collection = await place();
      const [builtIn] = (await api.all(collection)) as [JsonObject];
      const name = String(builtIn.address).slice(collection.length + 1);
      expectOutcome(await api.put(`${collection}/made`, {}), 201, 'created');
      const found = await api.all(collection, `name=made&name=no-such&name=${name}`);
      expect(found.map(({ address }) => address)).to.deep.equal([builtIn.address, `${collection}/made`].sort());
      expect(found).to.deep.include(builtIn);
    });

    it('are read one by one, as the list has them', async () => {
      const { api } = bench();
      const names = Object.entries(attributesOf(kind)).filter(([, { volatile, once }]) => !volatile && !once);
      for (const item of await api.all(await place())) {
        const { status, body, headers } = await api.get(String(item.address));
        expect(status).to.equal(200);
        expect(body).to.deep.equal(item);
        expect(body).to.have.all.keys(names.map(([name]) => name));
        expect(headers.etag).to.equal(`"${body.uid}.${body.revision}"`);
      }
    });

    it('cannot be written or removed, and nothing of their name can be made', async () => {
      const { api } = bench();
      const [first] = (await api.all(await place())) as [JsonObject];
      const address = String(first.address);
      expectProblem(await api.put(address, {}), 409, 'built-in');
      expectProblem(await api.put(address, {}, { query: 'dry_run=true' }), 409, 'built-in');
      expectProblem(await api.delete(address), 409, 'built-in');
      expect((await api.get(address)).body).to.deep.equal(first);
    });

    it('a name that is not built in is not found', async () => {
      const { api } = bench();
      expectProblem(await api.get(`${await place()}/no-such`), 404, 'not-found');
      expectProblem(
        await api.get(formatAddress(kind, { organization: 'nowhere', [kind.parameter]: 'x' })),
        404,
        'not-found',
      );
    });
  },
  KINDS.filter((kind) => kind.hasBuiltIn),
);
