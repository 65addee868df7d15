/** What must not stand in any file: reminders of unfinished work, places of one machine, registries, real-looking secrets. */
import { expect } from 'chai';
import { TOKEN_PATTERN, tokenKind } from '../../terraform-provider-spec/token.ts';
import { projectFiles, readText } from './sources.ts';

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a reminder of unfinished work': new RegExp(
    `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`,
  ),
  'a place of one machine': new RegExp(`(^|[\\s"'\`(=])/(${['work', 'home', 'Users', 'root'].join('|')})/`, 'm'),
  'a registry other than that of the provider’s address':
    /\bregistry\.(?!terraform\.io\/accredit\/accredit\b)[a-z]+\.[a-z]+/,
};

const files = projectFiles((path) => path !== 'package-lock.json');

describe('the words of the project', () => {
  for (const [what, pattern] of Object.entries(FORBIDDEN)) {
    it(`hold no ${what.replace(/^a /, '')}`, () => {
      expect(files.filter((path) => pattern.test(readText(path)))).to.deep.equal([]);
    });
  }

  it('hold no token that could work, but for the vectors of tests', () => {
    const anywhere = new RegExp(TOKEN_PATTERN.source.slice(1, -1), 'g');
    const found = files
      .filter((path) => !path.startsWith('test/'))
      .flatMap((path) =>
        [...readText(path).matchAll(anywhere)].filter(([text]) => tokenKind(text) !== undefined).map(() => path),
      );
    expect(found).to.deep.equal([]);
  });

  it('would be found', () => {
    expect(`// ${'TO' + 'DO'}: later`).to.match(FORBIDDEN['a reminder of unfinished work'] as RegExp);
    expect(`see /${'home'}/somebody/notes`).to.match(FORBIDDEN['a place of one machine'] as RegExp);
    expect(`registry.${'example'}.com`).to.match(Object.values(FORBIDDEN)[2] as RegExp);
    expect('registry.terraform.io/accredit/accredit').to.not.match(Object.values(FORBIDDEN)[2] as RegExp);
  });
});
