/** What the documents say is there, and what is there is in the documents. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { OWN_NOUNS } from '../../terraform-provider-spec/permission.ts';
import { PROBLEM_CODES } from '../../terraform-provider-spec/problem-codes.ts';
import { projectFiles, readText } from './sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readText('package.json')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};
const documents = projectFiles((path) => path.endsWith('.md'));

describe('the documents', () => {
  it('name only npm commands that exist', () => {
    for (const path of documents) {
      const named = [...readText(path).matchAll(/\bnpm (?:run ([a-z:]+)|(start|test)\b)/g)];
      for (const [, script, short] of named)
        expect(manifest.scripts, path).to.have.property((script ?? short) as string);
    }
    for (const command of ['npm start', 'npm test', 'npm run demo', 'npm run build:provider']) {
      expect(readText('README.md')).to.include(command);
    }
  });

  it('the npm commands run files that exist', () => {
    for (const command of Object.values(manifest.scripts)) {
      for (const [path] of command.matchAll(/\b(?:scripts|bin)\/[\w.-]+/g))
        expect(existsSync(join(ROOT, path)), path).to.equal(true);
    }
  });

  it('link only to files that exist', () => {
    for (const path of documents) {
      for (const [, target] of readText(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        expect(existsSync(join(ROOT, dirname(path), target as string)), `${path} links to ${target}`).to.equal(true);
      }
    }
  });

  it('ARCHITECTURE.md gives a reason for every runtime dependency, and for no other', () => {
    const rows = [...readText('ARCHITECTURE.md').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)];
    const reasons = new Map(rows.map(([, name, reason]) => [name as string, reason as string]));
    expect([...reasons.keys()]).to.have.members(Object.keys(manifest.dependencies));
  });

  it('ARCHITECTURE.md shows every directory of sources in its tree', () => {
    const text = readText('ARCHITECTURE.md');
    const nested = projectFiles((path) =>
      /^(daemon|client|cli|terraform-provider|terraform-provider-spec)\/[^/]+\//.test(path),
    );
    for (const directory of new Set(nested.map((path) => path.split('/')[1] as string))) {
      expect(text).to.include(`  ${directory}/ `);
    }
  });

  it('README.md names the nouns that are Accredit’s own, and no other', () => {
    const [, listed = ''] = /Its own nouns are ([^;]*?), with the verbs/.exec(readText('README.md')) ?? [];
    expect([...listed.matchAll(/`([a-z-]+)`/g)].map(([, noun]) => noun)).to.have.members([...OWN_NOUNS]);
  });

  it('docs/status-codes.md explains every code with its status, and no other', () => {
    const rows = [...readText('docs/status-codes.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| .+ \| .+ \|$/gm)];
    const explained = Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)]));
    const known = Object.fromEntries(Object.entries(PROBLEM_CODES).map(([code, { status }]) => [code, status]));
    expect(explained).to.deep.equal(known);
  });

  it('decisions are numbered without gaps, each with choice, reasons and price', () => {
    const decisions = documents.filter((path) => path.startsWith('docs/decisions/'));
    expect(decisions.map((path) => Number(path.slice('docs/decisions/'.length).slice(0, 4)))).to.deep.equal(
      decisions.map((_, index) => index + 1),
    );
    for (const path of decisions) {
      for (const heading of ['## Choice', '## Reasons', '## Price']) expect(readText(path), path).to.include(heading);
    }
  });
});
