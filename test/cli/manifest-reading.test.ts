// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is replaced there is what this is about.
/** Files become one tree: what is merged, what is replaced, and which names stay as they are written. */
import { expect } from 'chai';
import fc from 'fast-check';
import { loadManifest } from '../../cli/manifest/load.ts';
import { substitute, written } from '../../cli/manifest/variables.ts';
import { builtInNames } from '../../daemon/domain/built-in.ts';
import { builtInNamesOf } from '../../terraform-provider-spec/built-in.ts';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';

function read(texts: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  const files = Object.entries(texts).map(([file, text]) => ({ file, text, unreadable: undefined }));
  const { manifest, findings } = loadManifest(files, environment);
  return {
    manifest,
    messages: findings.map(({ severity, message }) => `${severity}: ${message}`),
    errors: findings.map(({ message, place }) => `${place?.file}:${place?.line} ${message}`),
  };
}

describe('the files of a manifest', () => {
  it('are a union, in which a file may add tokens to an account of another', () => {
    const a = 'manifest: m\naccounts:\n  ci:\n    display_name: CI\n    tokens:\n      a: {deliver: [{file: a}]}\n';
    const b = 'accounts:\n  ci:\n    tokens:\n      b: {deliver: [{file: b}]}\nteams:\n  x:\n';
    const ways: Record<string, string>[] = [
      { 'd/a.yaml': a, 'e/b.yaml': b },
      { 'e/b.yaml': b, 'd/a.yaml': a },
      { 'one.yaml': `${a}---\n${b}` },
    ];
    for (const texts of ways) {
      const { manifest, messages } = read(texts);
      expect(messages).to.deep.equal([]);
      expect(manifest?.tree).to.deep.equal({
        accounts: { ci: { display_name: 'CI', tokens: { a: {}, b: {} } } },
        teams: { x: null },
      });
    }
    const { manifest } = read({ 'd/a.yaml': a, 'e/b.yaml': b });
    const paths = manifest?.deliveries.map(({ sinks: [sink] }) => (sink.type === 'file' ? sink.path : ''));
    // Relative paths start where the file lies that has them.
    expect(paths).to.deep.equal([`${process.cwd()}/d/a`, `${process.cwd()}/e/b`]);
  });

  it('drop nothing of any file: what is no collection and no resource is refused where it stands', () => {
    const sound = 'manifest: m\naccounts:\n  ci:\n    tokens:\n      a: {}\n';
    const tokens = 'must be a JSON object of the account tokens by name';
    const accounts = 'must be a JSON object of the service accounts by name';
    const wrong: Record<string, [line: number, message: string]> = {
      'accounts:\n  - bot\n': [2, `"accounts" ${accounts}`],
      'accounts: bot\n': [1, `"accounts" ${accounts}`],
      'accounts:\n  ci:\n    tokens: 5\n': [3, `"tokens" ${tokens}`],
      'accounts:\n  ci: { tokens: [a] }\n': [2, `"tokens" ${tokens}`],
      'accounts:\n  ci: 5\n': [2, '"ci" must be a JSON object, not a number'],
      'accounts:\n  ci: [a]\n': [2, '"ci" must be a JSON object, not an array'],
    };
    for (const [text, [line, message]] of Object.entries(wrong)) {
      const merges: Record<string, string>[] = [
        { 'a.yaml': sound, 'b.yaml': text },
        { 'b.yaml': text, 'c.yaml': sound },
        { 'a.yaml': 'accounts:\n', 'b.yaml': text, 'c.yaml': sound },
      ];
      for (const texts of merges) {
        const { manifest, errors } = read(texts);
        expect(manifest, text).to.equal(undefined);
        expect(errors, text).to.deep.equal([`b.yaml:${line} ${message}`]);
      }
    }
    expect(read({ 'a.yaml': sound, 'b.yaml': 'accounts:\n', 'c.yaml': 'accounts: { ci: }\n' }).errors).to.deep.equal(
      [],
    );
  });

  it('are the same in JSON and in YAML', () => {
    const tree = { roles: { r: { permissions: ['a.b'], labels: { '1': 'x' } } }, teams: { '10': {}, '2': null } };
    const { manifest, messages } = read({ 'a.json': JSON.stringify({ manifest: 'm', ...tree }, null, '\t') });
    expect(messages).to.deep.equal([]);
    expect(manifest?.tree).to.deep.equal(tree);
  });

  it('keep names as they are written, whatever type YAML would make of them', () => {
    const { manifest } = read({
      'a.yaml': 'manifest: m\nteams: { 1: {}, 1.0: {}, 0x1f: {}, true: {}, null: {}, no: {}, 2030-01-01: {} }\n',
    });
    expect(Object.keys(manifest?.tree.teams ?? {})).to.have.members([
      ...['1', '1.0', '0x1f', 'true', 'null', 'no', '2030-01-01'],
    ]);
  });

  it('may use aliases, and cannot make billions of values of them', () => {
    const alias = 'manifest: m\nroles:\n  a: &same { permissions: [x.read] }\n  b: *same\n';
    expect(read({ 'a.yaml': alias }).manifest?.tree.roles).to.deep.equal({
      a: { permissions: ['x.read'] },
      b: { permissions: ['x.read'] },
    });
    const levels = Array.from({ length: 12 }, (_, n) => `  l${n}: &l${n} [${`*l${n - 1},`.repeat(n === 0 ? 0 : 9)}]`);
    const { messages } = read({ 'a.yaml': `manifest: m\nroles:\n${levels.join('\n')}\n` });
    expect(messages.join()).to.match(/holds more than|refers to itself/);
  });

  it('cannot reach what every object inherits', () => {
    const { manifest, messages } = read({ 'a.yaml': 'manifest: m\n__proto__: { roles: {} }\nconstructor: {}\n' });
    expect(manifest).to.equal(undefined);
    expect(messages.filter((one) => one.includes('there is no such key'))).to.have.length(2);
    const below = read({ 'a.yaml': 'manifest: m\nroles: { a: { __proto__: { permissions: [x.y] } } }\n' });
    expect(below.messages.join()).to.include('there is no such attribute');
    expect(read({ 'a.yaml': 'manifest: m\nroles: { a: { labels: { __proto__: x } } }\n' }).manifest).to.equal(
      undefined,
    );
  });

  it('${NAME} is replaced where it is declared, in texts alone, and $${ stands for ${', () => {
    const text =
      'manifest: "${NAME}"\nvariables: [NAME, N2]\nteams:\n  a: { display_name: "${NAME}-${N2}-$${NAME}-$NAME", ' +
      'labels: { k: "${UNKNOWN}" } }\n';
    const { manifest, messages } = read({ 'a.yaml': text }, { NAME: 'm', N2: '${NAME}', UNKNOWN: 'secret' });
    expect(manifest?.name).to.equal('m');
    expect(manifest?.tree).to.deep.equal({
      // What a variable holds is not read again.
      teams: { a: { display_name: 'm-${NAME}-${NAME}-$NAME', labels: { k: '${UNKNOWN}' } } },
    });
    expect(messages).to.deep.equal([
      'warning: ${UNKNOWN} stays as it is, since UNKNOWN is not among the declared variables',
    ]);
    const { messages: unset } = read({ 'a.yaml': text }, { NAME: 'm' });
    expect(unset.join()).to.include('error: the variable N2 is not set');
  });

  it('any text can be written so that it is read as it is', () => {
    const texts = fc.array(fc.constantFrom('$', '{', '}', 'NAME', '${', '$${', 'x')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const value = { a: one, b: { c: [other, 1, null, true] } };
        const read = substitute(written(value), new Set(['NAME']), { NAME: 'replaced' });
        expect(read).to.deep.equal({ value, unset: [], undeclared: [] });
      }),
    );
  });

  it('the built-in names that suggestions know are those of the daemon', () => {
    for (const kind of KINDS) expect(builtInNamesOf(kind), kind.kind).to.deep.equal(builtInNames(kind));
  });
});
