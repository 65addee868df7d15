import { expect } from 'chai';
import type { Operation } from '../../daemon/domain/snapshot.ts';
import { type Fixture, openFixture, refused } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';

describe('a write by a caller who wrote there before', () => {
  let f: Fixture;
  let decisions = 0;

  beforeEach(async () => {
    f = await openFixture();
    const { engine } = f.store;
    const submit = engine.submit.bind(engine);
    Object.assign(engine, {
      submit: <T>(operation: Operation<T>) =>
        submit({
          ...operation,
          decide: (snapshot) => {
            decisions += 1;
            return operation.decide(snapshot);
          },
        }),
    });
    await f.put(`${ORGANIZATION}/roles/maker`, { permissions: ['accounts.read', 'tokens.*'] });
    await f.put(`${ORGANIZATION}/accounts/ci`);
  });
  afterEach(() => f.close());

  it('is decided once: what it will ask for is loaded with the rest', async () => {
    const maker = await f.account('maker', ['maker']);
    const count = async (name: string) => {
      decisions = 0;
      await f.put(`${ORGANIZATION}/accounts/ci/tokens/${name}`, {}, { caller: f.as(maker) });
      return decisions;
    };
    expect(await count('first')).to.be.above(2);
    expect(await count('second')).to.equal(1);
    expect(await count('third')).to.equal(1);
  });

  it('is decided by what is true then, whatever was loaded before', async () => {
    const maker = await f.account('maker', ['maker']);
    const put = (name: string) => f.put(`${ORGANIZATION}/accounts/ci/tokens/${name}`, {}, { caller: f.as(maker) });
    await put('first');
    await f.put(`${ORGANIZATION}/roles/maker`, { permissions: ['accounts.read'] });
    await refused(put('second'), 'forbidden');
    await f.put(`${ORGANIZATION}/roles/maker`, { permissions: ['accounts.read', 'tokens.*'] });
    await f.put(`${ORGANIZATION}/accounts/ci`, { disabled: true });
    await put('third');
    await f.delete(`${ORGANIZATION}/accounts/maker`);
    await refused(put('fourth'), 'unauthenticated');
  });
});
