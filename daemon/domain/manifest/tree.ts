/** From the body of a manifest's PUT to the single writes that it asks for. */
import { createHash } from 'node:crypto';
import { organizationOf } from '../../../terraform-provider-spec/address.ts';
import { readTree } from '../../../terraform-provider-spec/derive/manifest.ts';
import { MOST_VIOLATIONS, type Violation } from '../../../terraform-provider-spec/derive/validate.ts';
import type { Json } from '../../../terraform-provider-spec/kind.ts';
import type { ManifestRequest } from '../api.ts';
import { type Declared, declare, type StepOptions, stepOptions } from './steps.ts';

/** A tree that was read: the PUTs that it asks for, in any order, and what is wrong with it. */
export interface Tree {
  readonly steps: readonly Declared[];
  readonly violations: readonly Violation[];
  /** What tells it from other trees, where somebody will ask: with an Idempotency-Key. */
  readonly mark: string | null;
}

/** How many bodies are checked in one go, so that whatever else the process has to do waits for milliseconds. */
const AT_A_TIME = 250;

/**
 * Reads and checks the whole tree, and takes it out of the request. What is wrong with it is for later: first it must be clear that the
 * caller may know.
 */
export async function readDeclared(request: ManifestRequest): Promise<Tree> {
  const options: StepOptions = stepOptions(request);
  const organization = organizationOf(request.address);
  const mark = request.idempotencyKey === undefined ? null : markOf(request.body);
  const { members, violations } = readTree(organization, request.body);
  request.body = null;
  const steps: Declared[] = [];
  const faults: Violation[] = [...violations];
  for (const [index, member] of members.entries()) {
    if (faults.length >= MOST_VIOLATIONS) break;
    if (index > 0 && index % AT_A_TIME === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const read = declare(member, organization, options);
    if ('violations' in read) faults.push(...read.violations);
    else steps.push(read);
  }
  return { steps, violations: faults.slice(0, MOST_VIOLATIONS), mark };
}

function markOf(body: Json): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url');
}
