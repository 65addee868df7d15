/** What the verbs that read manifests have in common: their arguments, and how they say what is wrong. */
import type { Command } from 'commander';
import { ApiError, withoutWire } from '../../client/errors.ts';
import { CliError, UsageError } from '../exit.ts';
import type { Output } from '../output.ts';
import type { Session } from '../session.ts';
import { meantBy } from './check.ts';
import { type FilesRead, readManifestFiles } from './files.ts';
import { type Finding, findingOf, renderFinding } from './finding.ts';
import type { Manifest, ManifestReading } from './load.ts';

export interface FileOptions {
  readonly file?: readonly string[];
}

/** Adds the files of a manifest, as arguments or with `--file`. */
export function withFiles(command: Command): Command {
  return command
    .argument('[path...]', 'files and directories of one manifest; - for standard input')
    .option('-f, --file <path>', 'likewise; can be given several times', (path: string, before: string[] = []) => [
      ...before,
      path,
    ]);
}

/** The files that are meant. Throws `UsageError` where there are none. */
export function readFiles(paths: readonly string[], { file = [] }: FileOptions): FilesRead {
  const all = [...file, ...paths];
  if (all.length === 0)
    throw new UsageError('which manifest? Name its files or its directory, or - for standard input');
  const read = readManifestFiles(all);
  if (read.files.length === 0)
    throw new UsageError(`there is no manifest in ${all.join(', ')}: no .yaml, .yml or .json`);
  return read;
}

/** Reads a manifest and shows what is worth a word. Rejects with `CliError` when something is wrong with it. */
export async function readManifest(session: Session, { files, passedOver }: FilesRead): Promise<Manifest> {
  // With the parser, which only those verbs need that read a manifest.
  const { loadManifest } = await import('./load.ts');
  const reading = loadManifest(files, session.environment, passedOver.map(reminder));
  if (!session.json) showFindings(reading.findings, session.err);
  if (reading.manifest === undefined) throw invalidManifest(reading, session.json);
  return reading.manifest;
}

function reminder(directory: string): Finding {
  const message = `the files in ${directory} are not read: name that directory too if they belong to it`;
  return { severity: 'warning', message, place: undefined };
}

/** The manifest cannot be used. What is wrong with it has been shown, or is in the error with `--json`. */
function invalidManifest({ findings }: ManifestReading, isToTell: boolean): CliError {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
  return new CliError(`the manifest has ${count}`, {
    code: 'invalid-manifest',
    errors: isToTell ? findings.map(findingJson) : [],
  });
}

export function showFindings(findings: readonly Finding[], output: Output): void {
  for (const finding of findings) output.line(`${renderFinding(finding, output.style)}\n`);
}

/** With `pointer` and `detail`, like the errors that the daemon answers, and the place; `also` is the other place, if there is one. */
export function findingJson({ severity, message, place, also }: Finding) {
  return {
    ...{ pointer: '', detail: message, severity },
    ...placeJson(place),
    also: also === undefined ? null : { detail: also.message, ...placeJson(also.place) },
  };
}

function placeJson(place: Finding['place']) {
  return { file: place?.file ?? null, line: place?.line ?? null, column: place?.column ?? null };
}

/** Runs `work`. Where the daemon refuses something of the manifest, what it points at is shown, and the rest thrown on. */
export async function located<Result>(
  session: Session,
  { members, locate }: Manifest,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors.length === 0) throw error;
    const addresses = members.map(({ address }) => address);
    const causes = causesAmong(error, addresses);
    const findings = causes.errors.map(({ pointer, detail }) =>
      findingOf({ pointer, detail: withSuggestion(withoutWire(detail), addresses) }, locate),
    );
    const { status, code, requestId } = causes;
    const detail = causes.detail.replace(/\.$/, '');
    if (session.json) {
      const errors = findings.map((finding, index) => ({
        ...findingJson(finding),
        pointer: causes.errors[index]?.pointer ?? '',
      }));
      throw new ApiError(status, { code, detail, requestId, errors });
    }
    showFindings(findings, session.err);
    throw new ApiError(status, { code, detail, requestId });
  }
}

/**
 * Without what is only refused because something else of the manifest is: a token, because its account could not be made.
 */
function causesAmong(error: ApiError, declared: readonly string[]): ApiError {
  const errors = error.errors.filter(({ detail }) => {
    const [, address] = /^There is no (organizations\/\S+)$/.exec(detail) ?? [];
    return address === undefined || !declared.includes(address);
  });
  if (errors.length === 0 || errors.length === error.errors.length) return error;
  const { requestId } = error;
  if (error.code !== 'not-found') return new ApiError(error.status, { ...error, errors });
  return new ApiError(422, {
    code: 'invalid',
    detail: 'the daemon refuses what the manifest asks for',
    errors,
    requestId,
  });
}

/** The daemon names what is not there by its address; the manifest may have something of nearly that name. */
function withSuggestion(detail: string, addresses: readonly string[]): string {
  const [address] = /\borganizations\/[a-z0-9._/-]*[a-z0-9]/.exec(detail) ?? [];
  if (address === undefined || addresses.includes(address)) return detail;
  try {
    const meant = meantBy(address, addresses);
    return meant === undefined ? detail : `${detail.replace(/\.$/, '')}; did you mean "${meant}"?`;
  } catch {
    return detail;
  }
}

/** The address of the manifest. Throws `UsageError` where the flag names another organization than the files. */
export function manifestAddressOf(session: Session, manifest: Manifest, flag: string | undefined): string {
  const { name, organization } = manifest;
  if (organization !== undefined && flag !== undefined && organization !== flag) {
    throw new UsageError(`--organization names ${flag}, and the manifest ${organization}`);
  }
  return `organizations/${organization ?? session.connection.organization}/manifests/${name}`;
}
