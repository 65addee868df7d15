/** Whoever declares a resource owns its declaration: two configurations cannot fight over it in silence. */
import { expect } from 'chai';
import { formatAddress, parseAddress } from '../../terraform-provider-spec/address.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { childKinds, KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { expectOutcome, expectProblem, forEveryKind } from './bench.ts';

const FIRST = { 'Accredit-Manager': 'first' };
const SECOND = { 'Accredit-Manager': 'second' };
const adopting = (headers: object) => ({ ...headers, 'Accredit-Adopt': 'true' });

forEveryKind('managers', (kind, bench) => {
  const { full, changed } = kind.examples;

  it('the manager that creates is stored, and goes on as if alone', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    expect((await api.put(address, full, { headers: FIRST })).body.managed_by).to.equal('first');
    expectOutcome(await api.put(address, full, { headers: FIRST }), 200, 'unchanged');
    expectOutcome(await api.put(address, changed, { headers: FIRST }), 200, 'updated');
    expectOutcome(await api.delete(address, { headers: FIRST }), 204, 'deleted');
  });

  it('another manager, or none, can neither converge, change nor remove', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers: made } = await api.put(address, full, { headers: FIRST });
    for (const headers of [SECOND, {}]) {
      for (const body of [full, changed]) {
        expectProblem(await api.put(address, body, { headers }), 409, 'managed-by-another');
        expectProblem(await api.put(address, body, { headers, query: 'dry_run=true' }), 409, 'managed-by-another');
      }
      const problem = expectProblem(await api.delete(address, { headers }), 409, 'managed-by-another');
      expect(problem.detail).to.include('"first"');
    }
    expect((await api.get(address)).headers.etag).to.equal(made.etag);
  });

  it('adoption hands over, also without any other change', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full, { headers: FIRST });
    const taken = expectOutcome(await api.put(address, full, { headers: adopting(SECOND) }), 200, 'updated');
    expect(taken.managed_by).to.equal('second');
    expectProblem(await api.put(address, full, { headers: FIRST }), 409, 'managed-by-another');
    expectOutcome(await api.put(address, full, { headers: SECOND }), 200, 'unchanged');
  });

  it('a manager takes over what nobody manages only when it says so', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full);
    expectProblem(await api.put(address, full, { headers: FIRST }), 409, 'managed-by-another');
    const taken = expectOutcome(await api.put(address, full, { headers: adopting(FIRST) }), 200, 'updated');
    expect(taken.managed_by).to.equal('first');
  });

  it('a client without a name that adopts changes the resource and leaves its manager', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full, { headers: FIRST });
    const updated = expectOutcome(await api.put(address, changed, { headers: adopting({}) }), 200, 'updated');
    expect(updated.managed_by).to.equal('first');
    expectOutcome(await api.delete(address, { headers: adopting({}) }), 204, 'deleted');
  });
});

const cascading = KINDS.filter((kind) => {
  const children = childKinds(kind);
  return children.length > 0 && children.every((child) => child.token !== undefined);
});

forEveryKind(
  'managers of what a removal takes along',
  (kind, bench) => {
    it('a removal does not reach over to what another manager declares', async () => {
      const { api, fresh } = bench();
      const [childKind] = childKinds(kind) as [Kind];
      const address = await fresh(kind);
      const child = formatAddress(childKind, { ...parseAddress(address).names, [childKind.parameter]: 'dependant' });
      await api.put(address, kind.examples.full, { headers: FIRST });
      await api.put(child, childKind.examples.full, { headers: SECOND });
      expectProblem(await api.delete(address, { headers: FIRST }), 409, 'managed-by-another');
      expect((await api.get(child)).status).to.equal(200);
      expectOutcome(await api.delete(address, { headers: adopting(FIRST) }), 204, 'deleted');
      expectProblem(await api.get(child), 404, 'not-found');
    });
  },
  cascading,
);
