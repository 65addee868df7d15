/** Random batches on a few resources, against a plain map that is told of the same decisions. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Draft } from '../../daemon/domain/draft.ts';
import { type Needs, type Operation, type Snapshot, uidKey } from '../../daemon/domain/snapshot.ts';
import { printedSeed } from '../support/seed.ts';
import { keyEntries } from './beside.ts';
import type { Opened } from './conformance-keys.ts';
import { account, operation } from './rows.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const KEYS = ['k', 'l', 'm'];
const UIDS = NAMES.flatMap((name) => [0, 1].map((creation) => `${name}${creation}`));

/** One change of one resource: what it is put as, or `null` for its removal. */
interface Change {
  readonly name: string;
  readonly row: { readonly keys: readonly string[]; readonly creation: number } | null;
}

/** One decision: changes, of which nothing stays if it throws or the database refuses it. */
interface Step {
  readonly changes: readonly Change[];
  readonly ends: 'well' | 'thrown' | 'refused';
  readonly drafted: boolean;
  /** Looks at each resource before it changes it, or at everything afterwards; or writes without knowing what is there. */
  readonly looks: 'before' | 'after' | 'never';
  /** Whether it knows beforehand what it will ask for. */
  readonly hinted: boolean;
}

type Model = ReadonlyMap<string, { readonly keys: readonly string[]; readonly uid: string }>;

const change: fc.Arbitrary<Change> = fc.record({
  name: fc.constantFrom(...NAMES),
  row: fc.option(fc.record({ keys: fc.shuffledSubarray(KEYS), creation: fc.nat(1) })),
});

const step: fc.Arbitrary<Step> = fc.record({
  changes: fc.array(change, { maxLength: 3 }),
  ends: fc.oneof(
    { weight: 8, arbitrary: fc.constant('well' as const) },
    { weight: 2, arbitrary: fc.constant('thrown' as const) },
    { weight: 1, arbitrary: fc.constant('refused' as const) },
  ),
  drafted: fc.boolean(),
  looks: fc.constantFrom('before', 'after', 'never'),
  hinted: fc.boolean(),
});

const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });

/** Defines the test. */
export function randomKeys(opened: Opened): void {
  it('after any decisions, together or apart, resources are found by what they have and by nothing else', async function () {
    this.timeout(60_000);
    let cases = 0;
    const property = fc.asyncProperty(batches, async (list) => {
      cases += 1;
      const place = placeOf(`organizations/case${cases}`);
      let model: Model = new Map();
      for (const batch of list) {
        const expected: unknown[] = [];
        const answers = batch.map(async (one) => {
          const next = applied(model, one.changes);
          if (one.ends === 'well') model = next;
          const seen = one.looks === 'after' ? place.expected(next) : undefined;
          expected.push(one.ends === 'well' ? seen : one.ends);
          return opened
            .store()
            .engine.submit(place.operation(one))
            .catch((error: Error) => (error.message === 'thrown' ? 'thrown' : 'refused'));
        });
        expect(await Promise.all(answers)).to.deep.equal(expected);
      }
      expect(await opened.store().reader.read({ needs: {}, decide: place.look })).to.deep.equal(place.expected(model));
      const entries = (await keyEntries(opened.options())).filter((entry) =>
        entry.startsWith(`${place.organization}/`),
      );
      expect(entries).to.deep.equal(place.entries(model));
    });
    await fc.assert(property, { seed: printedSeed('resources by their keys'), numRuns: 60 });
  });
}

function applied(model: Model, changes: readonly Change[]): Model {
  const next = new Map(model);
  for (const { name, row } of changes) {
    if (row === null) next.delete(name);
    else next.set(name, { keys: row.keys, uid: `${name}${row.creation}` });
  }
  return next;
}

/** The part of the store that one case has for itself: keys are of no organization, so they name it. */
function placeOf(organization: string) {
  const address = (name: string) => `${organization}/accounts/${name}`;
  const key = (name: string) => `${organization} ${name}`;
  const resource = (name: string, fields: { keys: readonly string[]; uid: string }) =>
    account(name, {
      ...fields,
      address: address(name),
      organization,
      parent: organization,
      keys: fields.keys.map(key),
    });
  const needs: Needs = {
    resources: NAMES.map(address),
    keys: KEYS.map(key),
    uids: UIDS.map((uid) => uidKey(organization, uid)),
  };

  const look = (snapshot: Snapshot) => [
    ...KEYS.map((name) => snapshot.withKey(key(name)).map((found) => found.name)),
    ...UIDS.map((uid) => snapshot.withUid(organization, uid)?.name),
  ];

  const decide = (one: Step) => (snapshot: Snapshot) => {
    const target = one.drafted ? new Draft(snapshot) : snapshot;
    for (const { name, row } of one.changes) {
      if (one.looks === 'before') target.resource(address(name));
      if (row === null) target.remove(address(name));
      else target.put(resource(name, { keys: row.keys, uid: `${name}${row.creation}` }));
    }
    const seen = one.looks === 'after' ? look(target) : undefined;
    if (one.ends === 'thrown') throw new Error('thrown');
    if (one.ends === 'refused') target.put(resource('x', { keys: ['k'], uid: null as unknown as string }));
    if (target instanceof Draft) target.commit();
    return seen;
  };

  return {
    organization,
    look,
    operation: (one: Step): Operation<unknown> => ({
      ...operation(decide(one), one.hinted ? needs : {}),
      organizations: [organization],
    }),
    expected: (model: Model) => [
      ...KEYS.map((name) => NAMES.filter((one) => model.get(one)?.keys.includes(name))),
      ...UIDS.map((uid) => NAMES.find((one) => model.get(one)?.uid === uid)),
    ],
    entries: (model: Model) =>
      [...model].flatMap(([name, { keys }]) => keys.map((one) => `${address(name)} ${key(one)}`)).sort(),
  };
}
