/** The ephemeral resources, each in front of a real daemon. */
import { expect } from 'chai';
import { httpTransport, type Transport } from '../../client/transport.ts';
import { SEVERITY } from '../../terraform-provider/plugin/messages.ts';
import { UNKNOWN } from '../../terraform-provider/values/value.ts';
import { mintToken, secretHash, tokenKind } from '../../terraform-provider-spec/token.ts';
import { EphemeralBench, GENERATED, JWT, OPENED, texts } from './ephemeral-bench.ts';

const MINUTE = 60_000;
const ACCOUNT = 'organizations/default/accounts/ci';
const SEED = '6f1c7d0e9b8a43215566778899aabbccddeeff00112233445566778899aabbcc';
const ADDRESS = `${ACCOUNT}/tokens/deploy`;

describe('Ephemeral resources', () => {
  let bench: EphemeralBench;
  let live: string;

  before(async () => {
    bench = await EphemeralBench.start();
    await bench.put(ACCOUNT, { grants: [{ role: 'viewer' }] });
    live = String((await bench.put(`${ACCOUNT}/tokens/live`, {})).secret);
  });
  after(() => bench?.daemon.close());
  beforeEach(() => bench.configure());

  describe('a short-lived token', () => {
    afterEach(async () => {
      expect(await bench.opens(live), 'the token that was there before').to.equal(true);
      expect(await bench.tokensOf(ACCOUNT)).to.deep.equal(['live']);
    });

    it('is made beside those that are there, under another name each time, and deleted when it is closed', async () => {
      const [one, two] = [await bench.open(OPENED, { account: 'ci' }), await bench.open(OPENED, { account: 'ci' })];
      expect(await bench.tokensOf(ACCOUNT)).to.have.members(['live', one.values.name, two.values.name]);
      expect(one.values).to.include({ organization: 'default', account: 'ci', expires_in: '15m', permissions: null });
      expect([await bench.opens(one.values.secret), await bench.opens(two.values.secret)]).to.deep.equal([true, true]);
      expect(await bench.close(OPENED, one)).to.deep.equal([]);
      expect([await bench.opens(one.values.secret), await bench.opens(two.values.secret)]).to.deep.equal([false, true]);
      expect(await bench.close(OPENED, two)).to.deep.equal([]);
    });

    it("carries what it is narrowed to, is nobody's to manage, and its secret is kept nowhere", async () => {
      const given = {
        account: 'ci',
        permissions: ['accounts.read'],
        allowed_cidrs: ['127.0.0.0/8'],
        labels: { a: 'b' },
      };
      const opened = await bench.open(OPENED, given);
      const self = await bench.daemon.as(String(opened.values.secret)).get('/v1/self').expect(200);
      expect(self.body.permissions).to.deep.equal(['accounts.read']);
      const { body } = await bench.daemon.request.get(`/v1/${ACCOUNT}/tokens/${opened.values.name}`).expect(200);
      expect(body).to.deep.include({ managed_by: null, labels: { a: 'b', 'opened-by': 'terraform' } });
      expect(Buffer.from(opened.private!).toString()).to.not.include(String(opened.values.secret).slice(-46));
      await bench.close(OPENED, opened);
    });

    it('ends by itself when nobody closes it, and the next one that is closed clears it away', async () => {
      const [lost, next] = [
        await bench.open(OPENED, { account: 'ci', expires_in: '5m' }),
        await bench.open(OPENED, { account: 'ci' }),
      ];
      bench.clock.advance(5 * MINUTE);
      expect([await bench.opens(lost.values.secret), await bench.opens(next.values.secret)]).to.deep.equal([
        false,
        true,
      ]);
      await bench.close(OPENED, next);
    });

    it('is prolonged as often as half of its life has passed, and then ends as before', async () => {
      const opened = await bench.open(OPENED, { account: 'ci' });
      expect(opened.renewAt).to.equal(bench.clock.now() + 7.5 * MINUTE);
      for (let turn = 0; turn < 4; turn += 1) {
        bench.clock.advance(7.5 * MINUTE);
        const { renew_at, diagnostics } = await bench.renew(OPENED, opened);
        expect(texts(diagnostics)).to.deep.equal([]);
        expect((renew_at?.seconds ?? 0) * 1000).to.equal(bench.clock.now() + 7.5 * MINUTE);
      }
      bench.clock.advance(15 * MINUTE - 1000);
      expect(await bench.opens(opened.values.secret)).to.equal(true);
      bench.clock.advance(1000);
      expect(await bench.opens(opened.values.secret)).to.equal(false);
      await bench.close(OPENED, opened);
    });

    it('that could not be prolonged says so when it is closed, and is not made anew', async () => {
      const opened = await bench.open(OPENED, { account: 'ci' });
      await bench.daemon.request.delete(`/v1/${ACCOUNT}/tokens/${opened.values.name}`).expect(204);
      expect(texts((await bench.renew(OPENED, opened)).diagnostics)).to.have.length(1);
      expect(await bench.tokensOf(ACCOUNT)).to.deep.equal(['live']);
      const [said, ...more] = await bench.close(OPENED, opened);
      expect(more).to.deep.equal([]);
      expect(said).to.include({ severity: SEVERITY.warning });
      expect(said?.detail).to.match(/^It could not be prolonged/);
    });

    it('closes without a word when it is gone already, or its account is', async () => {
      await bench.put('organizations/default/accounts/brief', {});
      const [one, two] = [await bench.open(OPENED, { account: 'ci' }), await bench.open(OPENED, { account: 'brief' })];
      await bench.daemon.request.delete(`/v1/${ACCOUNT}/tokens/${one.values.name}`).expect(204);
      await bench.daemon.request.delete('/v1/organizations/default/accounts/brief').expect(204);
      expect([await bench.close(OPENED, one), await bench.close(OPENED, two)]).to.deep.equal([[], []]);
    });

    it('that cannot be closed is a warning that says when it ends', async () => {
      const opened = await bench.open(OPENED, { account: 'ci' });
      await bench.configure({ token: mintToken('sa') });
      const [said] = await bench.close(OPENED, opened);
      expect(said).to.include({ severity: SEVERITY.warning });
      expect(said?.detail).to.include('ends with its lifetime').and.to.include("does not accept the provider's token");
      await bench.configure();
      await bench.close(OPENED, opened);
    });

    it('leaves nothing behind when Terraform stops the provider while it is opened', async () => {
      const stop = new AbortController();
      const real = httpTransport(new URL(bench.daemon.url));
      let made = false;
      const transport: Transport = {
        close: real.close,
        async send(request) {
          const answer = await real.send(request);
          if (request.method !== 'PUT') return answer;
          made = answer.status === 201;
          stop.abort();
          throw stop.signal.reason;
        },
      };
      await bench.configure({}, { transport });
      const failed = await bench.tryToOpen(OPENED, { account: 'ci' }, stop.signal).catch((cause: Error) => cause);
      expect(failed).to.equal(stop.signal.reason);
      expect(made, 'it was made').to.equal(true);
      real.close();
    });

    it('is refused where it makes no sense, at the attribute', async () => {
      expect(await bench.validate(OPENED, { account: 'CI' }))
        .to.have.property('0')
        .that.matches(/^account: Invalid name/);
      expect((await bench.validate(OPENED, { account: 'ci', expires_in: 'soon' }))[0]).to.match(
        /^expires_in: .*a duration/,
      );
      for (const check of ['validate', 'refused'] as const) {
        expect((await bench[check](OPENED, { account: 'ci', expires_in: '25h' }))[0]).to.match(
          /^expires_in: .*at most "24h"/,
        );
      }
      expect((await bench.validate(OPENED, { account: 'ci', permissions: ['all'] }))[0]).to.match(/^permissions: /);
      const everything = {
        organization: UNKNOWN,
        account: UNKNOWN,
        expires_in: UNKNOWN,
        permissions: [UNKNOWN],
        labels: UNKNOWN,
      };
      expect(await bench.validate(OPENED, everything)).to.deep.equal([]);
      const [nobody] = await bench.refused(OPENED, { account: 'nobody' });
      expect(nobody).to.match(/^account: No such service account: There is no .*accounts\/nobody.* account_uid/);
    });

    it('is opened for the account that was meant, not for another one of that name', async () => {
      const { body } = await bench.daemon.request.get(`/v1/${ACCOUNT}`).expect(200);
      const opened = await bench.open(OPENED, { account: 'ci', account_uid: body.uid });
      await bench.close(OPENED, opened);
      const [other] = await bench.refused(OPENED, { account: 'ci', account_uid: 'another' });
      expect(other).to.match(/^account_uid: Another account has that name/);
      const [none] = await bench.refused(OPENED, { account: 'nobody', account_uid: body.uid });
      expect(none).to.match(/^account: No such service account/);
    });

    it('is not made by whoever holds less than it would carry', async () => {
      await bench.put('organizations/default/roles/opener', { permissions: ['tokens.*', 'accounts.read'] });
      const opener = 'organizations/default/accounts/opener';
      await bench.put(opener, { grants: [{ role: 'opener' }] });
      const { secret } = await bench.put(`${opener}/tokens/main`, {});
      await bench.configure({ token: String(secret) });
      expect((await bench.refused(OPENED, { account: 'ci' }))[0]).to.match(
        /: The provider's token does not allow this/,
      );
      const narrowed = await bench.open(OPENED, { account: 'ci', permissions: ['accounts.read'] });
      await bench.close(OPENED, narrowed);
    });

    it('is unknown in a plan while the configuration of the provider is', async () => {
      for (const unknown of ['endpoint', 'token', 'organization']) {
        await bench.configure({ [unknown]: UNKNOWN });
        const { values, private: kept } = await bench.plan(OPENED, { account: 'ci' });
        expect(values, unknown).to.include({ account: 'ci', secret: UNKNOWN, name: UNKNOWN, expires_in: '15m' });
        expect(kept).to.equal(undefined);
      }
    });
  });

  describe('an access token', () => {
    it("is a JWT that stands for the provider's own token, and carries what it is narrowed to", async () => {
      const { values, private: kept, renewAt } = await bench.open(JWT, { permissions: ['accounts.read'] });
      expect([kept, renewAt]).to.deep.equal([undefined, undefined]);
      expect(values).to.deep.include({
        scope: 'accounts.read',
        subject: 'root@default.accredit.internal',
        issuer: bench.daemon.url,
        audience: `${bench.daemon.url}/v1/organizations/default`,
        valid_until: new Date(bench.clock.now() + 5 * MINUTE).toISOString().replace('.000Z', 'Z'),
      });
      const ask = (permission: string) =>
        bench.daemon.as(String(values.access_token)).get(`/v1/authorize?permission=${permission}`);
      expect((await ask('accounts.read')).status).to.equal(200);
      expect((await ask('accounts.write')).status).to.equal(403);
    });

    it('stands for another token where one is given', async () => {
      const { values } = await bench.open(JWT, { token: live });
      expect(values).to.include({ subject: 'ci@default.accredit.internal', permissions: null });
    });

    it('of permissions that are not carried, or of a bad token, is refused at the attribute', async () => {
      const [scope] = await bench.refused(JWT, { token: live, permissions: ['accounts.write'] });
      expect(scope).to.match(/^permissions: The token does not carry these permissions: .*"?accounts\.write/);
      const bad = mintToken('sa');
      const [said = ''] = await bench.refused(JWT, { token: bad });
      expect(said).to.match(/^token: The token cannot be exchanged/);
      expect(said).to.not.include(bad);
      await bench.configure({ token: UNKNOWN });
      expect((await bench.plan(JWT, {})).values).to.include({ access_token: UNKNOWN, valid_until: UNKNOWN });
    });
  });

  describe('a generated secret', () => {
    it('with a seed is the same at every opening, and another for another address, version, purpose or seed', async () => {
      const given = { address: ADDRESS, version: '1', seed: SEED };
      const secretOf = async (other: object) =>
        String((await bench.open(GENERATED, { ...given, ...other })).values.secret);
      const same = [await secretOf({}), await secretOf({})];
      await bench.configure({ endpoint: UNKNOWN, token: UNKNOWN });
      same.push(await secretOf({}));
      expect(new Set(same).size).to.equal(1);
      const others = [
        { address: `${ADDRESS}-2` },
        { version: '2' },
        { purpose: 'scim' },
        { seed: SEED.replace('6', '7') },
      ];
      const all = [...same, ...(await Promise.all(others.map(secretOf)))];
      expect(new Set(all).size).to.equal(5);
    });

    it('without one is another at every opening', async () => {
      const opened = [
        await bench.open(GENERATED, { address: ADDRESS }),
        await bench.open(GENERATED, { address: ADDRESS }),
      ];
      expect(new Set(opened.map(({ values }) => values.secret)).size).to.equal(2);
      expect(opened[0]?.private).to.equal(undefined);
    });

    it('is of the kind that the token needs, which takes its hash', async () => {
      const kinds = {
        [ADDRESS]: 'sa',
        'organizations/a/apps/b/tokens/c': 'app',
        'organizations/a/users/b/tokens/c': 'pat',
      };
      for (const [address, kind] of Object.entries(kinds)) {
        const { values } = await bench.open(GENERATED, { address });
        expect(tokenKind(String(values.secret))).to.equal(kind);
        expect(values).to.include({ secret_hash: secretHash(String(values.secret)), purpose: 'api' });
      }
      const { values } = await bench.open(GENERATED, { address: ADDRESS, purpose: 'scim' });
      expect(tokenKind(String(values.secret))).to.equal('scim');
      const own = (await bench.open(GENERATED, { address: ADDRESS })).values;
      await bench.put(ADDRESS, { secret_hash: own.secret_hash });
      expect(await bench.opens(own.secret)).to.equal(true);
      await bench.daemon.request.delete(`/v1/${ADDRESS}`).expect(204);
    });

    it('is refused for what is no token, and from a seed that is none, of which nothing is repeated', async () => {
      const wrong = async (given: object) =>
        (await bench.validate(GENERATED, { address: ADDRESS, ...given })).join('\n');
      expect(await wrong({ address: ACCOUNT })).to.match(/^address: Not the address of a token/);
      expect(await wrong({ address: 'ci/deploy' })).to.match(/^address: Invalid value/);
      expect(await wrong({ address: 'organizations/a/apps/b/tokens/c', purpose: 'scim' })).to.match(/^purpose: /);
      expect(await wrong({ seed: SEED })).to.match(/^version: A seed needs a version/);
      const weak = await wrong({ seed: 'correct horse', version: '1' });
      expect(weak)
        .to.match(/^seed: .*at least 32 characters/)
        .and.to.not.include('horse');
      expect((await bench.refused(GENERATED, { address: ADDRESS, seed: 'x', version: '1' }))[0]).to.match(/^seed: /);
      // It may turn out that there is no seed.
      expect(await wrong({ seed: UNKNOWN })).to.equal('');
      const unknown = { address: UNKNOWN, seed: UNKNOWN, version: UNKNOWN, purpose: UNKNOWN };
      expect(await wrong(unknown)).to.equal('');
    });
  });

  it('open nothing that holds a secret which is not marked as one', async () => {
    const { ephemeral_resource_schemas: schemas = {} } = await bench.handlers.GetProviderSchema!({}, bench.context());
    const marked = Object.entries(schemas).map(([type, { block }]) => [
      type,
      (block.attributes ?? []).filter(({ sensitive }) => sensitive).map(({ name }) => name),
    ]);
    expect(Object.fromEntries(marked)).to.deep.equal({
      [JWT]: ['token', 'access_token'],
      [OPENED]: ['secret'],
      [GENERATED]: ['seed', 'secret'],
    });
  });
});
