/** Who may do what to a kind, that every change is on record, and that organizations are strictly apart. */
import { expect } from 'chai';
import { organizationOf, parentOf } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer, Api } from './api.ts';
import { type Bench, BY_PERMISSION, expectOutcome, expectProblem, forEveryKind, uniqueName } from './bench.ts';

forEveryKind('reach and record', (kind, bench) => {
  const { full, changed } = kind.examples;

  it('every change has its audit event, written with it, and nothing else has', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const answers: Answer[] = [];
    answers.push(await api.put(address, full));
    await api.put(address, full);
    await api.put(address, { ...full, colour: 'red' });
    await api.put(address, changed, { query: 'dry_run=true' });
    answers.push(await api.put(address, changed));
    answers.push(await api.delete(address));
    await api.delete(address);
    answers.push(await api.put(address, full));
    const events = (await api.events(address)).reverse();
    expect(events.map(({ outcome }) => outcome)).to.deep.equal(['created', 'updated', 'deleted', 'created']);
    const root = (await api.get('organizations/default/accounts/root')).body.identifier as string;
    const user = kind.token?.selfService ? parentOf(address) : undefined;
    const self = user === undefined ? undefined : (await api.get(user)).body.identifier;
    events.forEach((event, index) => {
      expect(event).to.include({
        address,
        // What is somebody's own is written by that somebody; anybody with the permission can remove it.
        ...(user === undefined || event.action === 'delete'
          ? { actor: root, actor_token: 'organizations/default/accounts/root/tokens/bootstrap' }
          : { actor: self, actor_token: user }),
        request_id: answers[index]?.headers['x-request-id'] as string,
      });
      expect(event.at).to.be.a('string').that.matches(/Z$/);
      expect(event.action).to.be.a('string').that.is.not.empty;
    });
    expect(JSON.stringify(events)).to.not.match(/acr_[a-z]+_[0-9A-Za-z]{46}/);
  });

  it('nobody sees or changes anything without a credential, or with one that is none', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    for (const token of [undefined, 'nonsense', `acr_sa_${'A'.repeat(46)}`]) {
      const nobody = api.as(token);
      for (const answer of await everything(nobody, address, changed)) {
        expectProblem(answer, 401, 'unauthenticated');
        expect(answer.headers['www-authenticate']).to.match(/Bearer/);
      }
    }
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
  });

  it('to another organization it is not there: the answer equals that for what never was', async () => {
    const { api, fresh, sibling } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    const stranger = await strangerTo(bench());
    const never = sibling(kind, address);
    const real = await everything(stranger, address, changed);
    const unreal = await everything(stranger, never, changed);
    real.forEach((answer, index) => {
      expectProblem(answer, 404, 'not-found');
      expect(comparable(answer)).to.deep.equal(comparable(unreal[index] as Answer));
    });
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
    expectProblem(await api.get(never), 404, 'not-found');
  });

  it('a viewer reads it and changes nothing', async () => {
    const { api, fresh, credential } = bench();
    const address = await fresh(kind);
    const { headers } = await api.put(address, full);
    const viewer = api.as(await credential(organizationOf(address), 'viewer'));
    expect((await viewer.get(address)).status).to.equal(200);
    if (kind.parent !== undefined) {
      expect((await viewer.get(address.slice(0, address.lastIndexOf('/')))).status).to.equal(200);
    }
    for (const body of [full, changed]) expectProblem(await viewer.put(address, body), 403, 'forbidden');
    expectProblem(await viewer.put(address, changed, { query: 'dry_run=true' }), 403, 'forbidden');
    expectProblem(await viewer.delete(address), 403, 'forbidden');
    expect((await api.get(address)).headers.etag).to.equal(headers.etag);
  });

  it('only PUT, GET and DELETE are offered, and the answer names them', async () => {
    const { api, fresh } = bench();
    const address = await fresh(kind);
    for (const method of ['POST', 'PATCH'] as const) {
      const answer = await api.send(method, `/v1/${address}`, '{}');
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers.allow).to.include('PUT').and.include('GET').and.include('DELETE');
    }
  });
});

const BELOW = BY_PERMISSION.filter((kind) => kind.parent !== undefined);

forEveryKind(
  'tenancy',
  (kind, bench) => {
    it('an admin of one organization manages there and cannot create in another', async () => {
      const { api, fresh, alone, credential } = bench();
      const mine = await fresh(kind);
      const theirs = await alone(kind);
      const admin = api.as(await credential(organizationOf(mine), 'admin'));
      expectOutcome(await admin.put(mine, kind.examples.full), 201, 'created');
      expectProblem(await admin.put(theirs, kind.examples.full), 404, 'not-found');
      expectProblem(await api.get(theirs), 404, 'not-found');
      expectOutcome(await admin.delete(mine), 204, 'deleted');
    });

    it('a list of another organization is not there either', async () => {
      const { api, fresh } = bench();
      const address = await fresh(kind);
      await api.put(address, kind.examples.full);
      const stranger = await strangerTo(bench());
      const collection = address.slice(0, address.lastIndexOf('/'));
      expectProblem(await stranger.get(collection), 404, 'not-found');
      expectProblem(await stranger.get(`${organizationOf(address)}/audit-events`), 404, 'not-found');
    });
  },
  BELOW,
);

/** A caller with every right in an organization that has nothing to do with the others. */
async function strangerTo({ api, credential }: Bench): Promise<Api> {
  const organization = `organizations/${uniqueName('stranger')}`;
  expect((await api.put(organization, {})).status).to.equal(201);
  return api.as(await credential(organization, 'owner'));
}

/** The answers to everything that can be tried at an address. */
async function everything(api: Api, address: string, body: Json): Promise<Answer[]> {
  return [
    await api.get(address),
    await api.put(address, body),
    await api.put(address, body, { query: 'dry_run=true' }),
    await api.delete(address),
    await api.delete(address, { query: 'dry_run=true' }),
  ];
}

/** An answer without what differs from request to request. */
function comparable({ status, headers, body }: Answer): JsonObject {
  const { request_id: _id, ...rest } = body;
  const { date: _date, 'x-request-id': _header, 'content-length': _length, ...others } = headers;
  return { status, headers: others, body: rest };
}
