/** The files of the packages, as both protocols name them. */
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setFiles, TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { queryOf, unknownParameter } from '../http/contract.ts';
import { entityTags } from '../http/entity-tags.ts';
import { notFound, requireSet } from './endpoint.ts';
import type { FileSums } from './file-sums.ts';
import { absent, type PackageSet } from './package-sets.ts';

/** One file of a version, as a path names it. */
export interface PackageFile {
  readonly version: string;
  readonly name: string;
}

/** The file that `path` names; `undefined` for a path that can name none. */
export function packageFile(path: string): PackageFile | undefined {
  if (!path.startsWith(TERRAFORM_PATHS.packages)) return undefined;
  const [version = '', name = '', ...rest] = path.slice(TERRAFORM_PATHS.packages.length).split('/');
  return rest.length > 0 ? undefined : { version, name };
}

/**
 * Where a file of a set is, relative to the answer in the directory `base`, so that it holds behind the path of a proxy too (RFC 3986,
 * section 5). What has a sum is named with it, so that what a cache keeps under this URL is what was meant.
 */
export function packageUrl({ version, sums }: PackageSet, name: string, base: string): string {
  const sum = sums.get(name);
  return `${posix.relative(base, `${TERRAFORM_PATHS.packages}${version}/${name}`)}${sum === undefined ? '' : `?sha256=${sum}`}`;
}

/** A year: caches take nothing longer seriously (RFC 9111, section 4.2.1). `immutable` is of RFC 8246. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** Where packages are, and what is known of what they hold. */
export interface Packages {
  readonly directory: string;
  readonly fileSums: FileSums;
}

/**
 * Sends the file from the packages, piece by piece. Rejects with `not-found`, also where another sum is asked for than the file has, or
 * it holds something else than its sum says; with `invalid-query`, or with what the file system says.
 */
export async function sendPackageFile(
  { directory, fileSums }: Packages,
  { version, name }: PackageFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const wanted = sumAskedFor(request);
  const set = await requireSet(directory, version);
  const sum = set.sums.get(name);
  const { sums, signature, signingKey } = setFiles(version);
  const isBeside = name === sums || (set.signingKey !== undefined && (name === signature || name === signingKey));
  if (sum === undefined && !isBeside) throw notFound('the packages of that version have no such file');
  if (wanted !== undefined && wanted !== sum) throw notFound('the file has another sum than the one asked for');
  const path = join(directory, version, name);
  const file = await absent(open(path));
  if (file === undefined) throw notFound('the file has a sum, and is missing');
  try {
    // A copy that is under way, or a set that was replaced since its sums were read: no cache is to keep that under this sum.
    if (sum !== undefined && (await fileSums.of(path, file)) !== sum) {
      throw notFound(`${path} holds something else than SHA256SUMS says`);
    }
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', wanted === undefined ? 'no-cache' : FOR_GOOD);
    if (sum !== undefined) response.setHeader('ETag', `"${sum}"`);
    if (sum !== undefined && isKnown(request, sum)) response.writeHead(304).end();
    else await sendContent(file, mediaTypeOf(name), request, response);
  } finally {
    await file.close();
  }
}

async function sendContent(
  file: FileHandle,
  mediaType: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = await file.stat();
  response.setHeader('Content-Type', mediaType);
  response.setHeader('Content-Length', size);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    // No more than was announced, should it grow meanwhile.
    await pipeline(file.createReadStream({ start: 0, end: Math.max(size - 1, 0), autoClose: false }), response);
  } catch (error) {
    // The client went away; the log says so of the request.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function sumAskedFor(request: IncomingMessage): string | undefined {
  const query = queryOf(request.url ?? '');
  for (const name of query.keys()) if (name !== 'sha256') throw unknownParameter(name, ['sha256']);
  const asked = query.getAll('sha256');
  return asked.length === 0 ? undefined : asked.join();
}

/** Whether the client has the file already (RFC 9110, section 13.1.2). */
function isKnown(request: IncomingMessage, sum: string): boolean {
  const header = request.headers['if-none-match'];
  const tags = header === undefined ? [] : entityTags(header);
  return tags === '*' || tags?.includes(sum) === true;
}

function mediaTypeOf(name: string): string {
  if (name.endsWith('.zip')) return 'application/zip';
  if (name.endsWith('.json')) return 'application/json';
  if (name.endsWith('.asc')) return 'application/pgp-keys';
  return name.endsWith('.sig') ? 'application/pgp-signature' : 'text/plain; charset=utf-8';
}
