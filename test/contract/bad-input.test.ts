/** Bad input gets a clear error with a code, and a pointer where there is something to point at; it changes nothing. */
import { expect } from 'chai';
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { expectProblem, forEveryKind, onEveryDatabase, pointersOf } from './bench.ts';

const BODY_LIMIT = 1024 * 1024;

/** Texts that are no JSON, or none that says clearly what is meant. */
const BROKEN_JSON = [
  '',
  '{',
  '{"labels": {}',
  '{"labels": }',
  "{'labels': {}}",
  '{"labels": {},}',
  '{} {}',
  'undefined',
  '{"description": "a", "description": "b"}',
  '{"description": "\u0000"}',
  '{"description": "\\x"}',
  '['.repeat(100_000),
];

forEveryKind('bad input', (kind, bench) => {
  const { full } = kind.examples;

  it('what is no JSON is refused, and nothing is created', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    for (const text of BROKEN_JSON) {
      const answer = await api.send('PUT', `/v1/${address}`, text, { 'Content-Type': 'application/json' });
      expectProblem(answer, 400, 'malformed-json');
    }
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('a body that is no object is refused at its root', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    for (const body of [null, true, 1, 'text', []]) {
      expect(pointersOf(expectProblem(await api.put(address, body), 422, 'invalid'))).to.deep.equal(['']);
    }
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('attributes of a wrong type are refused, each with its pointer', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const body = { ...full, display_name: 7, description: {}, labels: { a: 1, b: null, 'not a name': 'x' } };
    const problem = expectProblem(await api.put(address, body), 422, 'invalid');
    expect(pointersOf(problem)).to.include.members([
      '/display_name',
      '/description',
      '/labels/a',
      '/labels/b',
      '/labels/not a name',
    ]);
    expectProblem(await api.put(address, { ...full, labels: [] }), 422, 'invalid');
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('__proto__ and its like are names without power', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const own = Object.keys(full).length > 0 ? `,${JSON.stringify(full).slice(1, -1)}` : '';
    const attempts: [string, string][] = [
      [`{"__proto__": {"state": "revoked"}${own}}`, '/__proto__'],
      [`{"constructor": {"prototype": {}}${own}}`, '/constructor'],
      [`{"labels": {"__proto__": "x"}}`, '/labels/__proto__'],
      [`{"toString": "x"${own}}`, '/toString'],
    ];
    for (const [text, pointer] of attempts) {
      const problem = expectProblem(await api.send('PUT', `/v1/${address}`, text), 422, 'invalid');
      expect(pointersOf(problem), text).to.include(pointer);
    }
    expectProblem(await api.get(address), 404, 'not-found');
    expect(({} as Record<string, unknown>).state).to.equal(undefined);
  });

  it('texts that are too long or hold control characters are refused', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    for (const description of ['x'.repeat(1025), 'a\u0000b', 'a\u001bb', '\ud800']) {
      const problem = expectProblem(await api.put(address, { ...full, description }), 422, 'invalid');
      expect(pointersOf(problem)).to.deep.equal(['/description']);
    }
    expectProblem(await api.get(address), 404, 'not-found');
    expect((await api.put(address, { ...full, description: '🚀'.repeat(1024) })).status).to.equal(201);
  });

  it('a body over the limit is refused, announced or not', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const large = JSON.stringify({ ...full, description: 'x'.repeat(BODY_LIMIT) });
    expectProblem(await api.send('PUT', `/v1/${address}`, large), 413, 'too-large');
    expectProblem(await api.exactly('PUT', `/v1/${address}`, large.match(/.{1,65536}/g) ?? []), 413, 'too-large');
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('another media type is refused', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
      const answer = await api.send('PUT', `/v1/${address}`, '{}', { 'Content-Type': type });
      expectProblem(answer, 415, 'unsupported-media-type');
    }
    expectProblem(await api.get(address), 404, 'not-found');
  });

  it('a name that is none is refused, however it is written', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const collection = address.slice(0, address.lastIndexOf('/'));
    const before = await api.all(collection);
    const long = 'x'.repeat(300);
    const names = [
      'a%2Fb',
      '..%2F..%2Fx',
      '..',
      '%2e%2e',
      long,
      'a%00b',
      '%00',
      'UPPER',
      '-a',
      'a-',
      'a%20b',
      '%C3%A4',
      '%zz',
    ];
    for (const name of names) {
      const target = `/v1/${collection}/${name}`;
      for (const method of ['PUT', 'GET', 'DELETE'] as const) {
        const answer = await api.exactly(method, target, method === 'PUT' ? JSON.stringify(full) : []);
        expect(`${method} ${name} ${answer.status} ${answer.body.code}`).to.equal(
          `${method} ${name} 400 invalid-address`,
        );
      }
    }
    expect(await api.all(collection)).to.deep.equal(before);
  });

  it('headers and parameters of the contract that make no sense are refused, not ignored', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const headers: [string, string][] = [
      ['If-Match', 'unquoted'],
      ['If-None-Match', '"tag"'],
      ['Accredit-Adopt', 'yes'],
      ['Accredit-Claim', ''],
      ['Accredit-Claim', 'x'.repeat(256)],
      ['Accredit-Manager', 'has space'],
      ['Accredit-Mangaer', 'terraform'],
      ['Idempotency-Key', 'x'.repeat(256)],
    ];
    for (const [name, value] of headers) {
      const answer = await api.put(address, full, { headers: { [name]: value } });
      expect(`${name}: ${value.slice(0, 20)} ${answer.status} ${answer.body.code}`).to.match(/ 400 invalid-header$/);
    }
    for (const query of ['dry_run=yes', 'dryrun=true', 'dry_run=true&dry_run=false', 'cascade=false']) {
      expectProblem(await api.put(address, full, { query }), 400, 'invalid-query');
    }
    for (const query of ['cascade=no', `claim=${'x'.repeat(256)}`, 'dry-run=true']) {
      expectProblem(await api.delete(address, { query }), 400, 'invalid-query');
    }
    expectProblem(await api.get(address), 404, 'not-found');
  });
});

forEveryKind(
  'bad lifetimes',
  (kind, bench) => {
    it('an end in the past, no lifetime and one without end in a number are refused', async () => {
      const { api, fresh } = bench();
      const address = await fresh(kind);
      const attempts = [
        { expires_at: '2001-01-01T00:00:00Z' },
        { expires_at: '2026-02-30T00:00:00Z' },
        { expires_at: '2099-01-01' },
        { expires_in: '0s' },
        { expires_in: '-1d' },
        { expires_in: '1w' },
        { expires_in: '1.5h' },
        { expires_in: '90d ' },
        { expires_in: 0 },
        { expires_in: '99999999999d' },
      ];
      for (const body of attempts) {
        const [name] = Object.keys(body);
        const problem = expectProblem(await api.put(address, body as never), 422, 'invalid');
        expect(pointersOf(problem), JSON.stringify(body)).to.deep.equal([`/${name}`]);
      }
      expectProblem(await api.get(address), 404, 'not-found');
    });
  },
  TOKEN_KINDS,
);

onEveryDatabase('bad requests', (bench) => {
  it('a path that does not exist is not found, with or without a credential that is none', async () => {
    const { api } = bench();
    for (const target of ['/v1/nothing', '/v2/organizations', '/v1/organizations/default/', '/v1//organizations']) {
      expectProblem(await api.send('GET', target), 404, 'not-found');
    }
  });

  it('nothing that was refused is quoted with a secret in it', async () => {
    const { api } = bench();
    const secret = `acr_sa_${'Z'.repeat(46)}`;
    const attempts = [
      await api.send('PUT', '/v1/organizations/x', `{"description": "${secret}`),
      await api.put('organizations/x', { [secret]: 1 }),
      await api.put('organizations/x', { labels: { [secret]: '' } }),
      await api.get(`organizations/${secret}`),
      await api.get('organizations', { query: `${secret}=1` }),
      await api.put('organizations/x', {}, { headers: { 'Accredit-Manager': `${secret} x` } }),
      await api.as(secret).get('organizations/default'),
    ];
    for (const answer of attempts) {
      expect(answer.status).to.be.within(400, 499);
      expect(answer.text).to.not.include(secret);
    }
  });
});
