/** From files to a manifest that is checked as far as that is possible without a daemon. */
import { pointerTo } from '../../terraform-provider-spec/derive/pointer.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Member } from '../../terraform-provider-spec/manifest.ts';
import type { Environment } from '../profiles.ts';
import { checkFileKeys, checkTree, type Delivery } from './check.ts';
import { readDocuments } from './document.ts';
import type { ManifestFile } from './files.ts';
import { type Finding, inReadingOrder, withoutSecrets } from './finding.ts';
import { type Merged, mergeDocuments } from './merge.ts';
import { substitute } from './variables.ts';

export interface Manifest {
  readonly name: string;
  /** The name of the organization; `undefined` where the files leave it to the command. */
  readonly organization: string | undefined;
  /** What is sent. */
  readonly tree: JsonObject;
  readonly members: readonly Member[];
  readonly deliveries: readonly Delivery[];
  /** What is worth a word, in the order of the files. */
  readonly warnings: readonly Finding[];
  readonly locate: Merged['locate'];
}

export interface ManifestReading {
  /** `undefined` when something is wrong with it. */
  readonly manifest: Manifest | undefined;
  /** Everything that was found, in the order of the files. */
  readonly findings: readonly Finding[];
  readonly files: readonly string[];
}

const FALLBACK = 'default';

/** Reads and checks a manifest. Never throws for what is wrong with it. `noticed` is what was found before. */
export function loadManifest(
  given: readonly ManifestFile[],
  environment: Environment,
  noticed: readonly Finding[] = [],
): ManifestReading {
  const files = given.map(({ file }) => file);
  const readings = given.map(({ file, text, unreadable }) =>
    unreadable === undefined ? readDocuments(file, text) : { documents: [], findings: [unreadable], isWhole: false },
  );
  const documents = readings.flatMap((reading) => reading.documents);
  const merged = mergeDocuments(documents);
  const findings = [...noticed, ...readings.flatMap((reading) => reading.findings), ...merged.findings];
  const ended = (manifest?: Omit<Manifest, 'warnings'>): ManifestReading => {
    const isSound = findings.every(({ severity }) => severity !== 'error');
    const ordered = inReadingOrder(withoutSecrets(findings), files);
    return {
      manifest: isSound && manifest !== undefined ? { ...manifest, warnings: ordered } : undefined,
      findings: ordered,
      files,
    };
  };
  // What could not be read whole would be said to lack what only was not read.
  if (readings.some(({ isWhole }) => !isWhole)) return ended();
  if (documents.length === 0) {
    findings.push({ severity: 'error', message: `there is no manifest in ${files.join(', ')}`, place: undefined });
    return ended();
  }
  const value = substituted(merged, environment, findings);
  findings.push(...checkFileKeys(value, merged));
  const { manifest: name, organization } = value;
  if (typeof name !== 'string' && !('manifest' in value)) {
    findings.push({
      severity: 'error',
      message: 'the name of the manifest is missing: "manifest: NAME"',
      place: merged.locate(''),
    });
  }
  const organizationName = typeof organization === 'string' ? organization : undefined;
  const checked = checkTree(`organizations/${organizationName ?? FALLBACK}`, value, merged);
  findings.push(...checked.findings);
  return ended({ ...checked, name: String(name), organization: organizationName, locate: merged.locate });
}

function substituted(merged: Merged, environment: Environment, findings: Finding[]): JsonObject {
  const { variables = [], ...rest } = merged.value;
  const declared = new Set(Array.isArray(variables) ? variables.filter((one) => typeof one === 'string') : []);
  const { value, unset, undeclared } = substitute(rest, declared, environment);
  for (const { pointer, name } of unset) {
    const message = `the variable ${name} is not set`;
    findings.push({ severity: 'error', message, place: merged.locate(pointer) });
  }
  for (const { pointer, name } of undeclared) {
    const message = `\${${name}} stays as it is, since ${pointerTo('', name).slice(1)} is not among the declared variables`;
    findings.push({ severity: 'warning', message, place: merged.locate(pointer) });
  }
  return { ...(value as JsonObject), variables };
}
