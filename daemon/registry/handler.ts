/**
 * What `terraform init` installs the provider from, on the plain HTTP server and open to everybody: Terraform sends no credential, and
 * there is nothing to know but the provider. Everything is read when it is asked for, and nothing is kept but the sums of files.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TERRAFORM_PATHS } from '../../terraform-provider-spec/packages.ts';
import { Problem } from '../domain/problem.ts';
import { readQuery } from '../http/contract.ts';
import { type ExchangeOptions, exchangeOf } from '../http/exchange.ts';
import { send } from '../http/reply.ts';
import { notFound, type Request } from './endpoint.ts';
import { FileSums } from './file-sums.ts';
import { mirrorRequest } from './mirror.ts';
import { type PackageFile, type Packages, packageFile, sendPackageFile } from './packages.ts';
import { registryRequest } from './provider-registry.ts';

export interface RegistryOptions extends ExchangeOptions {
  /** The directory of the packages, which need not be there. */
  readonly packages: string;
}

const ROOT = '/terraform/';

/** Takes the request if it is for one of these paths; answers whether it did. */
export function registryHandler(
  options: RegistryOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const fileSums = new FileSums();
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (!path.startsWith(ROOT) && path !== TERRAFORM_PATHS.discovery) return false;
    void answer(path, request, response, { ...options, fileSums });
    return true;
  };
}

async function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { packages: directory, fileSums, ...options }: RegistryOptions & { readonly fileSums: FileSums },
): Promise<void> {
  const exchange = exchangeOf(request, response, options);
  try {
    const asked = mirrorRequest(path) ?? registryRequest(path) ?? packageFile(path);
    if (asked === undefined) throw notFound('no such path');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new Problem('method-not-allowed', `${request.method} is not offered here, only GET, HEAD.`);
    }
    await reply(asked, request, response, { directory, fileSums });
  } catch (error) {
    exchange.fail(error);
  }
}

async function reply(
  asked: Request | PackageFile,
  request: IncomingMessage,
  response: ServerResponse,
  packages: Packages,
): Promise<void> {
  if (typeof asked !== 'function') return sendPackageFile(packages, asked, request, response);
  readQuery(request.url ?? '', {});
  const body = await asked(packages.directory);
  // A new version is there at once for whoever asks.
  send(response, { status: 200, headers: { 'Cache-Control': 'no-cache' }, body });
}
