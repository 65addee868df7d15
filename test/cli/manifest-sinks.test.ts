/** Two secrets for one place, of which one would be lost, are found before anything is done. */
import { symlinkSync } from 'node:fs';
import { expect } from 'chai';
import { freshWorkshop } from './manifest-stage.ts';

describe('the sinks of a manifest', () => {
  const workshop = freshWorkshop();

  async function validated(sinks: readonly string[]) {
    const tokens = sinks.map((sink, index) => `      t${index}:\n        deliver:\n          - ${sink}`);
    const text = `manifest: m\naccounts:\n  ci:\n    tokens:\n${tokens.join('\n')}\n`;
    return workshop().accredit(['validate', workshop().write('m.yaml', text)]);
  }

  const shared: readonly (readonly [string, readonly string[]])[] = [
    ['a file twice', ['file: ./a', 'file: b/../a']],
    ['an entry twice', ['dotenv: { file: .env, key: A }', 'dotenv: { file: ./.env, key: A }']],
    ['an output twice', ['github-output: { key: a }', 'github-output: { key: a }']],
    ['a file and an entry in it', ['file: ./.env', 'dotenv: { file: .env, key: A }']],
    ['an entry of a file and that file', ['dotenv: { file: .env, key: A }', 'file: ./.env']],
    ['a file and a link to it', ['file: ./real', 'file: ./link']],
    ['a file that is not there and a link to it', ['file: ./missing', 'file: ./dangling']],
    ['a file and the same below a link to its directory', ['file: ./directory/new/x', 'file: ./there/new/x']],
    ['an entry and a link to its file', ['dotenv: { file: link, key: A }', 'file: ./real']],
  ];
  for (const [what, sinks] of shared) {
    it(`cannot be ${what}, and the error names both places`, async () => {
      workshop().write('real', '');
      workshop().write('directory/kept', '');
      symlinkSync('real', workshop().file('link'));
      symlinkSync('missing', workshop().file('dangling'));
      symlinkSync('directory', workshop().file('there'));
      const { status, stderr } = await validated(sinks);
      expect(status, stderr).to.equal(1);
      expect(stderr).to.include('DIR/m.yaml:10:13: error: another secret is already delivered there');
      expect(stderr).to.include('DIR/m.yaml:7:13: it is this one');
    });
  }

  it('can be several entries of one file, several outputs, and commands and standard output as often as wanted', async () => {
    const twice = ['command: [cat]', 'command: [cat]', 'stdout-json: true', 'stdout-json: true'];
    const entries = ['A', 'B'].flatMap((key) => [
      `dotenv: { file: .env, key: ${key} }`,
      `github-output: { key: ${key} }`,
    ]);
    const { status, stderr } = await validated([...entries, ...twice, 'file: ./a', 'file: ./b']);
    expect(status, stderr).to.equal(0);
  });

  it('of one token cannot be a file and an entry in it either', async () => {
    const deliver = '[{ file: ./.env }, { dotenv: { file: .env, key: A } }]';
    const text = `manifest: m\naccounts: { ci: { tokens: { t: { deliver: ${deliver} } } } }\n`;
    const { status, stderr } = await workshop().accredit(['validate', workshop().write('m.yaml', text)]);
    expect(status, stderr).to.equal(1);
  });
});
