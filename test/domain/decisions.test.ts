import { expect } from 'chai';
import type { Question } from '../../daemon/domain/api.ts';
import type { Operation } from '../../daemon/domain/snapshot.ts';
import { DAY, type Fixture, openFixture, secretOf } from '../support/service.ts';

const ORGANIZATION = 'organizations/default';
const CI = `${ORGANIZATION}/accounts/ci`;
const TOKEN = `${CI}/tokens/main`;

/** Something to wait for. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a decision that is kept', () => {
  let f: Fixture;
  let token: string;
  /** Reads and writes that reached the store since the last look. */
  let reads = 0;
  let writes = 0;
  /** Put in place of the next read, which it may hold back. */
  let around: ((read: () => Promise<unknown>) => Promise<unknown>) | undefined;

  const open = async (cacheSize?: number) => {
    f = await openFixture({ ...(cacheSize !== undefined && { cacheSize }) });
    const { reader, engine } = f.store;
    const read = reader.read.bind(reader);
    const submit = engine.submit.bind(engine);
    const run = <T>(operation: Pick<Operation<T>, 'needs' | 'decide'>): Promise<T> => {
      reads += 1;
      const one = around;
      around = undefined;
      return one === undefined ? read(operation) : (one(() => read(operation)) as Promise<T>);
    };
    Object.assign(reader, { read: run });
    Object.assign(engine, {
      submit: <T>(operation: Operation<T>) => {
        writes += 1;
        return submit(operation);
      },
    });
    await f.put(`${ORGANIZATION}/roles/builder`, { permissions: ['builds.write'] });
    await f.put(CI, { grants: [{ role: 'builder' }] });
    token = secretOf(await f.put(TOKEN));
  };

  beforeEach(() => open());
  afterEach(() => f.close());

  const question = (more: Partial<Question> = {}): Question => ({
    credential: { scheme: 'bearer', token },
    ip: '192.0.2.1',
    permission: 'builds.write',
    ...more,
  });
  const decide = async (more: Partial<Question> = {}) => (await f.service.verify(question(more), 'q')).decision;
  /** What is answered, and how many reads and writes it took. */
  const cost = async (ask: () => Promise<unknown>) => {
    reads = 0;
    writes = 0;
    const answer = await ask();
    return { answer, reads, writes };
  };

  it('costs no read and no write, and is the one that was made', async () => {
    const first = await f.service.verify(question(), 'q');
    const again = await cost(() => f.service.verify(question({ ip: '198.51.100.9' }), 'q'));
    expect(again).to.deep.equal({ answer: first, reads: 0, writes: 0 });
    expect(f.service.known.verify(question())).to.equal(first);
    // The control: another question is read for.
    expect((await cost(() => decide({ permission: 'builds.read' }))).reads).to.be.above(0);
  });

  it('may be a refusal for lack of permission, and never one for a bad token', async () => {
    expect(await decide({ permission: 'builds.read' })).to.equal('forbidden');
    expect(await cost(() => decide({ permission: 'builds.read' }))).to.include({ answer: 'forbidden', reads: 0 });
    await f.put(TOKEN, { state: 'revoked' });
    for (let time = 1; time <= 2; time += 1) {
      const { answer, reads: made } = await cost(() => decide());
      expect(answer).to.equal('unauthenticated');
      expect(made).to.be.above(0);
    }
  });

  it('serves introspection and the callers of the API too', async () => {
    const caller = f.as(f.root);
    const asked = { credential: { scheme: 'bearer', token } as const, ip: null };
    const first = await f.service.introspect(caller, asked);
    expect(first).to.include({ active: true });
    expect(f.service.known.introspector(caller)(asked)?.body).to.deep.equal(first);
    expect(await cost(() => f.service.introspect(f.as(f.root), asked))).to.include({ reads: 0, writes: 0 });
    await f.service.authenticate(caller);
    expect(await cost(() => f.service.authenticate(f.as(f.root)))).to.include({ reads: 0, writes: 0 });
  });

  it('is no use to whoever presents another token, another user name or another scheme', async () => {
    await decide();
    expect(await decide({ credential: { scheme: 'basic', username: 'ci', token } })).to.equal('allowed');
    expect(await decide({ credential: { scheme: 'basic', username: 'other', token } })).to.equal('unauthenticated');
    expect(await decide({ credential: { scheme: 'basic', username: 'ci', token } })).to.equal('allowed');
    await f.put(`${ORGANIZATION}/token-profiles/plain`, { schemes: ['bearer'] });
    const plain = secretOf(await f.put(`${CI}/tokens/plain`, { profile: 'plain' }));
    expect(await decide({ credential: { scheme: 'bearer', token: plain } })).to.equal('allowed');
    expect(await decide({ credential: { scheme: 'basic', username: 'ci', token: plain } })).to.equal('unauthenticated');
  });

  it('is one for each address where networks are limited', async () => {
    const home = secretOf(await f.put(`${CI}/tokens/home`, { allowed_cidrs: ['192.0.2.0/24'] }));
    const from = (ip: string | null) => decide({ credential: { scheme: 'bearer', token: home }, ip });
    for (let time = 1; time <= 3; time += 1) {
      expect(await from('192.0.2.1')).to.equal('allowed');
      expect(await from('192.0.2.2')).to.equal('allowed');
      expect(await from('198.51.100.1')).to.equal('unauthenticated');
      expect(await from(null)).to.equal('unauthenticated');
    }
    expect(await cost(() => from('192.0.2.2'))).to.include({ answer: 'allowed', reads: 0 });
  });

  it('is found from its address alone, whatever words the question is in', async () => {
    const home = secretOf(await f.put(`${CI}/tokens/home`, { allowed_cidrs: ['192.0.2.0/24'] }));
    const client = { scheme: 'basic', username: 'ci', token: home } as const;
    const asks = {
      'client credentials': { client },
      'an exchange': { subject: home },
    } as const;
    for (const [what, ask] of Object.entries(asks)) {
      const issue = (ip: string, scope?: string) =>
        f.service.issueToken({ ...ask, ip, requestId: 'q', ...(scope !== undefined && { scope }) }).then(
          () => 'issued',
          (error: { message: string }) => error.message,
        );
      for (const scope of [undefined, 'builds.write']) {
        for (let time = 1; time <= 2; time += 1) expect(await issue('192.0.2.1', scope), what).to.equal('issued');
        const smuggled = [scope, '192.0.2.1'].filter((part) => part !== undefined).join('\n');
        for (const other of [scope, smuggled, `${smuggled}\n`]) {
          expect(await issue('198.51.100.1', other), `${what}, ${JSON.stringify(other)}`).to.not.equal('issued');
          const known = { client, ip: '198.51.100.1', ...(other !== undefined && { scope: other }) };
          expect(f.service.known.issue(known), JSON.stringify(other)).to.equal(undefined);
        }
      }
    }
  });

  it('ends when the token does, to the millisecond, and proves nothing before it was made', async () => {
    await f.put(TOKEN, { expires_in: '1d' });
    expect(await decide()).to.equal('allowed');
    f.clock.advance(DAY - 1);
    expect(await cost(() => decide())).to.include({ answer: 'allowed', reads: 0 });
    f.clock.advance(1);
    expect(await decide()).to.equal('unauthenticated');
    // A clock that is set back: then it is asked anew.
    f.clock.advance(-DAY - 1);
    expect((await cost(() => decide())).reads).to.be.above(0);
  });

  it('ends with the overlap for a previous secret', async () => {
    await f.put(TOKEN, { overlap: '1h', rotation: 'a' });
    expect(await decide()).to.equal('allowed');
    f.clock.advance(3_600_000 - 1);
    expect(await cost(() => decide())).to.include({ answer: 'allowed', reads: 0 });
    f.clock.advance(1);
    expect(await decide()).to.equal('unauthenticated');
  });

  it('is not kept while the next use still has to end the previous secret', async () => {
    const declared = { overlap: '1h', retire_previous: 'on_first_use' };
    await f.put(TOKEN, declared);
    expect(await decide()).to.equal('allowed');
    const next = secretOf(await f.put(TOKEN, { ...declared, rotation: 'a' }));
    expect(await decide()).to.equal('allowed');
    // A question that is refused is no use, however often it is asked.
    const asked = { credential: { scheme: 'bearer', token: next } as const };
    for (let time = 1; time <= 2; time += 1)
      expect(await decide({ ...asked, permission: 'x.y' })).to.equal('forbidden');
    expect(await decide()).to.equal('allowed');
    expect(await cost(() => decide(asked))).to.include({ answer: 'allowed', writes: 1 });
    expect(await decide()).to.equal('unauthenticated');
    await decide(asked);
    expect(await cost(() => decide(asked))).to.include({ answer: 'allowed', reads: 0, writes: 0 });
  });

  for (const [what, prepare] of Object.entries({
    'the end of the previous secret': async () => {
      const declared = { overlap: '1h', retire_previous: 'on_first_use' };
      await f.put(TOKEN, declared);
      return secretOf(await f.put(TOKEN, { ...declared, rotation: 'a' }));
    },
    'the first use of a secret that cannot be had again': async () => {
      await f.put(`${ORGANIZATION}/accounts/fixed`, { grants: [{ role: 'builder' }] });
      return secretOf(await f.put(`${ORGANIZATION}/accounts/fixed/tokens/only`, { profile: 'static' }));
    },
  })) {
    it(`is none while ${what} is being written: nobody is answered before it is`, async () => {
      const asked = { credential: { scheme: 'bearer', token: await prepare() } as const };
      const { engine } = f.store;
      const submit = engine.submit.bind(engine);
      const held = gate();
      const submitted = gate();
      Object.assign(engine, {
        submit: async <T>(operation: Operation<T>) => {
          submitted.open();
          await held.opened;
          return submit(operation);
        },
      });
      const first = decide(asked);
      await submitted.opened;
      expect(f.service.known.verify(question(asked))).to.equal(undefined);
      let isAnswered = false;
      const second = decide(asked).then(() => {
        isAnswered = true;
      });
      // Long enough for a read: the answer would be there.
      await f.service.get({ caller: f.as(f.root), address: CI });
      expect(isAnswered).to.equal(false);
      held.open();
      expect(await first).to.equal('allowed');
      await second;
    });
  }

  it('that was being made while a row changed is not kept', async () => {
    const held = gate();
    const read = gate();
    around = async (run) => {
      const answer = await run();
      read.open();
      await held.opened;
      return answer;
    };
    const slow = decide();
    await read.opened;
    await f.put(TOKEN, { state: 'revoked' });
    held.open();
    // It was asked before the change was acknowledged, so it may say either.
    expect(await slow).to.equal('allowed');
    expect(await decide()).to.equal('unauthenticated');
  });

  it('is dropped for what it rests on, and for nothing else', async () => {
    await f.put(`${ORGANIZATION}/accounts/other`, {});
    await decide();
    await f.put(`${ORGANIZATION}/accounts/other/tokens/a`);
    await f.put(`${ORGANIZATION}/roles/unrelated`, { permissions: ['x.y'] });
    await f.put(`${CI}/tokens/second`);
    await f.service.maintain();
    expect(await cost(() => decide())).to.include({ answer: 'allowed', reads: 0 });
    await f.put(`${ORGANIZATION}/roles/builder`, { permissions: [] });
    expect(await decide()).to.equal('forbidden');
  });

  it('goes when there are too many, and takes all that was noted about it along', async () => {
    await f.close();
    await open(10);
    const tokens: string[] = [];
    for (let number = 0; number < 30; number += 1) tokens.push(secretOf(await f.put(`${CI}/tokens/t${number}`)));
    for (const one of tokens)
      expect(await decide({ credential: { scheme: 'bearer', token: one } })).to.equal('allowed');
    const { entries, rows } = f.service.statistics.decisions;
    expect(entries).to.equal(10);
    // The organization, account and role, all of the organization, and two for each token.
    expect(rows).to.be.at.most(5 + 2 * 10);
    await f.put(CI, { disabled: true });
    expect(f.service.statistics.decisions).to.include({ entries: 0, rows: 0 });
  });

  it('goes when it is one of many large ones, so that nobody fills the memory with all that an account may', async () => {
    await f.close();
    await open(100);
    const permissions = Array.from({ length: 256 }, (_, number) => `noun${number}.verb`);
    const scopes = Array.from({ length: 32 }, (_, number) => `projects/p${number}`);
    await f.put(`${ORGANIZATION}/roles/large`, { permissions });
    for (const scope of scopes) await f.put(`${ORGANIZATION}/${scope}`);
    await f.put(`${ORGANIZATION}/accounts/large`, { grants: scopes.map((scope) => ({ role: 'large', scope })) });
    const large = secretOf(await f.put(`${ORGANIZATION}/accounts/large/tokens/t`));
    const credential = { scheme: 'bearer', token: large } as const;
    const caller = f.as(f.root);
    for (let number = 0; number < 50; number += 1) {
      const asked = { credential, permission: `noun${number}.verb`, scope: 'projects/p7', ip: null };
      expect(await decide(asked)).to.equal('allowed');
      expect(await f.service.introspect(caller, asked)).to.include({ allowed: true });
    }
    // Each takes more than 64 KiB, of 800 for all; that the caller may ask is a small one.
    const { entries } = f.service.statistics.decisions;
    expect(entries).to.be.within(5, 20);
    await f.put(`${ORGANIZATION}/roles/large`, { permissions: ['noun0.verb'] });
    const verdicts = [await decide({ credential, scope: 'projects/p7', permission: 'noun1.verb' })];
    expect(verdicts).to.deep.equal(['forbidden']);
    // The control: small ones stay.
    for (let number = 0; number < 50; number += 1) await decide({ permission: `builds.verb${number}` });
    expect(f.service.statistics.decisions.entries).to.be.at.least(50);
    await f.put(ORGANIZATION, { description: 'Everything rests on it' });
    expect(f.service.statistics.decisions).to.include({ entries: 0, rows: 0 });
  });

  it('is made in moments, however much an account and its token hold: everybody else waits for it', async () => {
    const permissions = Array.from({ length: 256 }, (_, number) => `noun${number}.verb`);
    const scopes = Array.from({ length: 128 }, (_, number) => `projects/p${number}`);
    await f.put(`${ORGANIZATION}/roles/large`, { permissions });
    await Promise.all(scopes.map((scope) => f.put(`${ORGANIZATION}/${scope}`)));
    await f.put(`${ORGANIZATION}/accounts/large`, { grants: scopes.map((scope) => ({ role: 'large', scope })) });
    const before = process.cpuUsage();
    const large = secretOf(await f.put(`${ORGANIZATION}/accounts/large/tokens/t`, { permissions }));
    const asked = { credential: { scheme: 'bearer', token: large } as const, ip: null };
    for (const [scope, permission, decision] of [
      ['projects/p7', 'noun7.verb', 'allowed'],
      ['projects/p7', 'noun7.other', 'forbidden'],
      ['organization', 'noun7.verb', 'forbidden'],
    ] as const) {
      expect(await decide({ ...asked, scope, permission })).to.equal(decision);
    }
    const found = await f.service.introspect(f.as(f.root), asked);
    expect((found.permissions_by_scope as unknown[]).length).to.equal(128);
    const { user, system } = process.cpuUsage(before);
    // Half a second where it is slow; it was half a minute when each pair of permissions was compared.
    expect((user + system) / 1000, 'milliseconds').to.be.below(3000);
  });

  it('is none where it alone would take a large part of the memory, and leaves nothing behind', async () => {
    await f.close();
    await open(10);
    const scopes = Array.from({ length: 64 }, (_, number) => `projects/p${number}`);
    for (const scope of scopes) await f.put(`${ORGANIZATION}/${scope}`);
    await f.put(CI, { grants: scopes.map((scope) => ({ role: 'builder', scope })) });
    for (const networks of [null, ['192.0.2.0/24']]) {
      await f.put(TOKEN, { allowed_cidrs: networks });
      for (let time = 1; time <= 2; time += 1) expect(await decide({ scope: 'projects/p7' })).to.equal('allowed');
      expect(f.service.statistics.decisions).to.include({ entries: 0, rows: 0 });
    }
  });
});
