/** What is built in can be read like everything else, and cannot be written. */
import { expect } from 'chai';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { expectProblem, forEveryKind } from './bench.ts';
import { attributesOf } from './expectations.ts';

forEveryKind(
  'built-in kinds',
  (kind, bench) => {
    const place = async (): Promise<string> => {
      const address = formatAddress(kind, { organization: 'default', [kind.parameter]: 'x' });
      return address.slice(0, address.lastIndexOf('/'));
    };

    it('are listed, completely and page by page', async () => {
      const { api } = bench();
      const collection = await place();
      const all = await api.all(collection);
      expect(all).to.not.be.empty;
      expect(await api.all(collection, 'limit=1')).to.deep.equal(all);
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

    it('cannot be written or removed: the answer names what is offered', async () => {
      const { api } = bench();
      const [first] = (await api.all(await place())) as [JsonObject];
      const address = String(first.address);
      for (const answer of [await api.put(address, {}), await api.delete(address)]) {
        expectProblem(answer, 405, 'method-not-allowed');
        expect(answer.headers.allow).to.equal('GET, HEAD');
      }
      expect((await api.get(address)).body).to.deep.equal(first);
    });

    it('a name that is not built in is not found', async () => {
      const { api } = bench();
      expectProblem(await api.get(`${await place()}/no-such`), 404, 'not-found');
    });
  },
  KINDS.filter((kind) => kind.builtIn),
);
