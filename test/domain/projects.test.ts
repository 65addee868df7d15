import { expect } from 'chai';
import fc from 'fast-check';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { type Fixture, openFixture, refused, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const DEPTH = 8;

describe('projects', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  const project = (name: string) => `${ORGANIZATION}/projects/${name}`;
  const put = (name: string, parent: string | null = null) => f.put(project(name), { parent });
  /** A chain of that many projects, the first at the top. */
  const chain = async (prefix: string, length: number) => {
    const names = Array.from({ length }, (_, index) => `${prefix}${index + 1}`);
    await Promise.all(names.map((name, index) => put(name, names[index - 1] ?? null)));
  };
  const refusedParent = async (promise: Promise<unknown>) => {
    const { errors } = await refused(promise, 'invalid');
    expect(new Set(errors.map(({ pointer }) => pointer))).to.deep.equal(new Set(['/parent']));
    return errors[0]?.detail;
  };

  it('lie in no circle: not in themselves, nor in what lies in them', async () => {
    expect(await refusedParent(put('alone', 'alone')), 'before it is there').to.include('there is no');
    await put('alone');
    await refusedParent(put('alone', 'alone'));
    await chain('p', 4);
    for (const below of ['p2', 'p3', 'p4']) expect(await refusedParent(put('p1', below))).to.include('below itself');
    expect((await put('p3', 'p1')).outcome).to.equal('updated');
    expect((await put('p2', 'p3')).outcome, 'p3 is no longer below it').to.equal('updated');
    await refusedParent(put('p1', 'p2'));
  });

  it('lie in no circle either when two move at the same time', async () => {
    await Promise.all([put('left'), put('right')]);
    const moves = await Promise.allSettled([put('left', 'right'), put('right', 'left')]);
    expect(moves.map(({ status }) => status)).to.have.members(['fulfilled', 'rejected']);
  });

  it('are at most 8 deep, also when one moves with all that lies in it', async () => {
    await chain('p', DEPTH);
    expect(await refusedParent(put('deeper', `p${DEPTH}`))).to.include('9 projects deep');
    await chain('q', 3);
    await put('beside', 'q1');
    await refusedParent(put('q1', 'p6'));
    expect((await put('q1', 'p5')).outcome).to.equal('updated');
    await refusedParent(put('deeper', 'q3'));
    expect((await put('deeper', 'beside')).outcome).to.equal('created');
    await refusedParent(put('p1', 'deeper'));
    await put('top');
    await refusedParent(put('p1', 'top'));
    await put('p8', 'p6');
    await put('q3', 'q1');
    await f.delete(project('deeper'));
    expect((await put('p1', 'top')).outcome, 'all of it is shallower now').to.equal('updated');
  });

  it('have a parent that is there, in the same organization', async () => {
    expect(await refusedParent(put('shop', 'none'))).to.equal(`names no project: there is no ${project('none')}`);
    await f.put('organizations/acme');
    await f.put('organizations/acme/projects/theirs');
    await refusedParent(put('shop', 'theirs'));
    expect((await put('shop')).resource?.parent).to.equal(null);
  });

  it('stay while something refers to them, and the refusal lists what the caller may see of it', async () => {
    await chain('p', 2);
    await f.put(`${ORGANIZATION}/apps/till`, { project: 'p1' });
    await f.put(`${ORGANIZATION}/accounts/bot`, { scope: 'projects/p1' });
    await f.put(`${ORGANIZATION}/users/ann`, { grants: [{ role: 'viewer', scope: 'projects/p1' }] });
    const all = await refused(f.delete(project('p1')), 'in-use');
    expect(all.errors.map(({ detail }) => detail)).to.deep.equal(
      ['accounts/bot', 'apps/till', 'projects/p2', 'users/ann'].map((path) => `${ORGANIZATION}/${path}`),
    );
    const permissions = ['projects.read', 'projects.delete', 'apps.read'];
    const narrow = secretOf(await f.put(`${ORGANIZATION}/accounts/root/tokens/narrow`, { permissions }));
    const some = await refused(f.delete(project('p1'), { caller: f.as(narrow) }), 'in-use');
    expect(some.errors.map(({ detail }) => detail)).to.deep.equal(
      ['apps/till', 'projects/p2'].map((path) => `${ORGANIZATION}/${path}`),
    );
    expect(some.message).to.include('2 that this credential may not see');
    expect(some.message).not.to.include('ann').and.not.to.include('bot');
  });

  it('that are moved away from an account leave its grants there without effect, and the account free to change', async () => {
    await Promise.all([put('home'), put('beside')]);
    await put('inner', 'home');
    const bot = `${ORGANIZATION}/accounts/bot`;
    const body = { scope: 'projects/home', grants: [{ role: 'viewer', scope: 'projects/inner' }] };
    await f.put(bot, body);
    const token = secretOf(await f.put(`${bot}/tokens/t`));
    const decision = async () => {
      const question = { permission: 'apps.read', scope: 'projects/inner' };
      const credential = { scheme: 'bearer', token } as const;
      return (await f.service.verify({ ...question, credential, ip: null }, 'question')).decision;
    };
    expect(await decision()).to.equal('allowed');
    await put('inner', 'beside');
    expect(await decision()).to.equal('forbidden');
    expect((await f.put(bot, { ...body, disabled: true })).outcome).to.equal('updated');
    expect(await decision()).to.equal('unauthenticated');
    const more = [...body.grants, { role: 'none', scope: 'projects/inner' }];
    const { errors } = await refused(f.put(bot, { ...body, grants: more }), 'invalid');
    expect(errors.map(({ pointer }) => pointer)).to.deep.equal(['/grants/1/scope']);
  });

  it('form a forest of depth 8 after any moves, each of which is refused just when it would not', async function () {
    this.timeout(caseTime(60_000));
    const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
    const move = fc.record({
      name: fc.constantFrom(...names),
      parent: fc.option(fc.constantFrom(...names), { freq: 9 }),
    });
    let runs = 0;
    const counts = { done: 0, refused: 0 };
    const property = fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 60 }), async (moves) => {
      runs += 1;
      const organization = `organizations/case-${runs}`;
      const address = (name: string) => `${organization}/projects/${name}`;
      await Promise.all([f.put(organization), ...names.map((name) => f.put(address(name)))]);
      const tree: Tree = Object.fromEntries(names.map((name) => [name, null]));
      // Sent all at once, they are still decided one after the other.
      const outcomes = await Promise.allSettled(moves.map(({ name, parent }) => f.put(address(name), { parent })));
      for (const [index, { name, parent }] of moves.entries()) {
        const isGood = isForest({ ...tree, [name]: parent });
        expect(outcomes[index]?.status, JSON.stringify(moves.slice(0, index + 1))).to.equal(
          isGood ? 'fulfilled' : 'rejected',
        );
        if (isGood) tree[name] = parent;
        counts[isGood ? 'done' : 'refused'] += 1;
      }
    });
    await fc.assert(property, { seed: printedSeed('moves of projects'), numRuns: cases(40), endOnFailure: true });
    console.log(`    ${counts.done} moves done, ${counts.refused} refused`);
    expect(counts.refused).to.be.above(cases(100));
  });
});

type Tree = Record<string, string | null>;

/** Whether every project has an end above it, and at most 8 steps away. */
function isForest(tree: Tree): boolean {
  return Object.keys(tree).every((name) => {
    let depth = 1;
    for (let above = tree[name] ?? null; above !== null; above = tree[above] ?? null) {
      depth += 1;
      if (depth > DEPTH) return false;
    }
    return true;
  });
}
