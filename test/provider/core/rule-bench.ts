/** The provider that breaks rules, as an executable, and the configurations by which it is told which. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProvider } from '../../../scripts/build-provider.ts';
import { UNKNOWN, type Value, type ValueRecord } from '../../../terraform-provider/values/value.ts';
import { BROKEN_RULES, type Stage } from './broken-rules.ts';

export const THING = 'rules_thing';

/** A directory with the executable in it, which `dispose` removes. */
export async function buildRuleBreaker(): Promise<{ directory: string; command: [string]; dispose(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'accredit-rules-'));
  const path = join(directory, 'terraform-provider-rules');
  writeFileSync(path, await bundleProvider(fileURLToPath(new URL('rule-breaker.ts', import.meta.url))));
  chmodSync(path, 0o755);
  return { directory, command: [path], dispose: () => rmSync(directory, { recursive: true, force: true }) };
}

/** The names of the breaches that core finds at a stage. */
export function breachesAt(stage: Stage): string[] {
  return Object.keys(BROKEN_RULES).filter((name) => BROKEN_RULES[name]?.stage === stage);
}

/** What of a configuration is not known while it is planned. */
export function isUnknownAtPlan(breaks: string | null): boolean {
  return breaks === 'a known value for an unknown one';
}

/** A configuration that uses every form of attribute. */
export function thing(name: string, breaks: string | null = null, note = 'a', known = true): ValueRecord {
  const noted: Value = isUnknownAtPlan(breaks) && !known ? UNKNOWN : note;
  return {
    name,
    breaks,
    note: noted,
    level: null,
    secret_wo: 's',
    tags: null,
    limit: { mode: null, days: 1 },
    grants: [{ role: 'viewer', scope: null }],
  };
}
