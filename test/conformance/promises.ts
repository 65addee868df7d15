/** Promises that several profiles share, each asserted on every way that could break it. */
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { tokenHash } from '../../terraform-provider-spec/token.ts';
import type { Answer, Api } from '../contract/api.ts';
import { expectOutcome, expectProblem, pointersOf } from '../contract/bench.ts';
import type { Holder, Tenant } from './support.ts';

/** Asserts that a profile's word against a new secret is kept on every way to one; the present one goes on working. */
export async function expectNoNewSecret(tenant: Tenant, { token, api: own }: Holder, profile: string): Promise<void> {
  const { api } = tenant;
  const { etag } = (await api.get(token)).headers;
  const answers: Answer[] = [
    await api.put(token, { profile, rotation: '2' }),
    await api.put(token, { profile, secret_hash: `sha256:${'0'.repeat(64)}` }),
    await api.put(token, { profile }, { headers: { 'Accredit-Claim': 'another' } }),
    await api.post(`${token}/rotation`, {}),
  ];
  for (const answer of answers) {
    const { detail } = expectProblem(answer, 409, 'rotation-forbidden');
    expect(detail).to.match(/delete .*create it again/i);
  }
  expect((await own.post('self/rotate', {})).status).to.be.oneOf([403, 409]);
  expect((await api.get(token)).headers.etag).to.equal(etag);
}

/** Asserts that a secret was in the answer that made it and is in no answer since, whoever asks and however. */
export async function expectNeverShownAgain(tenant: Tenant, { address, token, secret }: Holder): Promise<void> {
  const { api } = tenant;
  const { body } = await api.get(token);
  const answers = [
    await api.get(token),
    await api.get(token, { query: 'view=full' }),
    await api.put(token, body),
    await api.put(token, { ...body, display_name: 'Renamed' }),
    await api.put(token, body, { query: 'dry_run=true' }),
    await api.get(address),
    await api.get(`${address}/tokens`, { query: 'view=full' }),
    await api.get(tenant.at('tokens'), { query: 'view=full' }),
    await api.get(tenant.at('audit-events')),
  ];
  for (const { status, text } of answers) {
    expect(status).to.equal(200);
    expect(text).to.not.include(secret).and.not.include('"secret"');
  }
  expectProblem(await api.get(`${token}/secret`), 404, 'not-found');
  expectProblem(await api.get(`${token}/rotation`), 405, 'method-not-allowed');
  expectProblem(await api.get(token, { query: 'view=secret' }), 400, 'invalid-query');
}

/** Asserts that the API describes these methods at these paths, as clients read it. */
export async function expectOffered(api: Api, paths: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const { body } = await api.send('GET', '/openapi.json');
  const offered = body.paths as Record<string, JsonObject>;
  for (const [path, methods] of Object.entries(paths)) {
    expect(Object.keys(offered[path] ?? {}), path).to.include.members([...methods]);
  }
}

/** Asserts that a deleted token is gone on every way that could bring it back, and that its secret stays dead. */
export async function expectGoneForGood(tenant: Tenant, { token, secret }: Holder, profile: string): Promise<void> {
  const { api } = tenant;
  expectProblem(await api.get(token), 404, 'not-found');
  expectProblem(await api.post(`${token}/rotation`, {}), 404, 'not-found');
  expectProblem(await api.get(`${token}/revocation`), 404, 'not-found');
  expectOutcome(await api.delete(`${token}/revocation`), 204, 'unchanged');
  await expectDead(tenant, { token, secret }, profile);
}

/** Asserts that a secret is refused, and that it cannot be declared as that of the token again. */
export async function expectDead(
  tenant: Tenant,
  { token, secret }: Pick<Holder, 'token' | 'secret'>,
  profile: string,
): Promise<void> {
  const hash = { secret_hash: `sha256:${tokenHash(secret)}` };
  expectProblem(await tenant.api.put(token, { profile, ...hash }), 409, 'secret-in-use');
  expect(await tenant.ask(secret)).to.equal(401);
}

/** Asserts that no end can be declared for a token, neither for this one nor at the creation of one. */
export async function expectNoEnd(tenant: Tenant, { address, token }: Holder, profile: string): Promise<void> {
  const ends: JsonObject[] = [{ expires_in: '90d' }, { expires_at: '2190-01-01T00:00:00Z' }];
  for (const end of ends) {
    for (const target of [token, `${address}/tokens/another`]) {
      const problem = expectProblem(await tenant.api.put(target, { profile, ...end }), 422, 'invalid');
      expect(pointersOf(problem)).to.deep.equal(Object.keys(end).map((name) => `/${name}`));
    }
  }
}

/** Asserts that a token cannot be declared as revoked, and that it can be stopped in an emergency all the same. */
export async function expectDeletedNotRevoked(tenant: Tenant, holder: Holder, profile: string): Promise<void> {
  const { token, secret } = holder;
  const problem = expectProblem(await tenant.api.put(token, { profile, state: 'revoked' }), 422, 'invalid');
  expect(pointersOf(problem)).to.deep.equal(['/state']);
  // An app's token is forbidden at the organization, as long as it is one.
  expect(await tenant.ask(secret)).to.be.oneOf([200, 403]);
  expectOutcome(await tenant.api.put(`${token}/revocation`, { reason: 'compromised' }), 200, 'revoked');
  expect(await tenant.ask(secret)).to.equal(401);
}
