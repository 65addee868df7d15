/** What a schedule of rotation tells, and what whoever follows it can rely on. */
import { expect } from 'chai';
import { parentOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Answer } from './api.ts';
import { askedAt, expectOutcome, expectProblem, forEveryKind, pointersOf, uniqueName } from './bench.ts';

const DAY = 24 * 3_600_000;
const clock = fakeClock();

/** That many days from now, as the daemon writes it. */
const inDays = (days: number) => new Date(clock.now() + days * DAY).toISOString().replace('.000Z', 'Z');

forEveryKind(
  'schedules of rotation',
  (kind, bench) => {
    const make = async (body: JsonObject): Promise<{ address: string; token: JsonObject }> => {
      const address = await bench().fresh(kind);
      const answer = await bench().api.put(address, body);
      return { address, token: expectOutcome(answer, 201, 'created') };
    };
    const schedule = async (address: string) => {
      const { next_rotation_at, rotation_due } = (await bench().api.get(address)).body;
      return [next_rotation_at, rotation_due];
    };
    const rotate = (address: string, body: JsonObject, key = uniqueName('key')) =>
      bench().api.send('POST', `/v1/${address}/rotation`, JSON.stringify(body), { 'Idempotency-Key': key });

    it('without one, nothing is ever due', async () => {
      const { address } = await make({ expires_in: '10d' });
      clock.advance(9 * DAY);
      expect(await schedule(address)).to.deep.equal([null, false]);
    });

    it('"rotate_every" counts from the rotation before, whichever way that was asked for', async () => {
      const declared = { rotate_every: '10d', rotation: 'a' };
      const { address, token } = await make(declared);
      expect([token.next_rotation_at, token.rotation_due]).to.deep.equal([inDays(10), false]);
      clock.advance(10 * DAY - 1);
      expect((await schedule(address))[1]).to.equal(false);
      clock.advance(1);
      expect(await schedule(address)).to.deep.equal([inDays(0), true]);
      clock.advance(DAY);
      expectOutcome(await rotate(address, {}), 200, 'rotated');
      expect(await schedule(address)).to.deep.equal([inDays(10), false]);
      clock.advance(3 * DAY);
      expectOutcome(await bench().api.put(address, { ...declared, rotation: 'b' }), 200, 'rotated');
      expect(await schedule(address)).to.deep.equal([inDays(10), false]);
    });

    it('"rotate_before_expiry" counts back from the end, which a rotation moves', async () => {
      const { address } = await make({ rotate_before_expiry: '4d', expires_in: '10d' });
      expect(await schedule(address)).to.deep.equal([inDays(6), false]);
      clock.advance(6 * DAY);
      expect(await schedule(address)).to.deep.equal([inDays(0), true]);
      expectOutcome(await rotate(address, {}), 200, 'rotated');
      expect(await schedule(address)).to.deep.equal([inDays(6), false]);
    });

    it('before a fixed end, which no rotation moves, asks once, and again when the end is moved', async () => {
      const declared = { rotate_before_expiry: '4d', expires_at: inDays(10) };
      const { address } = await make(declared);
      expect(await schedule(address)).to.deep.equal([inDays(6), false]);
      clock.advance(7 * DAY);
      expect(await schedule(address)).to.deep.equal([inDays(-1), true]);
      expectOutcome(await rotate(address, {}), 200, 'rotated');
      expect(await schedule(address)).to.deep.equal([null, false]);
      expectOutcome(await bench().api.put(address, { ...declared, expires_at: inDays(20) }), 200, 'updated');
      expect(await schedule(address)).to.deep.equal([inDays(16), false]);
    });

    it('asks for what a rotation brings back to life, and for nothing that it would not', async () => {
      const tokens = {
        lifetime: { expires_in: '10d', rotate_every: '5d' },
        fixed: { expires_at: inDays(10), rotate_every: '5d' },
        revoked: { rotate_every: '5d', state: 'revoked' },
        latched: { rotate_every: '5d' },
      };
      const due: Record<string, unknown> = {};
      const addresses = new Map<string, string>();
      for (const [name, body] of Object.entries(tokens)) addresses.set(name, (await make(body)).address);
      const latch = `/v1/${addresses.get('latched')}/revocation`;
      expect((await bench().api.send('PUT', latch, '{"reason":"other"}')).status).to.be.oneOf([200, 201]);
      clock.advance(11 * DAY);
      for (const [name, address] of addresses) due[name] = (await schedule(address))[1];
      expect(due).to.deep.equal({ lifetime: true, fixed: false, revoked: false, latched: false });
      expectOutcome(await rotate(addresses.get('lifetime') as string, {}), 200, 'rotated');
      expect((await bench().api.get(addresses.get('lifetime') as string)).body.status).to.equal('active');
    });

    it('is due in lists as well', async () => {
      const { address } = await make({ rotate_every: '1d' });
      clock.advance(DAY);
      const listed = (await bench().api.all(`${parentOf(address)}/tokens`)).find((each) => each.address === address);
      expect(listed).to.include({ rotation_due: true });
    });

    it('followed by several at once, gives one new secret; the same key gives it again', async () => {
      const { address, token } = await make({ rotate_every: '1d', overlap: '1h' });
      clock.advance(2 * DAY);
      const seen = { if_rotated_at: token.rotated_at as string };
      const keys = ['one', 'two', 'three'].map((key) => `${key}-${address}`);
      const answers = await Promise.all(keys.map((key) => rotate(address, seen, key)));
      const first = answers.find(({ status }) => status === 200) as Answer;
      expectOutcome(first, 200, 'rotated');
      for (const other of answers) if (other !== first) expectProblem(other, 409, 'rotation-conflict');
      if (kind.token?.selfService !== true) {
        const again = await rotate(address, seen, keys[answers.indexOf(first)]);
        expect(again.body).to.deep.equal(first.body);
      }
      expect((await bench().api.get(address)).body.revision).to.equal(2);
      expect(await bench().api.authorize(String(first.body.secret), askedAt(address))).to.equal(200);
    });

    it('is refused where the profile allows no other secret', async () => {
      const address = await bench().fresh(kind);
      for (const name of ['rotate_every', 'rotate_before_expiry']) {
        const body = { profile: 'revocable', expires_in: '90d', [name]: '30d' };
        const problem = expectProblem(await bench().api.put(address, body), 422, 'invalid');
        expect(pointersOf(problem)).to.deep.equal([`/${name}`]);
      }
    });
  },
  TOKEN_KINDS,
  clock,
);
