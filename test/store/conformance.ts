/** What every store guarantees. Run against each database by a file of its own. */
import { expect } from 'chai';
import { Problem } from '../../daemon/domain/problem.ts';
import { type Store, Unavailable } from '../../daemon/domain/snapshot.ts';
import { openStore, type StoreOptions } from '../../daemon/store/index.ts';
import { query } from './beside.ts';
import { keysConformance } from './conformance-keys.ts';
import { Observations, observerConformance } from './conformance-observer.ts';
import { readerConformance } from './conformance-reader.ts';
import { killedWriter } from './killed-writer.ts';
import {
  account,
  allAccounts,
  auditEvent,
  count,
  create,
  ORGANIZATION,
  operation,
  readResource,
  rejection,
  secret,
} from './rows.ts';

/** A place for one store. */
export interface Place {
  readonly options: StoreOptions;
  /** Changes whenever anything at all is written. */
  fingerprint(): Promise<string>;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Defines the suite; `makePlace` gives each test an empty store's place. */
export function conformance(makePlace: () => Promise<Place>): void {
  let place: Place;
  let store: Store;
  let observed: Observations;

  beforeEach(async () => {
    place = await makePlace();
    observed = new Observations();
    store = await openStore(place.options, { observer: observed });
  });

  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  const reopen = () => reopenAfter(async () => undefined);

  it('what was acknowledged is there after a restart, exactly as it was written', async () => {
    const written = account('exact', {
      attributes: {
        zebra: 1,
        apple: 0.1,
        '10': 'ten',
        '2': 'two',
        big: 1e21,
        long: 12345678901234567000,
        unicode: 'ü \u0000 \ud800 \u2028 " \\ \'',
        list: [3, 1, 2, null, [], {}],
        nested: { b: { a: null }, a: false },
      },
      state: JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}'),
      managed_by: 'terraform',
      claim: 'c'.repeat(500),
      valid_until: Number.MAX_SAFE_INTEGER,
      owner: true,
    });
    await store.engine.submit(create(written));
    await reopen();
    const read = await readResource(store, written.address);
    expect(read).to.deep.equal(written);
    expect(JSON.stringify(read?.attributes)).to.equal(JSON.stringify(written.attributes));
    expect(JSON.stringify(read?.state)).to.equal(JSON.stringify(written.state));
    expect(await allAccounts(store)).to.deep.equal([written]);
  });

  it('2,000 parallel writes are all there, each with its audit event', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `a${String(index).padStart(4, '0')}`);
    const answers = await Promise.all(names.map((name) => store.engine.submit(create(account(name)))));
    expect(answers).to.deep.equal(names.map((name) => account(name).address));
    await reopen();
    expect(await allAccounts(store)).to.deep.equal(names.map((name) => account(name)));
    const events = await store.reader.audit({ organization: ORGANIZATION, limit: 3000 });
    expect(events.map((event) => event.address).reverse()).to.deep.equal(answers);
    expect(store.engine.depth).to.equal(0);
  });

  it('50 parallel operations on one address are decided one after another', async () => {
    const revisions = await Promise.all(Array.from({ length: 50 }, () => store.engine.submit(count('one'))));
    expect(revisions).to.deep.equal(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await readResource(store, account('one').address))?.revision).to.equal(50);
  });

  it('a rejected operation leaves nothing, its neighbours in the batch stay', async () => {
    const refused = operation((snapshot) => {
      snapshot.put(account('refused'));
      snapshot.addSecret(secret('refused'));
      snapshot.putRevocation({
        address: 'r',
        organization: ORGANIZATION,
        reason: 'other',
        created_at: 1,
        created_by: '',
      });
      snapshot.putReplay({ key: 'refused', request: '', answer: '', created_at: 1, expires_at: 2 });
      snapshot.record(auditEvent('refused'));
      throw new Problem('in-use', 'it is in use');
    });
    const [before, error, after] = await Promise.all([
      store.engine.submit(create(account('before'))),
      rejection(store.engine.submit(refused)),
      store.engine.submit(create(account('after'))),
    ]);
    expect(error).to.be.instanceOf(Problem).with.property('code', 'in-use');
    expect((await allAccounts(store)).map(({ address }) => address)).to.deep.equal([after, before]);
    const left = await store.reader.read({
      needs: {},
      decide: (snapshot) => [snapshot.secret('refused'), snapshot.revocation('r'), snapshot.replay('refused')],
    });
    expect(left).to.deep.equal([undefined, undefined, undefined]);
    expect(await store.reader.audit({ organization: ORGANIZATION, limit: 10 })).to.have.length(2);
  });

  it('an operation that the database refuses fails alone, and nobody was answered from what it did', async () => {
    const broken = operation((snapshot) => {
      snapshot.put(account('broken', { revision: null as unknown as number }));
    });
    const look = operation((snapshot) => {
      const seen = snapshot.resource(account('broken').address) !== undefined;
      snapshot.put(account('looked'));
      return seen;
    });
    const [before, error, seen] = await Promise.all([
      store.engine.submit(create(account('before'))),
      rejection(store.engine.submit(broken)),
      store.engine.submit(look),
    ]);
    expect(error).to.be.instanceOf(Unavailable);
    expect((error.cause as Error).message).to.match(/null/i);
    expect(seen).to.equal(false);
    const left = (await allAccounts(store)).map(({ address }) => address);
    expect(left).to.deep.equal([before, account('looked').address]);
  });

  it('a hash that was ever a secret is refused, alone and whether or not the decision had looked', async () => {
    await store.engine.submit(operation((snapshot) => snapshot.addSecret(secret('known'))));
    const reuse = (name: string, look: boolean) =>
      operation((snapshot) => {
        if (look) snapshot.secret('known');
        snapshot.put(account(name));
        snapshot.addSecret(secret('known'));
      });
    const twice = operation((snapshot) => snapshot.addSecret(secret('fresh')));
    const [one, two, , fresh, neighbour] = await Promise.all([
      rejection(store.engine.submit(reuse('one', false))),
      rejection(store.engine.submit(reuse('two', true))),
      store.engine.submit(twice),
      rejection(store.engine.submit(twice)),
      store.engine.submit(create(account('neighbour'))),
    ]);
    for (const error of [one, two, fresh]) {
      expect(error).to.be.instanceOf(Problem).with.property('code', 'secret-in-use');
      expect(error.message).not.to.contain('known').and.not.to.contain('deploy');
    }
    expect((await allAccounts(store)).map(({ address }) => address)).to.deep.equal([neighbour]);
  });

  it('a decision gets the rows it asks for, round by round, and so does each of a full batch', async () => {
    const links = Array.from({ length: 6 }, (_, index) => account(`link${index}`, { claim: `link${index + 1}` }));
    await Promise.all(links.map((link) => store.engine.submit(create(link))));
    let decisions = 0;
    const follow = operation((snapshot) => {
      decisions += 1;
      let hops = 0;
      let name: string | null = 'link0';
      while (name !== null) {
        const link = snapshot.resource(account(name).address);
        if (link === undefined) break;
        name = link.claim;
        hops += 1;
      }
      return hops;
    });
    const answers = await Promise.all(Array.from({ length: 100 }, () => store.engine.submit(follow)));
    expect(new Set(answers)).to.deep.equal(new Set([6]));
    expect(decisions).to.be.at.most(100 * 8);
  });

  it('the order of operations holds although some wait for rows and others do not', async () => {
    await store.engine.submit(create(account('far')));
    const seen: string[] = [];
    const waits = operation((snapshot) => {
      snapshot.resource(account('far').address);
      const before = snapshot.resource(account('shared').address)?.claim ?? '';
      snapshot.put(account('shared', { claim: `${before}w` }));
      return before;
    });
    const ready = operation(
      (snapshot) => {
        const before = snapshot.resource(account('shared').address)?.claim ?? '';
        snapshot.put(account('shared', { claim: `${before}r` }));
        return before;
      },
      { resources: [account('shared').address] },
    );
    seen.push(...(await Promise.all([ready, waits, ready, waits].map((one) => store.engine.submit(one)))));
    expect(seen).to.deep.equal(['', 'r', 'rw', 'rwr']);
    expect((await readResource(store, account('shared').address))?.claim).to.equal('rwrw');
  });

  it('a decision that asks without end is given up, and its neighbours are not', async () => {
    let asked = 0;
    const endless = operation((snapshot) => {
      asked += 1;
      snapshot.resource(`${ORGANIZATION}/accounts/x${asked}`);
    });
    const [error, neighbour] = await Promise.all([
      rejection(store.engine.submit(endless)),
      store.engine.submit(create(account('neighbour'))),
    ]);
    expect(error.message).to.match(/asked for more rows/);
    expect(await readResource(store, neighbour)).to.deep.equal(account('neighbour'));
  });

  it('a batch that changes nothing writes nothing', async () => {
    await store.engine.submit(create(account('here')));
    const before = await place.fingerprint();
    const look = operation((snapshot) => snapshot.resource(account('here').address)?.revision);
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.engine.submit(look)));
    expect(new Set(answers)).to.deep.equal(new Set([1]));
    expect(await store.removeExpiredReplays(Date.now(), 10)).to.equal(0);
    expect(await place.fingerprint()).to.equal(before);
    await store.engine.submit(create(account('more')));
    expect(await place.fingerprint()).not.to.equal(before);
  });

  it('removed is removed, and what is put again afterwards is there', async () => {
    await store.engine.submit(create(account('a')));
    await store.engine.submit(create(account('b')));
    await Promise.all([
      store.engine.submit(operation((snapshot) => snapshot.remove(account('a').address))),
      store.engine.submit(operation((snapshot) => snapshot.remove(account('b').address))),
      store.engine.submit(create(account('b', { uid: 'another' }))),
    ]);
    expect(await allAccounts(store)).to.deep.equal([account('b', { uid: 'another' })]);
  });

  it('the last use of a secret moves forward only', async () => {
    const touch = (at: number, ip: string | null) =>
      store.engine.submit(operation((snapshot) => snapshot.touchSecret('used', at, ip)));
    const stored = () => store.reader.read({ needs: {}, decide: (snapshot) => snapshot.secret('used') });
    await Promise.all([
      store.engine.submit(operation((snapshot) => snapshot.addSecret(secret('used')))),
      touch(50, '192.0.2.1'),
    ]);
    expect(await stored()).to.deep.include({ last_used_at: 50, last_used_ip: '192.0.2.1' });
    await Promise.all([touch(70, '192.0.2.2'), touch(60, '192.0.2.3')]);
    expect(await stored()).to.deep.include({ last_used_at: 70, last_used_ip: '192.0.2.2' });
    await touch(65, null);
    expect(await stored()).to.deep.include({ last_used_at: 70, last_used_ip: '192.0.2.2' });
  });

  it('answers to retries are removed once they ended, oldest first and no more than asked', async () => {
    const ends = [30, 10, 20, 40];
    await store.engine.submit(
      operation((snapshot) => {
        for (const end of ends) {
          snapshot.putReplay({ key: `k${end}`, request: 'r', answer: 'a', created_at: 1, expires_at: end });
        }
      }),
    );
    const left = () =>
      store.reader.read({ needs: {}, decide: (snapshot) => ends.filter((end) => snapshot.replay(`k${end}`)) });
    expect(await store.removeExpiredReplays(40, 2)).to.equal(2);
    expect(await left()).to.deep.equal([30, 40]);
    expect(await store.removeExpiredReplays(40, 10)).to.equal(1);
    expect(await left()).to.deep.equal([40]);
  });

  it('a value of the installation is written once', async () => {
    expect(await store.meta('fingerprint')).to.equal(undefined);
    await store.setMeta('fingerprint', 'one');
    await store.setMeta('fingerprint', 'one');
    expect((await rejection(store.setMeta('fingerprint', 'two'))).message).to.match(/another fingerprint/);
    await reopen();
    expect(await store.meta('fingerprint')).to.equal('one');
  });

  it('an installation is empty until it has an organization', async () => {
    expect(await store.empty()).to.equal(true);
    await store.setMeta('fingerprint', 'one');
    expect(await store.empty()).to.equal(true);
    await store.engine.submit(create(account('acme', { address: ORGANIZATION, kind: 'organization', parent: '' })));
    expect(await store.empty()).to.equal(false);
  });

  it('a check proves that the database takes writes', async () => {
    const before = await place.fingerprint();
    await Promise.all([store.check(), store.check(), store.check()]);
    expect(await place.fingerprint()).not.to.equal(before);
  });

  it('closing waits for what was submitted and refuses what comes later', async () => {
    const submitted = Promise.all(Array.from({ length: 20 }, () => store.engine.submit(count('closing'))));
    const closing = store.engine.close();
    const late = await rejection(store.engine.submit(count('closing')));
    expect(late).to.be.instanceOf(Unavailable);
    await closing;
    expect(await submitted).to.have.length(20);
    expect((await readResource(store, account('closing').address))?.revision).to.equal(20);
  });

  it('a database of a newer version is refused, and left as it is', async () => {
    await store.close();
    await query(
      place.options,
      "INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Tomorrow1999999999999')",
    );
    const before = await place.fingerprint();
    const error = await rejection(openStore(place.options));
    expect(error.name).to.equal('StoreTooNew');
    expect(error.message).to.contain('Tomorrow1999999999999').and.to.contain('newer version');
    expect(await place.fingerprint()).to.equal(before);
    await anew();
  });

  killedWriter(() => place.options, reopenAfter);
  readerConformance(() => store);
  observerConformance(() => ({ store, observed }));
  keysConformance({ store: () => store, options: () => place.options, reopen, reopenAfter, anew });

  /** Runs `work` while the store is closed. */
  async function reopenAfter(work: () => Promise<void>): Promise<Store> {
    await store.close();
    await work();
    store = await openStore(place.options);
    return store;
  }

  /** Opens a store in another place instead of the one that was closed, after `prepare` did there what it wants. */
  async function anew(prepare = async () => {}): Promise<void> {
    await place.remove();
    place = await makePlace();
    await prepare();
    store = await openStore(place.options);
  }
}
