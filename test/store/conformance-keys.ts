/** What every store guarantees of resources that are found by something else than their address. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Draft } from '../../daemon/domain/draft.ts';
import type { Resource } from '../../daemon/domain/model.ts';
import { type Snapshot, type Store, Unavailable, uidKey } from '../../daemon/domain/snapshot.ts';
import type { StoreOptions } from '../../daemon/store/index.ts';
import { keyEntries, migrateOnly, query } from './beside.ts';
import { randomKeys } from './random-keys.ts';
import { account, create, ORGANIZATION, operation, readResource, rejection } from './rows.ts';
import { recordedEngine } from './sent.ts';

/** The store of the running test and what can be done about it. */
export interface Opened {
  store(): Store;
  options(): StoreOptions;
  reopen(): Promise<Store>;
  /** Runs `work` while the store is closed. */
  reopenAfter(work: () => Promise<void>): Promise<Store>;
  /** Opens a store in another place instead of the one that was closed, after `prepare` did there what it wants. */
  anew(prepare: () => Promise<void>): Promise<void>;
}

/** Longer than an index of PostgreSQL takes, and of a kind that it cannot compress. */
const LONG = Array.from({ length: 1000 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex')).join('');

/** Defines the suite's part on keys and uids. */
export function keysConformance(opened: Opened): void {
  const submit = <T>(decide: (snapshot: Snapshot) => T, needs = {}) =>
    opened.store().engine.submit(operation(decide, needs));
  const put = (...resources: Resource[]) =>
    submit((snapshot) => {
      for (const resource of resources) snapshot.put(resource);
    });
  const withKey = (key: string) => (snapshot: Snapshot) => snapshot.withKey(key).map(({ name }) => name);
  const withUid = (uid: string) => (snapshot: Snapshot) => snapshot.withUid(ORGANIZATION, uid)?.name;
  const read = <T>(decide: (snapshot: Snapshot) => T) => opened.store().reader.read({ needs: {}, decide });
  const entries = async () =>
    (await keyEntries(opened.options())).map((entry) => entry.replace(`${ORGANIZATION}/accounts/`, ''));

  it('a resource is found by each of its keys, by address and after a restart too', async () => {
    const rows = [
      account('c', { keys: ['x'] }),
      account('a', { keys: ['x', 'y'] }),
      account('b', { keys: ['y', 'z'] }),
    ];
    await Promise.all(rows.map((row) => opened.store().engine.submit(create(row))));
    await opened.reopen();
    const found = (snapshot: Snapshot) => ['x', 'y', 'z', 'X', ''].map((key) => withKey(key)(snapshot));
    const expected = [['a', 'c'], ['a', 'b'], ['b'], [], []];
    expect(await read(found)).to.deep.equal(expected);
    expect(await submit(found)).to.deep.equal(expected);
    const hinted = { keys: ['x', 'y', 'z', 'X', ''] };
    expect(await submit(found, hinted)).to.deep.equal(expected);
    expect(await read((snapshot) => snapshot.withKey('y'))).to.deep.equal([rows[1], rows[2]]);
  });

  it('what is found by its keys and uids comes once, whatever else was loaded of it and when', async () => {
    await put(account('a', { keys: ['x', 'y', 'z'] }), account('b', { keys: ['x', 'z'] }));
    const everything = {
      resources: [account('a').address],
      children: [ORGANIZATION],
      keys: ['x', 'y'],
      uids: [uidKey(ORGANIZATION, 'uid-a'), uidKey(ORGANIZATION, 'uid-b')],
    };
    const look = (snapshot: Snapshot) => [
      snapshot.children(ORGANIZATION).map(({ name }) => name),
      ...['x', 'y', 'z'].map((key) => withKey(key)(snapshot)),
      withUid('uid-a')(snapshot),
      withUid('uid-b')(snapshot),
      withKey('x')(snapshot),
    ];
    const expected = [['a', 'b'], ['a', 'b'], ['a'], ['a', 'b'], 'a', 'b', ['a', 'b']];
    for (const needs of [everything, { keys: ['x'] }, {}]) {
      expect(await submit(look, needs)).to.deep.equal(expected);
      expect(await opened.store().reader.read({ needs, decide: look })).to.deep.equal(expected);
    }
  });

  it('a later decision of the batch finds what the ones before it made, and no more what they took away', async () => {
    await put(
      account('gone', { keys: ['k'] }),
      account('loses', { keys: ['k', 'l'] }),
      account('stays', { keys: ['k'] }),
    );
    const look = (snapshot: Snapshot) => [withKey('k')(snapshot), withKey('l')(snapshot)];
    const seen = await Promise.all([
      submit(look),
      submit((snapshot) => {
        snapshot.remove(account('gone').address);
        return look(snapshot);
      }),
      submit(look),
      put(account('loses', { keys: ['l'] }), account('gains', { keys: ['k'] })),
      submit(look),
      put(account('gone', { keys: ['l'], uid: 'another' }), account('gains', { keys: ['l', 'k'] })),
      submit(look),
      submit((snapshot) => snapshot.remove(account('gains').address)),
      submit(look),
    ]);
    const [first, , removed, , changed, , again, , last] = seen;
    expect(first).to.deep.equal([['gone', 'loses', 'stays'], ['loses']]);
    expect(seen[1]).to.deep.equal(removed);
    expect(removed).to.deep.equal([['loses', 'stays'], ['loses']]);
    expect(changed).to.deep.equal([['gains', 'stays'], ['loses']]);
    expect(again).to.deep.equal([
      ['gains', 'stays'],
      ['gains', 'gone', 'loses'],
    ]);
    expect(last).to.deep.equal([['stays'], ['gone', 'loses']]);
    expect(await submit(look)).to.deep.equal(last);
    expect(await read(look)).to.deep.equal(last);
    expect(await entries()).to.deep.equal(['gone l', 'loses l', 'stays k']);
  });

  it('a resource is found by its uid, in its organization and as long as that is its uid', async () => {
    const elsewhere = account('elsewhere', { uid: 'u1', organization: 'organizations/other' });
    await put(account('a', { uid: 'u1' }), account('b', { uid: 'u2' }), elsewhere);
    const look = (snapshot: Snapshot) => ['u1', 'u2', 'u3', '', '#'].map((uid) => withUid(uid)(snapshot));
    expect(await read(look)).to.deep.equal(['a', 'b', undefined, undefined, undefined]);
    expect(await read((snapshot) => snapshot.withUid('organizations/other', 'u1'))).to.deep.equal(elsewhere);
    const hinted = { uids: ['u1', 'u2', 'u3', '', '#'].map((uid) => uidKey(ORGANIZATION, uid)) };
    const [before, , recreated, , removed, , moved] = await Promise.all([
      submit(look, hinted),
      submit((snapshot) => {
        snapshot.remove(account('a').address);
        snapshot.put(account('a', { uid: 'u3' }));
      }),
      submit(look),
      submit((snapshot) => snapshot.remove(account('b').address)),
      submit(look),
      put(account('c', { uid: 'u2' }), account('a', { uid: 'u3', organization: 'organizations/other' })),
      submit(look),
    ]);
    expect(before).to.deep.equal(['a', 'b', undefined, undefined, undefined]);
    expect(recreated).to.deep.equal([undefined, 'b', 'a', undefined, undefined]);
    expect(removed).to.deep.equal([undefined, undefined, 'a', undefined, undefined]);
    expect(moved).to.deep.equal([undefined, 'c', undefined, undefined, undefined]);
    expect(await submit(look)).to.deep.equal(moved);
    expect(await read(look)).to.deep.equal(moved);
  });

  it('a draft finds what it would make, before anything of it is there', async () => {
    await put(account('a', { keys: ['k'], uid: 'u1' }), account('b', { keys: ['k', 'l'], uid: 'u2' }));
    const look = (snapshot: Snapshot) => [
      withKey('k')(snapshot),
      withKey('l')(snapshot),
      ...['u1', 'u2', 'u3', 'u4'].map((uid) => withUid(uid)(snapshot)),
    ];
    const before = [['a', 'b'], ['b'], 'a', 'b', undefined, undefined];
    const after = [['b', 'c'], ['a'], undefined, 'b', 'a', 'c'];
    const draft = (commit: boolean) => (snapshot: Snapshot) => {
      const draft = new Draft(snapshot);
      draft.remove(account('a').address);
      expect(look(draft)).to.deep.equal([['b'], ['b'], undefined, 'b', undefined, undefined]);
      draft.put(account('a', { keys: ['l'], uid: 'u3' }));
      draft.put(account('b', { keys: ['k'], uid: 'u2' }));
      draft.put(account('c', { keys: ['k'], uid: 'u4' }));
      draft.put(account('d', { uid: 'u1', organization: 'organizations/other' }));
      expect(look(draft)).to.deep.equal(after);
      expect(look(snapshot)).to.deep.equal(before);
      if (commit) draft.commit();
      return look(snapshot);
    };
    expect(await submit(draft(false))).to.deep.equal(before);
    expect(await read(draft(false))).to.deep.equal(before);
    expect(await submit(draft(true))).to.deep.equal(after);
    expect(await read(look)).to.deep.equal(after);
  });

  it('nothing stays of the keys of a decision that was refused, by itself or by the database', async () => {
    await put(account('a', { keys: ['old'] }));
    const refused = (snapshot: Snapshot) => {
      snapshot.put(account('a', { keys: ['new'], uid: 'new' }));
      snapshot.put(account('b', { keys: ['new'] }));
      expect(withKey('new')(snapshot)).to.deep.equal(['a', 'b']);
    };
    const look = (snapshot: Snapshot) => [withKey('old')(snapshot), withKey('new')(snapshot), withUid('new')(snapshot)];
    const [, thrown, between, broken, , after] = await Promise.all([
      put(account('before', { keys: ['old'] })),
      rejection(
        submit((snapshot) => {
          refused(snapshot);
          throw new Error('refused');
        }),
      ),
      submit(look),
      rejection(
        submit((snapshot) => {
          refused(snapshot);
          snapshot.put(account('c', { keys: ['new'], uid: null as unknown as string }));
        }),
      ),
      put(account('after', { keys: ['old'] })),
      submit(look),
    ]);
    expect(thrown.message).to.equal('refused');
    expect(broken).to.be.instanceOf(Unavailable);
    expect(between).to.deep.equal([['a', 'before'], [], undefined]);
    expect(after).to.deep.equal([['a', 'after', 'before'], [], undefined]);
    expect(await read(look)).to.deep.equal(after);
    expect(await entries()).to.deep.equal(['a old', 'after old', 'before old']);
  });

  it('a removed resource leaves no entry behind, whether or not anybody had looked at it', async () => {
    const names = ['seen', 'unseen', 'listed', 'emptied', 'recreated', 'kept'];
    await put(...names.map((name) => account(name, { keys: ['k', `of-${name}`] })));
    const remove = (name: string, look?: (snapshot: Snapshot) => unknown) =>
      submit((snapshot) => {
        look?.(snapshot);
        snapshot.remove(account(name).address);
      });
    await remove('unseen');
    await Promise.all([
      remove('seen', (snapshot) => snapshot.resource(account('seen').address)),
      remove('listed', (snapshot) => snapshot.withKey('of-listed')),
      put(account('emptied')),
      remove('recreated', (snapshot) => snapshot.resource(account('recreated').address)),
      put(account('recreated', { keys: ['new'] }), account('brief', { keys: ['brief'] })),
      remove('brief'),
    ]);
    expect(await entries()).to.deep.equal(['kept k', 'kept of-kept', 'recreated new']);
    expect(await read(withKey('k'))).to.deep.equal(['kept']);
    expect((await readResource(opened.store(), account('emptied').address))?.keys).to.deep.equal([]);
  });

  it('a key may be any text, and a uid that no database can hold is nobody’s', async () => {
    const keys = [
      '',
      ' ',
      '\0',
      'nul\0',
      '\ud800',
      '\udc00\ud800',
      '\ufffd',
      '\\u0000',
      '\\',
      '"',
      "'",
      '%',
      '😀',
      'É',
      'é',
    ];
    keys.push('e\u0301', LONG, `${LONG}x`, '€'.repeat(512), '__proto__', '{"a":1}', '#', '\n');
    await put(account('all', { keys }), ...keys.map((key, index) => account(`n${index}`, { keys: [key] })));
    await opened.reopen();
    for (const [index, key] of keys.entries()) {
      expect(await submit(withKey(key)), JSON.stringify(key)).to.deep.equal(['all', `n${index}`]);
    }
    // One question that asks for what cannot be must not cost the others their answers.
    const [each, nobody, here] = await Promise.all([
      read((snapshot) => keys.map((key) => snapshot.withKey(key).length)),
      read((snapshot) => ['a\0', '\ud800', '\0'].map((uid) => withUid(uid)(snapshot))),
      read(withUid('uid-all')),
    ]);
    expect(each).to.deep.equal(keys.map(() => 2));
    expect([nobody, here]).to.deep.equal([[undefined, undefined, undefined], 'all']);
    expect((await readResource(opened.store(), account('all').address))?.keys).to.deep.equal(keys);
  });

  it('keys that stay as they are cost no statement, and those of a whole batch two', async () => {
    await opened.reopenAfter(async () => {
      const { engine, sent, close } = await recordedEngine(opened.options());
      const addresses = ['a', 'b', 'c', 'd'].map((name) => account(name).address);
      /** Decides each in the same batch, on rows that were loaded; answers what was sent. */
      const batch = async (...decisions: ((snapshot: Snapshot) => void)[]) => {
        sent.splice(0);
        await Promise.all(decisions.map((decide) => engine.submit(operation(decide, { resources: addresses }))));
        return sent.filter((statement) => statement !== 'load');
      };
      const put =
        (name: string, keys: string[] = [], uid = 'u') =>
        (snapshot: Snapshot) =>
          snapshot.put(account(name, { keys, uid }));
      const remove = (name: string) => (snapshot: Snapshot) => snapshot.remove(account(name).address);
      expect(await batch(put('a'), put('b'))).to.deep.equal(['upsertResources']);
      expect(await batch(put('c', ['k', 'l']), put('d', ['k']))).to.deep.equal([
        'upsertResources',
        'insertResourceKeys',
      ]);
      const others = [put('a', [], 'v'), put('c', ['k', 'l'], 'v'), put('d', ['k'], 'v')];
      expect(await batch(...others)).to.deep.equal(['upsertResources']);
      expect(await batch(remove('a'))).to.deep.equal(['deleteResources']);
      expect(await batch(remove('d'), put('d', ['k']))).to.deep.equal(['upsertResources']);
      expect(await batch(put('b', ['k']), put('c', ['m']), put('d', ['n', 'o']))).to.deep.equal([
        'upsertResources',
        'deleteResourceKeys',
        'insertResourceKeys',
      ]);
      expect(await batch(put('c'), remove('d'))).to.deep.equal([
        'deleteResources',
        'upsertResources',
        'deleteResourceKeys',
      ]);
      sent.splice(0);
      const everything = {
        resources: addresses,
        children: [ORGANIZATION],
        referrers: [ORGANIZATION],
        owners: [ORGANIZATION],
        keys: ['k', 'l'],
        uids: [uidKey(ORGANIZATION, 'u'), uidKey(ORGANIZATION, 'v')],
        secrets: ['s'],
        revocations: addresses,
        replays: ['r'],
      };
      await engine.submit(operation((snapshot) => snapshot.withKey('l'), everything));
      expect(sent).to.deep.equal(['load']);
      await close();
    });
    expect(await entries()).to.deep.equal(['b k']);
  });

  it('resources of before there were keys have none, can get some, and are found by their uid', async () => {
    const old = account('old', { owner: true, valid_until: 7, attributes: { display_name: "it's" } });
    const { keys: _, ...columns } = old;
    await opened.store().close();
    await opened.anew(async () => {
      await migrateOnly(opened.options(), 1);
      const names = Object.keys(columns).map((name) => `"${name}"`);
      const values = Object.values(columns).map(literal);
      await query(opened.options(), `INSERT INTO resources (${names.join(', ')}) VALUES (${values.join(', ')})`);
    });
    expect(await readResource(opened.store(), old.address)).to.deep.equal(old);
    expect(await read(withUid('uid-old'))).to.equal('old');
    expect(await entries()).to.deep.equal([]);
    await submit((snapshot) => snapshot.put({ ...(snapshot.resource(old.address) as Resource), keys: ['k'] }));
    expect(await read(withKey('k'))).to.deep.equal(['old']);
    await opened.reopen();
    expect(await entries()).to.deep.equal(['old k']);
  });

  randomKeys(opened);
}

/** The value in SQL. */
function literal(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", "''")}'`;
}
