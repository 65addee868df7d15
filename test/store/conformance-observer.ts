/** What every store tells whoever observes its database. */
import { expect } from 'chai';
import type { Store } from '../../daemon/domain/snapshot.ts';
import type { DatabaseObserver } from '../../daemon/store/index.ts';
import { account, create, operation, readResource, rejection, secret } from './rows.ts';

/** Keeps everything that it is told. */
export class Observations implements DatabaseObserver {
  readonly works: string[] = [];
  readonly failures: string[] = [];

  took(work: string, seconds: number): void {
    expect(seconds).to.be.within(0, 60);
    this.works.push(work);
  }

  failed(failure: string): void {
    this.failures.push(failure);
  }

  forget(): void {
    this.works.length = 0;
    this.failures.length = 0;
  }
}

/** Defines the suite's part on observation; `opened` gives the store of the running test, and what was observed. */
export function observerConformance(opened: () => { store: Store; observed: Observations }): void {
  it('whoever observes it is told of each read, transaction and commit, once', async () => {
    const { store, observed } = opened();
    const during = async (work: () => Promise<unknown>): Promise<string[]> => {
      observed.forget();
      await work();
      return [...observed.works].sort();
    };
    const row = account('observed');
    expect(await during(() => store.engine.submit(create(row)))).to.deep.equal(['commit', 'transaction']);
    const look = operation((snapshot) => snapshot.resource(row.address));
    expect(await during(() => store.engine.submit(look)), 'nothing to commit').to.deep.equal(['transaction']);
    expect(await during(() => readResource(store, row.address))).to.include('read');
    expect(await during(() => store.reader.totals({ kinds: ['x'], now: 0, until: [] }))).to.deep.equal(['read']);
    expect(observed.failures).to.deep.equal([]);
  });

  it('whoever observes it is told of what the database refuses', async () => {
    const { store, observed } = opened();
    const twice = () => store.engine.submit(operation((snapshot) => snapshot.addSecret(secret('twice'))));
    await twice();
    observed.forget();
    await rejection(twice());
    expect(observed.failures).to.deep.equal(['duplicate-secret']);
    expect(observed.works).to.deep.equal(['transaction']);
  });
}
