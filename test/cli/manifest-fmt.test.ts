/** `fmt` has one layout: formatted again it is itself, and nothing of what the file says is lost. */
import { chownSync, closeSync, lstatSync, openSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readDocuments } from '../../cli/manifest/document.ts';
import { formatText } from '../../cli/manifest/format.ts';
import { cases } from '../support/cases.ts';
import { freshWorkshop } from './manifest-stage.ts';

const UGLY = `# the shop

manifest:   shop  # its name
variables: [ A,B ]


projects:
    shop: {display_name: "x"} # trailing
    # before web
    web:
        labels: 
          a: 'b'
          # end of labels
accounts:
  ci:
    grants:
    - role: viewer
      # the scope
      scope: organization
    # tail
# at the end
`;

const PRETTY = `# the shop

manifest: shop # its name
variables: [ A, B ]

projects:
  shop: { display_name: "x" } # trailing
  # before web
  web:
    labels:
      a: 'b'
      # end of labels
accounts:
  ci:
    grants:
      - role: viewer
        # the scope
        scope: organization
      # tail
# at the end
`;

describe('fmt', () => {
  const workshop = freshWorkshop();

  it('lays a file out, says which it changed, and then finds nothing to do', async () => {
    const file = workshop().write('a.yaml', UGLY);
    const check = await workshop().accredit(['fmt', '--check', file]);
    expect([check.status, check.stdout]).to.deep.equal([1, 'DIR/a.yaml\n']);
    expect(workshop().read('a.yaml')).to.equal(UGLY);
    const formatted = await workshop().accredit(['fmt', file]);
    expect([formatted.status, formatted.stdout]).to.deep.equal([0, 'DIR/a.yaml\n']);
    expect(workshop().read('a.yaml')).to.equal(PRETTY);
    const again = await workshop().accredit(['fmt', '--check', file]);
    expect([again.status, again.stdout]).to.deep.equal([0, '']);
  });

  it('replaces a file as a whole, so that nobody ever sees a part of it; mode, owner and links stay', async () => {
    const file = workshop().write('real/a.yaml', UGLY, 0o640);
    if (process.getuid?.() === 0) chownSync(file, 1234, 4321);
    symlinkSync(file, workshop().file('a.yaml'));
    const reader = openSync(file, 'r');
    expect((await workshop().accredit(['fmt', workshop().file('a.yaml')])).status).to.equal(0);
    // Whoever has begun to read goes on with what was there.
    expect(readFileSync(reader, 'utf8')).to.equal(UGLY);
    closeSync(reader);
    expect(workshop().read('real/a.yaml')).to.equal(PRETTY);
    expect(lstatSync(workshop().file('a.yaml')).isSymbolicLink()).to.equal(true);
    expect(workshop().mode('real/a.yaml')).to.equal(0o640);
    if (process.getuid?.() === 0) expect(statSync(file)).to.include({ uid: 1234, gid: 4321 });
    expect(readdirSync(workshop().file('real'))).to.deep.equal(['a.yaml']);
  });

  it('keeps the order of names in JSON, also of those that are numbers', () => {
    const formatted = formatText('a.json', '{"manifest":"m","teams":{"b":{},"10":{"labels":{}},"2":null}}');
    expect(formatted).to.deep.equal({
      ok: true,
      text: '{\n  "manifest": "m",\n  "teams": {\n    "b": {},\n    "10": {\n      "labels": {}\n    },\n    "2": null\n  }\n}\n',
    });
  });

  it('leaves a file alone that it cannot read, says why, and goes on with the others', async () => {
    const broken = workshop().write('a.yaml', 'manifest: [x\n');
    const file = workshop().write('b.yaml', UGLY);
    const { status, stderr, stdout } = await workshop().accredit(['fmt', broken, file]);
    expect(status).to.equal(1);
    expect(stdout).to.equal('DIR/b.yaml\n');
    expect(stderr).to.include('DIR/a.yaml:');
    expect(workshop().read('a.yaml')).to.equal('manifest: [x\n');
  });

  it('of random files with comments anywhere: keeps values, comments and their order, and is idempotent', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,6}$/);
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('', '# no comment', ' x ', '- a', '1.0', 'yes', 'a\nb', "it's"),
    );
    const leaf = fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const property = fc.property(
      fc.dictionary(name, tree, { minKeys: 1, maxKeys: 4 }),
      fc.array(fc.tuple(fc.nat(40), fc.stringMatching(/^[ -~]{0,10}$/), fc.boolean()), { maxLength: 6 }),
      fc.constantFrom(2, 3, 4),
      (value, comments, indent) => {
        const lines = stringify(value, { indent, lineWidth: 0 }).trimEnd().split('\n');
        // In between lines, with the indentation of the next; never inside a text of several lines.
        const isSafe =
          lines.every((line) => !/[|>][-+0-9]*$/.test(line)) &&
          !lines.some((line) => line.includes('"') && /[^\\]\\$/.test(line));
        if (isSafe) {
          for (const [at, comment, hasBlank] of comments) {
            const index = at % lines.length;
            const margin = /^ */.exec(lines[index] ?? '')?.[0] ?? '';
            lines.splice(index, 0, ...(hasBlank ? [''] : []), `${margin}# ${comment.trim()}c`);
          }
        }
        const source = `${lines.join('\n')}\n`;
        const first = formatText('a.yaml', source);
        if (!first.ok) {
          // It may give up, and then says so; it never changes what it cannot keep.
          expect(readDocuments('a.yaml', source).isWhole).to.equal(true);
          return;
        }
        kept += 1;
        expect(formatText('a.yaml', first.text)).to.deep.equal(first);
        expect(readDocuments('a.yaml', first.text).documents.map((one) => one.value)).to.deep.equal(
          readDocuments('a.yaml', source).documents.map((one) => one.value),
        );
        if (!isSafe) return;
        const commentsOf = (one: string) =>
          one
            .split('\n')
            .filter((line) => /^\s*# .*c$/.test(line))
            .map((line) => line.trim());
        expect(commentsOf(first.text)).to.deep.equal(commentsOf(source));
      },
    );
    let kept = 0;
    const runs = cases(150);
    fc.assert(property, { numRuns: runs });
    expect(kept).to.be.above(runs * 0.9);
  });
});
