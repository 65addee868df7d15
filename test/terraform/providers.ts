/** The provider processes that Terraform starts. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Workspace } from '../support/terraform.ts';

/** Those that run now in this workspace, by their process ids. */
export function providersOf({ directory }: Workspace): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isProvider(entry, directory))
    .map(Number);
}

/** Kills the provider that Terraform started in this workspace, as if the machine's memory had run out. */
export function killProvider(workspace: Workspace): void {
  const killed = providersOf(workspace);
  expect(killed, 'running providers').to.not.be.empty;
  for (const id of killed) process.kill(id, 'SIGKILL');
}

/** Waits until none of them runs; rejects when one does after so many milliseconds. */
export async function providersEnd(workspace: Workspace, within: number): Promise<void> {
  const end = performance.now() + within;
  while (providersOf(workspace).length > 0) {
    if (performance.now() > end) throw new Error(`a provider still runs ${within} ms later`);
    await delay(20);
  }
}

function isProvider(id: string, directory: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${id}/cwd`) === directory &&
      readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('terraform-provider-accredit')
    );
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return false;
  }
}
