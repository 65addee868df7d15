import { expect } from 'chai';
import { type Operation, Unavailable } from '../../daemon/domain/snapshot.ts';
import { Usage } from '../../daemon/domain/usage.ts';
import { tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Fixture, openFixture } from '../support/service.ts';

describe('the last use of a token', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  it('is seen from then on, also while it is being written', async () => {
    const viewer = await f.account('viewer', ['viewer']);
    await f.service.authenticate(f.as(viewer));
    const neverUsed = async () =>
      (await f.service.count({ caller: f.as(viewer), organization: 'organizations/default' })).never_used;
    const seen = new Set([await neverUsed()]);
    let isWriting = true;
    const written = f.service.maintain().finally(() => {
      isWriting = false;
    });
    while (isWriting) seen.add(await neverUsed());
    await written;
    seen.add(await neverUsed());
    expect(seen.size, 'a token that was used never looks unused again').to.equal(1);
  });

  it('is written in pieces of a bounded size, forward only, and what fails waits for the next time', async () => {
    const { engine } = f.store;
    const submit = engine.submit.bind(engine);
    const sizes: number[] = [];
    let failing = 0;
    Object.assign(engine, {
      submit: async <T>(operation: Operation<T>): Promise<T> => {
        sizes.push(operation.needs.secrets?.length ?? 0);
        if (failing > 0) {
          failing -= 1;
          throw new Unavailable('the disk is full');
        }
        return submit(operation);
      },
    });
    const usage = new Usage(engine);
    const [first, second] = ['a'.repeat(64), 'b'.repeat(64)];
    for (let number = 0; number < 12_000; number += 1) usage.note(`${number}`.padStart(64, '0'), 1, null);
    usage.note(first, 5, '192.0.2.1');
    failing = 1;
    await usage.flush().catch((error: unknown) => expect(error).to.be.instanceOf(Unavailable));
    expect(usage.size, 'nothing is lost').to.equal(12_001);
    usage.note(first, 7, '192.0.2.2');
    usage.note(second, 7, null);
    await usage.flush();
    expect(usage.size).to.equal(0);
    expect(Math.max(...sizes)).to.be.at.most(5000);
    const hash = f.keyring.hashSecret(tokenHash(f.root));
    const read = () => f.store.reader.read({ needs: {}, decide: (snapshot) => snapshot.secret(hash) });
    usage.note(hash, 100, '192.0.2.1');
    await usage.flush();
    usage.note(hash, 50, '192.0.2.2');
    await usage.flush();
    expect(await read()).to.include({ last_used_at: 100, last_used_ip: '192.0.2.1' });
  });

  it('is written by whoever asks for it, also while another write runs that began before', async () => {
    const usage = new Usage(f.store.engine);
    usage.note('a'.repeat(64), 1, null);
    const running = usage.flush();
    usage.note('b'.repeat(64), 1, null);
    await Promise.all([usage.flush(), usage.flush()]);
    expect(usage.size).to.equal(0);
    await running;
  });

  it('is written while maintenance is busy with something else', async () => {
    const { reader } = f.store;
    const list = reader.list.bind(reader);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      const hold: typeof list = async (query) => {
        resolve();
        await held;
        return list(query);
      };
      Object.assign(reader, { list: hold });
    });
    const maintained = f.service.maintain();
    await reached;
    f.clock.advance(1000);
    await f.service.authenticate(f.as(f.root, '192.0.2.7'));
    await f.service.recordUses();
    const hash = f.keyring.hashSecret(tokenHash(f.root));
    const stored = await reader.read({ needs: {}, decide: (snapshot) => snapshot.secret(hash) });
    expect(stored).to.include({ last_used_at: f.clock.now, last_used_ip: '192.0.2.7' });
    go();
    await maintained;
  });

  it('is not set back by a clock that is', async () => {
    const usage = new Usage(f.store.engine);
    const hash = f.keyring.hashSecret(tokenHash(f.root));
    usage.note(hash, 100, '192.0.2.1');
    usage.note(hash, 50, '192.0.2.2');
    await usage.flush();
    const stored = await f.store.reader.read({ needs: {}, decide: (snapshot) => snapshot.secret(hash) });
    expect(stored).to.include({ last_used_at: 100, last_used_ip: '192.0.2.1' });
  });

  it('does not pile up: many at once are written without waiting for the next time', async () => {
    const usage = new Usage(f.store.engine);
    for (let number = 0; number < 49_999; number += 1) usage.note(`${number}`.padStart(64, '0'), 1, null);
    expect(usage.size).to.equal(49_999);
    usage.note('f'.repeat(64), 1, null);
    expect(usage.size, 'all of them are on their way').to.equal(0);
    await usage.flush();
  });
});
