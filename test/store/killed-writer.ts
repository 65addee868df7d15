/** A daemon killed at any moment: the acknowledged writes of a process that gets no chance to say goodbye. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Store } from '../../daemon/domain/snapshot.ts';
import type { StoreOptions } from '../../daemon/store/index.ts';
import { keyEntries } from './beside.ts';
import { allAccounts, auditEvent, ORGANIZATION } from './rows.ts';

const CHILD = fileURLToPath(new URL('./writer.child.ts', import.meta.url));

/** Defines the test; `reopenAfter` runs something while the store is closed and answers it opened again. */
export function killedWriter(
  options: () => StoreOptions,
  reopenAfter: (work: () => Promise<void>) => Promise<Store>,
): void {
  it('a writer that is killed loses nothing that it acknowledged, and leaves nothing half', async function () {
    this.timeout(60_000);
    const acknowledged: string[] = [];
    for (const enough of [1, 150, 400]) {
      const store = await reopenAfter(async () => {
        acknowledged.push(...(await writeUntilKilled(options(), `run${enough}`, enough)));
      });
      const accounts = await allAccounts(store);
      const stored = new Set(accounts.map(({ address }) => address));
      expect(acknowledged.filter((address) => !stored.has(address))).to.deep.equal([]);
      const audited = await store.reader.audit({ organization: ORGANIZATION, limit: 100_000 });
      expect(audited.map(({ address }) => address).sort()).to.deep.equal([...stored].sort());
      expect(await keyEntries(options())).to.deep.equal(
        accounts.map(({ address, name }) => `${address} key-${name}`).sort(),
      );
      expect(audited[0]).to.deep.include(auditEvent(audited[0]?.address as string));
    }
    expect(acknowledged.length).to.be.at.least(551);
  });
}

/** Starts a writing process, kills it after so many acknowledgements, and answers all it made. */
async function writeUntilKilled(options: StoreOptions, prefix: string, enough: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(options), prefix], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    // The last line may have been cut off by the kill.
    if (line.endsWith(';')) acknowledged.push(line.slice(0, -1));
    if (acknowledged.length >= enough) child.kill('SIGKILL');
  });
  const closed = once(lines, 'close');
  const [, signal] = await once(child, 'exit');
  await closed;
  expect(signal, complaints).to.equal('SIGKILL');
  return acknowledged;
}
