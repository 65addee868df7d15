/**
 * The command blocks of the README and of docs/, and which test runs each. A test gets its blocks from here and runs all
 * of them; `test/architecture/command-blocks.test.ts` fails for a block that nobody runs.
 */
import { expect } from 'chai';
import { projectFiles, readText } from '../architecture/sources.ts';

export interface CommandBlock {
  /** Its path in the project. */
  readonly document: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A block, by its document and words of it; without words, every block of the document. */
type Which = readonly [document: string, words?: string];

/** The test file that runs them, by its path in the project. */
const RUN_BY: Readonly<Record<string, readonly Which[]>> = {
  'test/cli/documented.test.ts': [['README.md', 'npx accredit list tokens'], ['docs/cli.md']],
  'test/cli/manifest-examples.test.ts': [['docs/manifests.md']],
  'test/daemon/backup.test.ts': [
    ['docs/operations.md', 'npx accredit backup '],
    ['docs/operations.md', 'cp data/master-key'],
  ],
  'test/deploy/documented.test.ts': [
    'install.mjs',
    'systemd-sysusers',
    '/readyz\nexport',
    'manifest: machine',
    'manifest: shop',
    'accredit backup "',
    'accredit.before',
    'ln -sfn /opt/accredit-0.2.0',
    'move-to-postgresql',
  ].map((words): Which => ['docs/deployment.md', words]),
  'test/http/readme.test.ts': [
    ['README.md', 'api=http'],
    ['README.md', 'roles/publisher'],
    ['README.md', 'users/alice/enrolment'],
    ['README.md', '/v1/authorize'],
    ['README.md', '/v1/oauth/token'],
  ],
  'test/metrics/documented.test.ts': [['docs/operations.md', 'accounts/prometheus']],
  'test/registry/documented.test.ts': [['docs/provider-packages.md']],
  'test/scim/http-document.test.ts': [['docs/scim.md']],
  'test/terraform/readme.test.ts': [['README.md', 'terraform import']],
};

/** What no test can run, and why. */
export const NOT_RUN: readonly (readonly [...Required<Which>, reason: string])[] = [
  [
    'README.md',
    'npm start',
    'the one installs into the clone that the tests run in and then serves until it is ended, the other is the tests',
  ],
  ['docs/deployment.md', 'docker build', 'needs a container engine and what it downloads'],
  ['docs/performance.md', 'npm run bench', 'takes ten minutes of the machine to itself, and installs other products'],
];

const TEXTS = new Map<string, CommandBlock[]>();

/** Every command block: fenced, in the language `sh`. */
export function commandBlocks(): CommandBlock[] {
  const documents = projectFiles((path) => path === 'README.md' || /^docs\/.*\.md$/.test(path));
  return documents.flatMap(blocksIn);
}

function blocksIn(document: string): CommandBlock[] {
  const known = TEXTS.get(document);
  if (known !== undefined) return known;
  const text = readText(document);
  const blocks = [...text.matchAll(/^( *)```(?:sh|bash|shell|console)\n([\s\S]*?)^\1```$/gm)].map((found) => ({
    document,
    line: text.slice(0, found.index).split('\n').length + 1,
    text: found[2] as string,
  }));
  TEXTS.set(document, blocks);
  return blocks;
}

/** Who runs a block, or why nobody does: one of these, if all is well. */
export function claimsOn(block: CommandBlock): string[] {
  const runners = Object.entries(RUN_BY).filter(([, which]) => which.some((one) => isMeant(block, one)));
  const reasons = NOT_RUN.filter(([document, words]) => isMeant(block, [document, words]));
  return [...runners.map(([test]) => test), ...reasons.map(([, , reason]) => reason)];
}

/** Every claim there is, with the blocks that it is about. */
export function allClaims(): { readonly claim: string; readonly blocks: readonly CommandBlock[] }[] {
  const claims = [
    ...Object.entries(RUN_BY).flatMap(([test, which]) => which.map((one) => [test, one] as const)),
    ...NOT_RUN.map(([document, words, reason]) => [reason, [document, words] as Which] as const),
  ];
  return claims.map(([who, which]) => ({
    claim: `${who}: ${which.join(', ')}`,
    blocks: commandBlocks().filter((block) => isMeant(block, which)),
  }));
}

/** The test files that run blocks. */
export const RUNNERS: readonly string[] = Object.keys(RUN_BY);

function isMeant(block: CommandBlock, [document, words]: Which): boolean {
  return block.document === document && (words === undefined || block.text.includes(words));
}

export interface OwnBlocks {
  /** All that are left, in their order. */
  takeAll(): string[];
  /** The first with these words in it. */
  take(words: string): string;
}

/**
 * The blocks that are that test file's to run. Declares that all of them have been taken once all tests of the suite that
 * calls it have passed.
 */
export function ownBlocks(test: string): OwnBlocks {
  const own = commandBlocks().filter((block) => claimsOn(block).includes(test));
  const left = new Set(own);
  before(function () {
    const suite = this.test?.parent;
    // Declared now, it comes after all others: those that follow a failed one are left out, and what they close stays open.
    suite?.afterAll(() => {
      if (suite.tests.some(({ state }) => state !== 'passed')) return;
      const untaken = [...left].map(({ document, line }) => `${document}:${line}`);
      expect(untaken, `blocks that ${test} did not run`).to.deep.equal([]);
    });
  });
  return {
    takeAll() {
      const taken = [...left].map(({ text }) => text);
      left.clear();
      return taken;
    },
    take(words) {
      const found = own.find(({ text }) => text.includes(words));
      if (found === undefined) throw new Error(`${test} has no block with ${words}`);
      left.delete(found);
      return found.text;
    },
  };
}
