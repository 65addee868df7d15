import { expect } from 'chai';
import { ACCOUNT, stubApp } from './stub.ts';

describe('the headers of a write', () => {
  it('reach the service as they were sent', async () => {
    const { agent, given } = stubApp();
    await agent
      .put(`${ACCOUNT}?dry_run=true`)
      .set('Accredit-Claim', 'c-1')
      .set('Accredit-Manager', 'manifest/shop')
      .set('Accredit-Adopt', 'true')
      .set('Accredit-Allow-Self', 'false')
      .set('Idempotency-Key', 'k-1')
      .set('If-Match', 'W/"weak", "u.1" , "u.2"')
      .set('If-None-Match', '*')
      .send({})
      .expect(200);
    expect(given('put')).to.include({
      claim: 'c-1',
      manager: 'manifest/shop',
      adopt: true,
      allowSelf: false,
      idempotencyKey: 'k-1',
      ifNoneMatch: true,
      dryRun: true,
    });
    expect(given('put')?.ifMatch).to.deep.equal(['u.1', 'u.2']);
  });

  it('leave nothing behind when they are not sent', async () => {
    const { agent, given } = stubApp();
    await agent.put(ACCOUNT).send({}).expect(200);
    expect(Object.keys(given('put') ?? {}).sort()).to.deep.equal(['address', 'body', 'caller']);
  });

  it('that are only weak entity tags match nothing', async () => {
    const { agent, given } = stubApp();
    await agent.delete(ACCOUNT).set('If-Match', 'W/"u.1"').expect(204);
    expect(given('delete')?.ifMatch).to.deep.equal([]);
  });

  for (const [name, value] of [
    ['Accredit-Claim', 'two words'],
    ['Accredit-Claim', 'x'.repeat(256)],
    ['Accredit-Manager', 'a b'],
    ['Accredit-Manager', 'x'.repeat(129)],
    ['Accredit-Adopt', 'yes'],
    ['Accredit-Adopt', 'TRUE'],
    ['Accredit-Allow-Self', '1'],
    ['Idempotency-Key', ''],
    ['If-Match', 'u.1'],
    ['If-Match', '"u.1" "u.2"'],
    ['If-Match', '"u.1'],
    ['If-None-Match', '"u.1"'],
    ['Accredit-Adpot', 'true'],
  ] as const) {
    it(`are refused when malformed or unknown: ${name}: ${value.slice(0, 20)}`, async () => {
      const { agent, given } = stubApp();
      const { body } = await agent.put(ACCOUNT).set(name, value).send({}).expect(400);
      expect(body.code).to.equal('invalid-header');
      expect(body.detail).to.include(name);
      expect(given('put')).to.equal(undefined);
    });
  }

  it('are refused when misspelt, with the name that was meant', async () => {
    const { body } = await stubApp().agent.put(ACCOUNT).set('Accredit-Manger', 'terraform').send({}).expect(400);
    expect(body.detail).to.equal('There is no header Accredit-Manger. Did you mean Accredit-Manager?');
  });

  it('are refused when given twice', async () => {
    const { agent, given } = stubApp();
    const { body } = await agent
      .put(ACCOUNT)
      .set({ 'Accredit-Claim': ['a', 'b'] } as never)
      .send({})
      .expect(400);
    expect(body).to.include({ code: 'invalid-header', detail: 'The header Accredit-Claim is given more than once.' });
    expect(given('put')).to.equal(undefined);
  });

  it('are refused where they would be ignored: a claim in the header of a DELETE', async () => {
    const { agent, given } = stubApp();
    const { body } = await agent.delete(ACCOUNT).set('Accredit-Claim', 'c-1').expect(400);
    expect(body.code).to.equal('invalid-header');
    expect(given('delete')).to.equal(undefined);
  });

  it('may stand on reads, which have no use for them', async () => {
    await stubApp().agent.get(ACCOUNT).set('Accredit-Manager', 'terraform').expect(200);
  });
});

describe('the query', () => {
  it('of a DELETE reaches the service', async () => {
    const { agent, given } = stubApp();
    await agent.delete(`${ACCOUNT}?claim=c-1&cascade=false&dry_run=false`).expect(204);
    expect(given('delete')).to.include({ claim: 'c-1', cascade: false, dryRun: false });
  });

  it('of a list reaches the service', async () => {
    const { agent, given } = stubApp();
    await agent
      .get('/v1/organizations/default/tokens?limit=7&cursor=c&view=full&label=env&label=tier:gold&status=expired')
      .query({ expires_before: '2030-01-01T00:00:00Z', unused_since: '2029-01-01T00:00:00Z' })
      .expect(200);
    const { caller: _, ...asked } = given('list') ?? {};
    expect(asked).to.deep.equal({
      kinds: ['service_account_token', 'app_token', 'personal_access_token'],
      parent: 'organizations/default',
      everywhere: true,
      limit: 7,
      cursor: 'c',
      view: 'full',
      labels: ['env', 'tier:gold'],
      filters: { status: 'expired', expires_before: '2030-01-01T00:00:00Z', unused_since: '2029-01-01T00:00:00Z' },
    });
  });

  it('of a list has a page of 100 if it does not say', async () => {
    const { agent, given } = stubApp();
    await agent.get('/v1/organizations').expect(200, { items: [], next_cursor: null });
    expect(given('list')).to.deep.include({ kinds: ['organization'], parent: '', limit: 100 });
  });

  for (const query of [
    'dry_run=1',
    'dry_run=true&dry_run=true',
    'dryrun=true',
    'claim=a%20b',
    'cascade=no',
    'constructor=1',
    '__proto__=1',
    '=1',
  ]) {
    it(`is refused when malformed, unknown or repeated: ?${query}`, async () => {
      const { agent, given } = stubApp();
      const { body } = await agent.delete(`${ACCOUNT}?${query}`).expect(400);
      expect(body.code).to.equal('invalid-query');
      expect(body.detail).to.include(query.split('=', 1)[0]);
      expect(given('delete')).to.equal(undefined);
    });
  }

  for (const query of ['limit=0', 'limit=1001', 'limit=1e2', 'limit=', 'view=short', 'label=:x', 'status=dead']) {
    it(`of a list is refused: ?${query}`, async () => {
      const { body } = await stubApp().agent.get(`${ACCOUNT}/tokens?${query}`).expect(400);
      expect(body.code).to.equal('invalid-query');
    });
  }

  it('says what was meant by a parameter that does not exist', async () => {
    const { body } = await stubApp().agent.put(`${ACCOUNT}?dryrun=true`).send({}).expect(400);
    expect(body.detail).to.include('"dry_run" is');
  });

  it('offers the filters of a kind only where the kind has them', async () => {
    await stubApp().agent.get(`${ACCOUNT}/tokens?status=active`).expect(200);
    await stubApp().agent.get('/v1/organizations/default/accounts?status=active').expect(400);
  });
});

describe('an address', () => {
  for (const name of ['UPPER', '-x', 'x-', '%2e%2e', 'a%2Fb', 'a%00b', 'x'.repeat(300), '%zz', '%F0%9F%98%80']) {
    it(`is refused when a name is malformed: ${name.slice(0, 20)}`, async () => {
      const { agent, given } = stubApp();
      const { body } = await agent.put(`/v1/organizations/default/accounts/${name}`).send({}).expect(400);
      expect(body.code).to.equal('invalid-address');
      expect(given('put')).to.equal(undefined);
    });
  }

  it('reaches the service without /v1/', async () => {
    const { agent, given } = stubApp();
    await agent.post(`${ACCOUNT}/tokens/deploy/rotation`).expect(200);
    expect(given('rotate')).to.include({ address: 'organizations/default/accounts/ci/tokens/deploy', body: null });
  });
});
