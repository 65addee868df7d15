/** docs/compatibility.md and the tests that it names keep each other honest. */
import { expect } from 'chai';
import { projectFiles, readText } from './sources.ts';

const DOCUMENT = 'docs/compatibility.md';
const CONFORMANCE = 'test/conformance/';

interface Row {
  readonly section: string;
  readonly promise: string;
  readonly kept: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** The rows of every table of three columns. Throws for one that cannot be read, so that none is passed over. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    if (!line.startsWith('|') || /^\|(-+\|)+$/.test(line) || line.startsWith('| promise |')) continue;
    const cells = line.split('|').map((cell) => cell.trim());
    const [, promise = '', kept = '', named = ''] = cells;
    if (cells.length !== 5 || promise === '' || kept === '') throw new Error(`not a row of three cells: ${line}`);
    rows.push({ section, promise, kept, tests: named.split('<br>').map((test) => readTest(test, line)) });
  }
  return rows;
}

function readTest(text: string, line: string): { file: string; title: string } {
  const [, name, title] = /^`([a-z0-9/-]+\.test\.ts)`: (.+)$/.exec(text.trim()) ?? [];
  if (name === undefined || title === undefined) throw new Error(`names no test as file and title: ${line}`);
  return { file: name.includes('/') ? `test/${name}` : CONFORMANCE + name, title };
}

/** A pattern for each test that a source declares; what a template puts in stands for any text. */
function titlesIn(source: string): { text: string; pattern: RegExp }[] {
  const declared = source.matchAll(/^ *it(?:\.\w+)?\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`]*)`)/gm);
  return [...declared].map(([, single, double, template]) => {
    const text = (single ?? double ?? template ?? '').replace(/\\(.)/g, '$1');
    const parts = template === undefined ? [text] : text.split(/\$\{[^}]*\}/);
    const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return { text, pattern: new RegExp(`^${escaped.join('.+')}$`) };
  });
}

/** How many tests a source declares, however their titles are made. */
function countOfTests(source: string): number {
  return [...source.matchAll(/^ *it(?:\.\w+)?\(/gm)].length;
}

const rows = rowsOf(readText(DOCUMENT));
const suites = projectFiles((path) => path.startsWith(CONFORMANCE) && path.endsWith('.test.ts'));
const missing = (named: readonly Row[], read: (file: string) => string) =>
  named
    .flatMap(({ tests }) => tests)
    .filter(({ file, title }) => !titlesIn(read(file)).some(({ pattern }) => pattern.test(title)))
    .map(({ file, title }) => `${file}: ${title}`);
const unnamed = (file: string, source: string, named: readonly Row[]) => {
  const titles = named.flatMap(({ tests }) => tests.filter((test) => test.file === file)).map(({ title }) => title);
  return titlesIn(source)
    .filter(({ pattern }) => !titles.some((title) => pattern.test(title)))
    .map(({ text }) => `${file}: ${text}`);
};

describe(DOCUMENT, () => {
  it('names only tests that exist, in the files that it names', () => {
    const files = new Set(projectFiles((path) => path.endsWith('.test.ts')));
    const gone = rows.flatMap(({ tests }) => tests.filter(({ file }) => !files.has(file)).map(({ file }) => file));
    expect(gone.join('\n')).to.equal('');
    expect(missing(rows, readText).join('\n')).to.equal('');
  });

  it('names every conformance test', () => {
    expect(suites).to.have.length.of.at.least(5);
    expect(suites.flatMap((file) => unnamed(file, readText(file), rows)).join('\n')).to.equal('');
  });

  it('says "refused on purpose" where its test does, and nowhere else', () => {
    for (const { promise, kept, tests } of rows) {
      const refusals = tests.map(({ title }) => title.startsWith('refused on purpose: '));
      expect(new Set(refusals).size, promise).to.equal(1);
      expect(kept.startsWith('Refused on purpose'), promise).to.equal(refusals[0]);
    }
  });

  it('has a section for each of the five profiles, and names none twice', () => {
    const profiles = [...readText(DOCUMENT).matchAll(/^## .+: `([a-z-]+)`$/gm)].map(([, profile]) => profile);
    expect(profiles).to.deep.equal(['static', 'app-static', 'self-recycling', 'revocable', 'renewable']);
    const promises = rows.map(({ section, promise }) => `${section}: ${promise}`);
    expect(new Set(promises).size).to.equal(promises.length);
  });

  it('every conformance test has a title that can be read in its source', () => {
    for (const file of suites) {
      expect(titlesIn(readText(file)), file).to.have.length(countOfTests(readText(file)));
    }
  });

  it('a test that is gone, and one that nobody names, would be found', () => {
    const row = '| p | k | `x.test.ts`: is kept<br>`x.test.ts`: for teams it is kept |';
    const template = `for $${'{kind}'} it is kept`;
    const source = `it('is kept', done);\n  it(\`${template}\`, done);\nit("isn't named", done);\n`;
    const named = rowsOf(row);
    expect(missing(named, () => source)).to.deep.equal([]);
    expect(missing(named, () => source.replace('is kept', 'was kept'))).to.deep.equal([
      'test/conformance/x.test.ts: is kept',
    ]);
    expect(unnamed('test/conformance/x.test.ts', source, named)).to.deep.equal([
      "test/conformance/x.test.ts: isn't named",
    ]);
    expect(countOfTests("it('a', x);\nit(\n  'b', x);\nit(title, x);")).to.equal(3);
    expect(() => rowsOf('| p | k | a test |')).to.throw('names no test');
  });
});
