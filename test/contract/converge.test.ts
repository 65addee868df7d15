/** PUT is create-or-converge: what every kind promises to whoever declares it. */
import { expect } from 'chai';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { expectOutcome, expectProblem, forEveryKind, pointersOf } from './bench.ts';
import { attributesOf, echo, smallest, turnedAround, writtenPart } from './expectations.ts';

forEveryKind('the declarative contract', (kind, bench) => {
  const { full, changed } = kind.examples;

  it('a PUT to a free address creates', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const answer = await api.put(address, full);
    const created = expectOutcome(answer, 201, 'created');
    expect(answer.headers.location).to.equal(`/v1/${address}`);
    expect(answer.headers.etag).to.equal(`"${created.uid}.1"`);
    expect(created).to.include({
      address,
      name: address.split('/').at(-1),
      revision: 1,
      managed_by: null,
      claim: null,
    });
    expect(created.created_by).to.be.a('string').that.includes('@');
  });

  it('inputs come back exactly as sent, missing ones as their default', async () => {
    const { api, fresh } = bench();
    for (const body of [full, changed, smallest(kind)]) {
      const address = await fresh(kind);
      const created = await api.put(address, body);
      const read = await api.get(address);
      expect(read.status).to.equal(200);
      expect(writtenPart(kind, created.body)).to.deep.equal(echo(kind, body));
      expect(writtenPart(kind, read.body)).to.deep.equal(echo(kind, body));
      expect(read.headers.etag).to.equal(created.headers.etag);
    }
  });

  it('an answer has every attribute that its description promises, and no other', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const made = await api.put(address, full);
    const read = await api.get(address);
    const whole = await api.get(address, { query: 'view=full' });
    const names = (wanted: (attribute: { once?: true; volatile?: true }) => boolean): string[] =>
      Object.entries(attributesOf(kind))
        .filter(([, attribute]) => !attribute.writeOnly && wanted(attribute))
        .map(([name]) => name);
    expect(read.body).to.have.all.keys(names(({ once, volatile }) => !once && !volatile));
    expect(whole.body).to.have.all.keys(names(({ once }) => !once));
    expect(made.body).to.have.all.keys(names(({ volatile }) => !volatile));
  });

  it('an identical PUT changes nothing and leaves no trace', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const created = await api.put(address, full);
    const read = await api.get(address);
    const events = await api.events(address);
    const again = await api.put(address, full);
    expectOutcome(again, 200, 'unchanged');
    expect(again.headers.etag).to.equal(created.headers.etag);
    expect((await api.get(address)).body).to.deep.equal(read.body);
    expect(await api.events(address)).to.deep.equal(events);
  });

  it('the order of sets and of names is no difference', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full);
    expectOutcome(await api.put(address, turnedAround(kind, full)), 200, 'unchanged');
  });

  it('what GET answers can be PUT back: read-only attributes are ignored', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    await api.put(address, full);
    const { body, headers } = await api.get(address, { query: 'view=full' });
    const again = await api.put(address, { ...body, uid: 'forged', revision: 99 });
    expectOutcome(again, 200, 'unchanged');
    expect(again.headers.etag).to.equal(headers.etag);
  });

  it('a change converges in place under a new entity tag', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const before = await api.put(address, full);
    const after = await api.put(address, changed);
    const resource = expectOutcome(after, 200, 'updated');
    expect(resource).to.include({ uid: before.body.uid, revision: 2, created_at: before.body.created_at });
    expect(after.headers.etag).to.equal(`"${before.body.uid}.2"`);
    expect(writtenPart(kind, (await api.get(address)).body)).to.deep.equal(echo(kind, changed));
  });

  it('PUT is the whole state: what is left out, or null, takes its default', async () => {
    const { api, fresh } = bench();
    const attributes = attributesOf(kind);
    const nulled = Object.fromEntries(Object.keys(full).map((name): [string, Json] => [name, null]));
    for (const body of [smallest(kind), { ...nulled, ...smallest(kind) }]) {
      const address = await fresh(kind);
      await api.put(address, full);
      expectOutcome(await api.put(address, body), 200, 'updated');
      const kept = Object.keys(full).filter((name) => attributes[name]?.keeps);
      const expected: JsonObject = {
        ...echo(kind, body),
        ...Object.fromEntries(kept.map((name) => [name, full[name]!])),
      };
      expect(writtenPart(kind, (await api.get(address)).body)).to.deep.equal(expected);
    }
  });

  it('an unknown attribute is refused with its pointer, and nothing is created', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const problem = expectProblem(await api.put(address, { ...full, 'co/l~our': 'red' }), 422, 'invalid');
    expect(pointersOf(problem)).to.deep.equal(['/co~1l~0our']);
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('every invalid body is refused with its pointer, and changes nothing', async () => {
    const { api, fresh } = bench();
    const free = await fresh(kind);
    const taken = await fresh(kind);
    const { headers } = await api.put(taken, full);
    expect(kind.examples.invalid).to.not.be.empty;
    for (const { body, pointer } of kind.examples.invalid) {
      // Where something is, changing what is immutable is refused for that reason first.
      const immutable = Object.keys(body).some((name) => kind.attributes[name]?.immutable);
      for (const address of immutable ? [free] : [free, taken]) {
        const problem = expectProblem(await api.put(address, { ...smallest(kind), ...body }), 422, 'invalid');
        expect(pointersOf(problem), JSON.stringify(body)).to.include(pointer);
      }
    }
    expectProblem(await api.get(free), 404, 'not-found');
    expect((await api.get(taken)).headers.etag).to.equal(headers.etag);
  });

  it('an immutable attribute cannot be changed: the conflict names it', async () => {
    const { api, fresh } = bench();
    const examples = kind.examples.immutable ?? {};
    const immutable = Object.entries(kind.attributes).filter(([, attribute]) => attribute.immutable);
    expect(Object.keys(examples)).to.have.members(immutable.map(([name]) => name));
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    for (const [name, value] of Object.entries(examples)) {
      const problem = expectProblem(await api.put(address, { ...full, [name]: value }), 409, 'immutable');
      expect(pointersOf(problem)).to.deep.equal([`/${name}`]);
    }
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
  });

  const below = kind.parent === undefined ? [] : [kind.parent];
  for (const parent of below)
    it(`nothing can be created below a ${parent} that is not there`, async () => {
      const { api, fresh } = bench();
      const address = await fresh(kind);
      const segments = address.split('/');
      segments[segments.length - 3] = 'nowhere';
      expectProblem(await api.put(segments.join('/'), full), 404, 'not-found');
    });
});
