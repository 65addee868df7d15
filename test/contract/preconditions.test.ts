/** Preconditions hold, and a dry run tells everything and does nothing. */
import { expect } from 'chai';
import { expectOutcome, expectProblem, forEveryKind, pointersOf } from './bench.ts';
import { attributesOf } from './expectations.ts';

forEveryKind('preconditions and dry runs', (kind, bench) => {
  const { full, changed } = kind.examples;

  it('If-Match lets a write through only while the entity tag is the stored one', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const first = await api.put(address, full);
    const stale = { 'If-Match': String(first.headers.etag) };
    const second = await api.put(address, changed, { headers: stale });
    expectOutcome(second, 200, 'updated');
    expectProblem(await api.put(address, full, { headers: stale }), 412, 'precondition-failed');
    expectProblem(await api.delete(address, { headers: stale }), 412, 'precondition-failed');
    expect((await api.get(address)).headers.etag).to.equal(second.headers.etag);
    const listed = { 'If-Match': `"other.1", ${second.headers.etag}` };
    expectOutcome(await api.delete(address, { headers: listed }), 204, 'deleted');
  });

  it('If-Match never lets a creation through, and a weak tag matches nothing', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    expectProblem(await api.put(address, full, { headers: { 'If-Match': '*' } }), 412, 'precondition-failed');
    expectProblem(await api.get(address), 404, 'not-found');
    const { headers } = await api.put(address, full);
    const weak = await api.put(address, changed, { headers: { 'If-Match': `W/${headers.etag}` } });
    expectProblem(weak, 412, 'precondition-failed');
    expectOutcome(await api.put(address, changed, { headers: { 'If-Match': '*' } }), 200, 'updated');
  });

  it('If-None-Match: * creates and never overwrites', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const headers = { 'If-None-Match': '*' };
    expectOutcome(await api.put(address, full, { headers }), 201, 'created');
    expectProblem(await api.put(address, full, { headers }), 412, 'precondition-failed');
    expectProblem(await api.put(address, changed, { headers }), 412, 'precondition-failed');
  });

  it('an entity tag of a former creation matches nothing', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    await api.delete(address);
    await api.put(address, full);
    const former = { 'If-Match': String(headers.etag) };
    expectProblem(await api.put(address, changed, { headers: former }), 412, 'precondition-failed');
  });

  it('a dry run of a creation tells the outcome and creates nothing', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    // An organization that is not there has no audit log of its own.
    const log = kind.parent === undefined ? 'organizations/default' : address;
    const events = await api.events(log);
    const { status, body } = await api.put(address, full, { query: 'dry_run=true' });
    expect(status).to.equal(200);
    expect(body).to.include({ outcome: 'created' });
    expectProblem(await api.get(address), 404, 'not-found');
    expect(await api.events(log)).to.deep.equal(events);
    expectOutcome(await api.put(address, full), 201, 'created');
  });

  it('a dry run of a change names what would change and changes nothing', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    const events = await api.events(address);
    const { status, body, text } = await api.put(address, changed, { query: 'dry_run=true' });
    expect(status, text).to.equal(200);
    expect(body.outcome).to.equal('updated');
    const named = (body.changed as string[]).map((pointer) => pointer.split('/')[1]);
    expect(named).to.include.members(
      Object.keys(changed).filter((name) => JSON.stringify(changed[name]) !== JSON.stringify(full[name])),
    );
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
    expect(await api.events(address)).to.deep.equal(events);
    expect((await api.put(address, full, { query: 'dry_run=true' })).body).to.include({ outcome: 'unchanged' });
  });

  it('a dry run refuses what the real run would refuse', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const problem = expectProblem(
      await api.put(address, { ...full, colour: 'red' }, { query: 'dry_run=true' }),
      422,
      'invalid',
    );
    expect(pointersOf(problem)).to.deep.equal(['/colour']);
  });

  it('a dry run of a removal removes nothing', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    const { status, body } = await api.delete(address, { query: 'dry_run=true' });
    expect(status).to.equal(200);
    expect(body.outcome).to.equal('deleted');
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
  });

  it('no answer to a dry run holds a secret', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const once = Object.entries(attributesOf(kind)).filter(([, attribute]) => attribute.once);
    const { body } = await api.put(address, full, { query: 'dry_run=true' });
    for (const [name] of once) expect(body.resource ?? {}).to.not.have.property(name);
    expect(JSON.stringify(body)).to.not.match(/acr_[a-z]+_[0-9A-Za-z]{46}/);
  });
});
