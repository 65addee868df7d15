/** Imports go one way. Who may import whom is written here once, and ARCHITECTURE.md says why. */
import { builtinModules } from 'node:module';
import { expect } from 'chai';
import { importsOf, projectFiles, readText } from './sources.ts';

/** The parts of the project, each with the parts it may import. The first whose path fits is a file's part. */
const PARTS: readonly (readonly [part: string, mayImport: readonly string[]])[] = [
  ['terraform-provider-spec/', []],
  ['daemon/crypto/', ['terraform-provider-spec/']],
  ['daemon/domain/', ['terraform-provider-spec/', 'daemon/crypto/']],
  ['daemon/store/', ['terraform-provider-spec/', 'daemon/crypto/', 'daemon/domain/']],
  ['daemon/http/', ['terraform-provider-spec/', 'daemon/crypto/', 'daemon/domain/']],
  ['daemon/verify/', ['terraform-provider-spec/', 'daemon/crypto/', 'daemon/domain/', 'daemon/http/']],
  ['daemon/scim/', ['terraform-provider-spec/', 'daemon/domain/', 'daemon/http/']],
  ['daemon/metrics/', ['terraform-provider-spec/', 'daemon/domain/', 'daemon/http/']],
  ['daemon/registry/', ['terraform-provider-spec/', 'daemon/domain/', 'daemon/http/']],
  [
    'daemon/',
    [
      'terraform-provider-spec/',
      'daemon/crypto/',
      'daemon/domain/',
      'daemon/store/',
      'daemon/http/',
      'daemon/verify/',
      'daemon/scim/',
      'daemon/metrics/',
      'daemon/registry/',
    ],
  ],
  ['client/', ['terraform-provider-spec/']],
  ['cli/', ['terraform-provider-spec/', 'client/']],
  ['terraform-provider/', ['terraform-provider-spec/', 'client/']],
];

/** Packages, and the only parts that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  typeorm: ['daemon/store/'],
  sqlite3: ['daemon/store/'],
  pg: ['daemon/store/'],
  express: ['daemon/http/', 'daemon/scim/'],
  helmet: ['daemon/http/'],
  jsonwebtoken: ['daemon/crypto/'],
  'prom-client': ['daemon/metrics/'],
  'lru-cache': ['daemon/domain/', 'daemon/http/', 'daemon/verify/'],
  pino: ['daemon/', 'daemon/http/', 'daemon/verify/'],
  commander: ['cli/'],
  yaml: ['cli/'],
  '@msgpack/msgpack': ['terraform-provider/'],
};

/** Modules of Node that only compute; the contract needs nothing else. `node:net` tells what an IP address is. */
const PURE = new Set(['node:crypto', 'node:net']);

const sources = projectFiles((path) => path.endsWith('.ts') && partOf(path) !== undefined);

describe('the direction of imports', () => {
  it('is kept by every source', () => {
    expect(sources).to.have.length.above(50);
    const wrong = sources.flatMap((path) =>
      importsOf(path, readText(path)).flatMap((target) => complaint(path, target)),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('a store that the HTTP layer imported, or a daemon that the provider imported, would be found', () => {
    const text = "import type { Row } from '../store/rows.ts';\nexport * from '../../daemon/domain/api.ts';\n";
    const found = importsOf('terraform-provider/rpc/x.ts', text);
    expect(found).to.deep.equal(['terraform-provider/store/rows.ts', 'daemon/domain/api.ts']);
    expect(complaint('daemon/http/x.ts', 'daemon/store/rows.ts')).to.have.length(1);
    expect(complaint('terraform-provider/rpc/x.ts', 'daemon/domain/api.ts')).to.have.length(1);
    expect(complaint('terraform-provider-spec/x.ts', 'node:fs')).to.have.length(1);
    expect(complaint('daemon/domain/x.ts', 'typeorm')).to.have.length(1);
    expect(complaint('cli/commands/x.ts', 'daemon/config.ts')).to.have.length(1);
    expect(complaint('daemon/x.ts', 'cli/main.ts')).to.have.length(1);
    expect(complaint('daemon/domain/x.ts', 'terraform-provider-spec/token.ts')).to.be.empty;
  });

  it('no part of the product imports tests or scripts', () => {
    const wrong = sources.filter((path) =>
      importsOf(path, readText(path)).some((target) => /^(test|scripts)\//.test(target)),
    );
    expect(wrong).to.deep.equal([]);
  });
});

function partOf(path: string): string | undefined {
  return PARTS.find(([part]) => path.startsWith(part))?.[0];
}

function complaint(path: string, target: string): string[] {
  const part = partOf(path) as string;
  const wrong = `${path} must not import ${target}`;
  if (isBuiltIn(target)) return part === 'terraform-provider-spec/' && !PURE.has(target) ? [wrong] : [];
  const owner = partOf(target);
  if (owner !== undefined) {
    const allowed = PARTS.find(([name]) => name === part)?.[1] ?? [];
    return owner === part || allowed.includes(owner) ? [] : [wrong];
  }
  if (/\.json$/.test(target)) return [];
  const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/');
  return PACKAGES[name]?.includes(part) ? [] : [wrong];
}

function isBuiltIn(target: string): boolean {
  return target.startsWith('node:') || builtinModules.includes(target);
}
