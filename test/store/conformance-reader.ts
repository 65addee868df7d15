/** What every store's read path guarantees. */
import { expect } from 'chai';
import { REFERRER_LIMIT, type Store } from '../../daemon/domain/snapshot.ts';
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
} from './rows.ts';

/** Defines the suite's part on reading; `opened` gives the store of the running test. */
export function readerConformance(opened: () => Store): void {
  it('a read sees everything that was acknowledged before it, among many other reads', async () => {
    const store = opened();
    const others = { running: true };
    const noise = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (others.running) await readResource(store, account('watched').address);
      }),
    );
    for (let round = 1; round <= 100; round += 1) {
      await store.engine.submit(count('watched'));
      const seen = await readResource(store, account('watched').address);
      expect(seen?.revision).to.equal(round);
    }
    others.running = false;
    await noise;
  });

  it('a read decides on one state, however many rounds it takes', async () => {
    const store = opened();
    const left = account('left').address;
    const right = account('right').address;
    const both = operation((snapshot) => {
      const claim = String(Number(snapshot.resource(left)?.claim ?? 0) + 1);
      snapshot.put(account('left', { claim }));
      snapshot.put(account('right', { claim }));
    });
    await store.engine.submit(both);
    const writes = { running: true };
    const writer = (async () => {
      while (writes.running) await store.engine.submit(both);
    })();
    for (let round = 0; round < 200; round += 1) {
      const [one, other] = await store.reader.read({
        needs: {},
        decide: (snapshot) => [snapshot.resource(left)?.claim, snapshot.resource(right)?.claim],
      });
      expect(one).to.equal(other);
    }
    writes.running = false;
    await writer;
  });

  it('a read of thousands of rows decides on one state, while others write and while nobody does', async function () {
    this.timeout(60_000);
    const store = opened();
    const [first, last] = [account('first').address, account('last').address];
    const between = Array.from({ length: 2500 }, (_, index) => account(`between${index}`).address);
    const both = operation((snapshot) => {
      const claim = String(Number(snapshot.resource(first)?.claim ?? 0) + 1);
      snapshot.put(account('first', { claim }));
      snapshot.put(account('last', { claim }));
    });
    await store.engine.submit(both);
    const read = () =>
      store.reader.read({
        needs: { resources: [first, ...between, last] },
        decide: (snapshot) => {
          expect(between.every((address) => snapshot.resource(address) === undefined)).to.equal(true);
          return [snapshot.resource(first)?.claim, snapshot.resource(last)?.claim];
        },
      });
    expect(await read()).to.deep.equal(['1', '1']);
    const writes = { running: true };
    const writer = (async () => {
      while (writes.running) await store.engine.submit(both);
    })();
    for (let round = 0; round < 50; round += 1) {
      const [one, other] = await read();
      expect(one).to.equal(other);
    }
    writes.running = false;
    await writer;
  });

  it('a read cannot change anything', async () => {
    const store = opened();
    const write = store.reader.read({ needs: {}, decide: (snapshot) => snapshot.put(account('sneaky')) });
    expect((await rejection(write)).message).to.match(/only reads/);
    expect(await readResource(store, account('sneaky').address)).to.equal(undefined);
  });

  it('a list that grows meanwhile still shows each earlier resource once, in byte order', async () => {
    const store = opened();
    const names = ['0', '9', 'a', 'a-b', 'a.b', 'a0', 'a_b', 'aa', 'b', 'b-', 'b_', 'z'].map((name) => `m${name}m`);
    const early = names.flatMap((name) => [name, `${name}1`, `${name}.2`]);
    await Promise.all(early.map((name) => store.engine.submit(create(account(name)))));
    const listed: string[] = [];
    let late = 0;
    for (;;) {
      const after = listed.at(-1);
      const page = await store.reader.list({
        kinds: ['service_account'],
        organization: ORGANIZATION,
        limit: 5,
        ...(after !== undefined && { after }),
      });
      listed.push(...page.map(({ address }) => address));
      if (page.length < 5) break;
      for (const prefix of ['a', 'ma', 'mz', 'zz']) {
        late += 1;
        await store.engine.submit(create(account(`${prefix}late${late}`)));
      }
    }
    expect(listed).to.deep.equal([...listed].sort());
    expect(new Set(listed)).to.have.property('size', listed.length);
    const expected = early.map((name) => account(name).address);
    expect(listed.filter((address) => expected.includes(address))).to.have.length(expected.length);
    expect((await allAccounts(store, 7)).map(({ address }) => address)).to.deep.equal(
      [...(await allAccounts(store)).map(({ address }) => address)].sort(),
    );
  });

  it('a list of several kinds is one list, in byte order and page by page', async () => {
    const store = opened();
    const kinds = ['app', 'service_account', 'user'];
    const row = (kind: string, name: string) =>
      account(name, { kind, address: `${ORGANIZATION}/${kind}s/${name}`, uid: `${kind} ${name}` });
    const rows = kinds.flatMap((kind) => ['a', 'b', 'c', 'd'].map((name) => row(kind, name)));
    const others = [row('team', 'a'), { ...row('user', 'x'), organization: 'organizations/other', parent: 'other' }];
    await Promise.all([...rows, ...others].map((one) => store.engine.submit(create(one))));
    for (const wanted of [kinds, [...kinds].reverse(), ['user', 'app'], ['app'], ['app', 'unknown'], []]) {
      for (const scope of [{ organization: ORGANIZATION }, { parent: ORGANIZATION }]) {
        const listed: string[] = [];
        for (;;) {
          const after = listed.at(-1);
          const page = await store.reader.list({
            kinds: wanted,
            limit: 3,
            ...scope,
            ...(after !== undefined && { after }),
          });
          listed.push(...page.map(({ address }) => address));
          if (page.length < 3) break;
        }
        const expected = rows.filter(({ kind }) => wanted.includes(kind)).map(({ address }) => address);
        expect(listed, wanted.join()).to.deep.equal(expected.sort());
      }
    }
  });

  it('a list holds one kind, below one parent or in one whole organization', async () => {
    const store = opened();
    const token = (owner: string, organization = ORGANIZATION) => {
      const parent = `${organization}/accounts/${owner}`;
      return account('t', { address: `${parent}/tokens/t`, kind: 'service_account_token', parent, organization });
    };
    const tokens = [token('a'), token('b'), token('c', 'organizations/other')];
    await Promise.all([account('a'), account('b'), ...tokens].map((row) => store.engine.submit(create(row))));
    const list = async (scope: { parent: string } | { organization: string }) =>
      (await store.reader.list({ kinds: ['service_account_token'], limit: 10, ...scope })).map(
        ({ address }) => address,
      );
    expect(await list({ parent: account('a').address })).to.deep.equal([token('a').address]);
    expect(await list({ organization: ORGANIZATION })).to.deep.equal([token('a').address, token('b').address]);
    expect(await rejection(store.reader.list({ kinds: ['x'], limit: 1 }))).to.be.instanceOf(TypeError);
  });

  it('children, referrers and owners are those of now, in a decision too', async () => {
    const store = opened();
    const names = Array.from({ length: REFERRER_LIMIT + 5 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const addresses = names.map((name) => account(name).address);
    await Promise.all(names.map((name) => store.engine.submit(create(account(name, { owner: name === 'n03' })))));
    const look = operation((snapshot) => ({
      children: snapshot.children(ORGANIZATION).map(({ address }) => address),
      referrers: snapshot.referrers(ORGANIZATION).map(({ address }) => address),
      owners: snapshot.owners(ORGANIZATION).map(({ address }) => address),
    }));
    const whole = { children: addresses, referrers: addresses.slice(0, REFERRER_LIMIT), owners: [addresses[3]] };
    expect(await store.reader.read(look)).to.deep.equal(whole);

    const change = operation((snapshot) => {
      snapshot.remove(addresses[0] as string);
      snapshot.put(account('n03'));
      snapshot.put(account('n04', { owner: true }));
      snapshot.put(account('n02x', { owner: true }));
    });
    const [, changed] = await Promise.all([store.engine.submit(change), store.engine.submit(look)]);
    const now = [...addresses.slice(1, 3), account('n02x').address, ...addresses.slice(3)];
    const expected = {
      children: now,
      referrers: now.slice(0, REFERRER_LIMIT),
      owners: [account('n02x').address, addresses[4]],
    };
    expect(changed).to.deep.equal(expected);
    expect(await store.reader.read(look)).to.deep.equal(expected);
  });

  it('something that still refers is found although all that were loaded first are removed in the same batch', async () => {
    const store = opened();
    const names = Array.from({ length: REFERRER_LIMIT + 1 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    await Promise.all(names.map((name) => store.engine.submit(create(account(name)))));
    const remaining = operation((snapshot) => snapshot.referrers(ORGANIZATION).map(({ name }) => name), {
      referrers: [ORGANIZATION],
    });
    const answers = await Promise.all([
      ...names
        .slice(0, -1)
        .map((name) => store.engine.submit(operation((snapshot) => snapshot.remove(account(name).address)))),
      store.engine.submit(remaining),
    ]);
    expect(answers.at(-1)).to.deep.equal([names.at(-1)]);
  });

  it('a revocation latches an address until it is removed', async () => {
    const store = opened();
    const address = account('gone').address;
    const latch = { address, organization: ORGANIZATION, reason: 'leaver', created_at: 7, created_by: 'x' } as const;
    const stored = () => store.reader.read({ needs: { revocations: [address] }, decide: (s) => s.revocation(address) });
    await store.engine.submit(operation((snapshot) => snapshot.putRevocation(latch)));
    expect(await stored()).to.deep.equal(latch);
    await store.engine.submit(operation((snapshot) => snapshot.removeRevocation(address)));
    expect(await stored()).to.equal(undefined);
  });

  it('audit events come newest first, of one organization, and of an address only with what lies below', async () => {
    const store = opened();
    const below = ['ci', 'ci/tokens/a', 'ci_2', 'ci-2', 'ci.2', 'cix', 'c'].map(
      (end) => `${ORGANIZATION}/accounts/${end}`,
    );
    await store.engine.submit(
      operation((snapshot) => {
        for (const address of below) snapshot.record(auditEvent(address, { details: { address } }));
        snapshot.record(auditEvent(below[0] as string, { organization: 'organizations/other' }));
      }),
    );
    const read = async (query: { before?: number; address?: string; limit: number }) =>
      store.reader.audit({ organization: ORGANIZATION, ...query });
    const all = await read({ limit: 100 });
    expect(all.map(({ address }) => address)).to.deep.equal([...below].reverse());
    expect(all[0]?.details).to.deep.equal({ address: below.at(-1) });
    const [first, second] = await read({ limit: 2 });
    const rest = await read({ before: second?.id as number, limit: 100 });
    expect([first, second, ...rest]).to.deep.equal(all);
    const about = await read({ address: below[0] as string, limit: 100 });
    expect(about.map(({ address }) => address)).to.deep.equal([below[1], below[0]]);
  });

  it('what has ended is found if nobody manages it, first ended first', async () => {
    const store = opened();
    const rows = [
      account('never'),
      account('late', { valid_until: 300 }),
      account('second', { valid_until: 200 }),
      account('first', { valid_until: 100 }),
      account('managed', { valid_until: 100, managed_by: 'terraform' }),
      account('elsewhere', { valid_until: 100, organization: 'organizations/other' }),
    ];
    await Promise.all(rows.map((row) => store.engine.submit(create(row))));
    const ended = async (before: number, limit: number) =>
      (await store.reader.expired({ organization: ORGANIZATION, before, limit })).map(({ name }) => name);
    expect(await ended(300, 10)).to.deep.equal(['first', 'second']);
    expect(await ended(301, 2)).to.deep.equal(['first', 'second']);
    expect(await ended(100, 10)).to.deep.equal([]);
  });

  it('resources of all organizations are counted by kind and by when they end', async () => {
    const store = opened();
    const elsewhere = { organization: 'organizations/other', valid_until: 100 };
    const rows = [
      account('never', { kind: 'x' }),
      account('ended', { kind: 'x', valid_until: 100 }),
      account('soon', { kind: 'x', valid_until: 101 }),
      account('later', { kind: 'x', valid_until: 200 }),
      account('last', { kind: 'x', valid_until: 201 }),
      account('other-kind', { kind: 'y', ...elsewhere }),
      account('not-asked', { kind: 'z' }),
    ];
    await Promise.all(rows.map((row) => store.engine.submit(create(row))));
    const totals = async (now: number, until: number[]) => {
      const found = await store.reader.totals({ kinds: ['x', 'y', 'none'], now, until });
      return found.map(({ kind, count, ending }) => [kind, count, ...ending]);
    };
    expect(await totals(100, [150, 200])).to.have.deep.members([
      ['x', 4, 1, 2],
      ['y', 0, 0, 0],
      ['none', 0, 0, 0],
    ]);
    expect(await totals(99, [])).to.deep.include.members([
      ['x', 5],
      ['y', 1],
    ]);
  });
}
