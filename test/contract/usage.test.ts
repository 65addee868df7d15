/** Which tokens nobody uses: those that can go without cutting anybody off. */
import { expect } from 'chai';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import { fakeClock } from '../support/daemon.ts';
import { onEveryDatabase } from './bench.ts';

const ORGANIZATION = '/v1/organizations/default';
const HOUR = 3_600_000;
const clock = fakeClock();

onEveryDatabase(
  'whether a token is used',
  (bench) => {
    let number = 0;

    /** A token that was rotated with an overlap an hour after it was made, and used then or not. */
    async function rotated({ isUsed }: { isUsed: boolean }): Promise<string> {
      const { request, as } = bench().daemon;
      number += 1;
      const account = `${ORGANIZATION}/accounts/used-${number}`;
      await request.put(account).send({}).expect(201);
      const path = `${account}/tokens/deploy`;
      const made = await request.put(path).send({ overlap: '2h' }).expect(201);
      if (isUsed) await as(made.body.secret).get('/v1/self').expect(200);
      clock.advance(HOUR);
      await request.post(`${path}/rotation`).send({}).expect(200);
      return path;
    }

    const found = async (path: string, query: object): Promise<boolean> => {
      const { request } = bench().daemon;
      const { body } = await request
        .get(`${ORGANIZATION}/tokens`)
        .query({ ...query, limit: 1000 })
        .expect(200);
      return body.items.some(({ address }: { address: string }) => `/v1/${address}` === path);
    };
    const usage = async (path: string) => (await bench().daemon.request.get(`${path}?view=full`)).body.usage;

    it('counts the use of a former secret while that still works, and no longer', async () => {
      for (const flush of [false, true]) {
        const path = await rotated({ isUsed: true });
        if (flush) await bench().daemon.maintain();
        expect(await found(path, { usage: 'never' })).to.equal(false);
        expect(await found(path, { usage: 'used' })).to.equal(true);
        expect(await usage(path)).to.equal('used');
        clock.advance(3 * HOUR);
        expect(await found(path, { usage: 'never' })).to.equal(true);
        expect(await usage(path)).to.equal('never');
      }
    });

    it('is told by unused_since of both secrets too', async () => {
      const ago = (milliseconds: number) => ({ unused_since: formatTimestamp(clock.now() - milliseconds) });
      const used = await rotated({ isUsed: true });
      expect(await found(used, ago(HOUR / 2))).to.equal(true);
      expect(await found(used, ago(2 * HOUR))).to.equal(false);
      const unused = await rotated({ isUsed: false });
      expect(await found(unused, ago(2 * HOUR))).to.equal(true);
      expect(await usage(unused)).to.equal('never');
    });
  },
  clock,
);
