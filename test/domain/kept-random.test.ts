/** A service that keeps decisions answers like one that has none, whatever changes and however much time passes. */
import { expect } from 'chai';
import type { Credential, Question } from '../../daemon/domain/api.ts';
import { createService } from '../../daemon/domain/service.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { type Fixture, openFixture, SECOND } from '../support/service.ts';
import { random } from '../verify/switches.ts';

const ORGANIZATION = 'organizations/default';
const MINUTE = 60 * SECOND;
const ACCOUNTS = ['a', 'b', 'c'];
const TOKENS = ['s', 't'];
const SCOPES = ['organization', 'projects/top', 'projects/low', 'apps/till', 'apps/depot', 'teams/red', 'accounts/a'];
const GRANTABLE = SCOPES.slice(0, 6);
const PERMISSIONS = ['builds.read', 'builds.write', 'apps.read', 'accounts.read'];
const PATTERNS = [...PERMISSIONS, '*', '*.read', 'builds.*', '~.*'];
const ADDRESSES = ['192.0.2.1', '192.0.2.1', '192.0.2.200', '198.51.100.1', null];

describe('what is kept', function () {
  this.timeout(caseTime(60_000));
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  it('is what would be decided anew, after any changes and at any time', async () => {
    const next = random(printedSeed('what is kept'));
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    const some = <T>(list: readonly T[]): T[] => list.filter(() => next() < 0.4);
    const chance = (part: number) => next() < part;
    const clock = () => f.clock.now;
    interface Made {
      readonly name: string;
      readonly token: string;
    }
    /** All secrets that there ever were, and access tokens. */
    const secrets: Made[] = [];
    const jwts: Made[] = [];

    const put = async (path: string, body: JsonObject = {}) => {
      const answer = await f.put(`${ORGANIZATION}${path}`, body).catch(() => undefined);
      const secret = answer?.resource?.secret;
      if (typeof secret === 'string') secrets.push({ name: path.split('/')[2] as string, token: secret });
    };
    const token = () => `/accounts/${pick(ACCOUNTS)}/tokens/${pick(TOKENS)}`;
    const address = () => `${ORGANIZATION}${token()}`;
    const ignore = (done: Promise<unknown>) => done.catch(() => undefined);
    const caller = () => f.as(f.root);
    const settings = () => ({
      team_isolation: chance(0.5),
      domain: pick(['accredit.internal', 'example.com']),
      ...(chance(0.3) && { purge_after: '30m' }),
    });
    const lifetime = () => pick([null, '1m', '1m', '30m', '12h']);

    const ways: readonly (() => Promise<unknown>)[] = [
      () =>
        put(`/accounts/${pick(ACCOUNTS)}`, {
          grants: GRANTABLE.filter(() => chance(0.7)).map((scope) => ({
            role: pick(['r', 'developer', 'viewer']),
            scope,
          })),
          teams: some(['red']),
          disabled: chance(0.1),
        }),
      ...Array.from({ length: 4 }, () => () => {
        const path = token();
        const overlap = pick(['0s', '1m', '1m', '30m']);
        return put(path, {
          expires_in: lifetime(),
          profile: path.endsWith('s') ? 'p' : 'standard',
          permissions: chance(0.7) ? null : some(PATTERNS),
          allowed_cidrs: chance(0.6) ? null : [pick(['192.0.2.0/25', '192.0.2.0/24', '198.51.100.1/32'])],
          state: chance(0.1) ? 'revoked' : 'active',
          overlap,
          retire_previous: overlap !== '0s' && chance(0.5) ? 'on_first_use' : 'after_overlap',
          rotation: chance(0.7) ? String(Math.floor(next() * 1e9)) : null,
        });
      }),
      () => ignore(f.service.rotate({ caller: caller(), address: address(), body: { overlap: pick(['0s', '5m']) } })),
      () => ignore(f.service.revoke({ caller: caller(), address: address(), body: { reason: 'other' } })),
      ...Array.from({ length: 3 }, () => () => ignore(f.service.restore({ caller: caller(), address: address() }))),
      () => (chance(0.5) ? ignore(f.delete(address())) : Promise.resolve()),
      () => (chance(0.2) ? ignore(f.delete(`${ORGANIZATION}/accounts/${pick(ACCOUNTS)}`)) : Promise.resolve()),
      () => put('/roles/r', { permissions: PATTERNS.filter(() => chance(0.6)) }),
      () => put('/projects/low', { parent: chance(0.5) ? 'top' : null }),
      () => put(`/apps/${pick(['till', 'depot'])}`, { project: pick(['top', 'low', null]), teams: some(['red']) }),
      () => ignore(f.delete(`${ORGANIZATION}/apps/${pick(['till', 'depot'])}`)),
      () => put('', { settings: settings() }),
      () =>
        put('/token-profiles/p', { schemes: pick([['bearer'], ['basic'], ['basic', 'bearer'], ['basic', 'bearer']]) }),
      () =>
        ignore(f.service.rotateSigningKeys({ caller: caller(), body: { overlap: pick(['0s', '1m', '1m', '30m']) } })),
      () => f.service.maintain(),
    ];

    /** Answers without what differs from one access token to the next. */
    const claimsOf = ({ access_token, ...rest }: { access_token: string; subject: unknown }) => {
      const { jti: _jti, ...claims } = JSON.parse(
        Buffer.from(access_token.split('.')[1] as string, 'base64url').toString(),
      );
      const { kid } = JSON.parse(Buffer.from(access_token.split('.')[0] as string, 'base64url').toString());
      return { ...rest, kid, claims };
    };
    const asks = (service: Fixture['service'], question: Question): readonly (() => Promise<unknown>)[] => {
      const { credential, ip } = question;
      const scope = question.permission;
      const more = { ip, requestId: 'q', ...(scope !== undefined && { scope }) };
      const issued = async (request: Parameters<typeof service.issueToken>[0]) => {
        const answer = await service.issueToken(request);
        if (chance(0.3)) jwts.push({ name: credential.username ?? 'a', token: answer.access_token });
        return claimsOf(answer);
      };
      return [
        () => service.verify(question, 'q'),
        () => service.introspect(caller(), question),
        () => service.authenticate({ credential, ip, requestId: 'q' }),
        () => issued({ client: credential, ...more }),
        () => issued({ subject: credential.token, ...more }),
      ];
    };
    const outcome = (asked: Promise<unknown>) =>
      asked.then(
        (answer) => JSON.stringify(answer),
        (error: Error & { internal?: string }) => `${error.message} ${error.internal ?? ''}`,
      );

    for (const path of ['/teams/red', '/projects/top', '/projects/low', '/apps/till', '/apps/depot']) await put(path);
    await put('/roles/r', { permissions: PATTERNS.slice(0, 3) });
    await put('/token-profiles/p', {});
    for (const account of ACCOUNTS) {
      await put(`/accounts/${account}`, { grants: GRANTABLE.map((scope) => ({ role: 'r', scope })) });
      for (const name of TOKENS)
        await put(`/accounts/${account}/tokens/${name}`, { profile: name === 's' ? 'p' : 'standard' });
    }

    const { engine, reader } = f.store;
    const none = async () => 0;
    const changes = {
      isShared: false,
      subscribe: () => undefined,
      follows: () => true,
      catchUp: async () => undefined,
    };
    const store = { engine, reader, changes, removeExpiredReplays: none, removeOldRevisions: none };
    /** One is asked again and again, until another takes its place. */
    const draw = (): { question: Question; which: number } => {
      // The latest secrets most of all: others have ended.
      const made = jwts.length > 0 && chance(0.3) ? jwts.slice(-4) : secrets.slice(chance(0.9) ? -8 : 0);
      const { name, token: secret } = pick(made);
      const credential: Credential = pick([
        { scheme: 'bearer', token: secret },
        { scheme: 'bearer', token: secret },
        { scheme: 'basic', username: pick([name, `${name}@default.accredit.internal`, 'b']), token: secret },
      ]);
      const permission = pick([undefined, ...PERMISSIONS.slice(0, 2)]);
      const question = { credential, ip: pick(ADDRESSES), scope: pick(SCOPES), ...(permission && { permission }) };
      return { question, which: Math.floor(next() * 5) };
    };
    const asked = Array.from({ length: 12 }, draw);
    let positive = 0;
    for (let step = 0; step < cases(80); step += 1) {
      if (chance(0.4)) await pick(ways)();
      if (chance(0.4)) f.clock.advance(pick([1, SECOND, 20 * SECOND, 59 * SECOND, MINUTE, 5 * MINUTE, 29 * MINUTE]));
      for (let time = 0; time < 2; time += 1) asked[Math.floor(next() * asked.length)] = draw();
      for (let time = 0; time < 8; time += 1) {
        const { question, which } = pick(asked);
        const fresh = createService({ store, keyring: f.keyring, clock });
        const kept = await outcome(asks(f.service, question)[which]?.() as Promise<unknown>);
        const anew = await outcome(asks(fresh, question)[which]?.() as Promise<unknown>);
        const shown = JSON.stringify({ ...question, credential: question.credential.scheme });
        expect(kept, `step ${step}, ${which}: ${shown}`).to.equal(anew);
        if (/"decision":"allowed"|"active":true|"claims":/.test(kept)) positive += 1;
      }
    }
    const { hits } = f.service.statistics.decisions;
    console.log(`    ${positive} answers about somebody, ${hits} from memory`);
    expect(Math.min(positive, hits)).to.be.above(10);
  });
});
