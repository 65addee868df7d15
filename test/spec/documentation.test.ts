/** What registries and readers ask of the documentation of the provider. */
import { posix } from 'node:path';
import { expect } from 'chai';
import { documentationInputs } from '../../scripts/documentation-inputs.ts';
import { functionExample } from '../../terraform-provider-spec/derive/documentation/functions.ts';
import { identityBlock, readImport } from '../../terraform-provider-spec/derive/documentation/import.ts';
import { documentation } from '../../terraform-provider-spec/derive/documentation/index.ts';
import { exampleOf, pageOf, TABLES } from '../../terraform-provider-spec/derive/documentation/pages.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { projectFiles, readText } from '../architecture/sources.ts';

const LARGEST_PAGE = 500_000;
const FOLDERS =
  /^(index|(resources|data-sources|ephemeral-resources|list-resources|actions|functions|guides)\/[a-z0-9_-]+)\.md$/;
const TEMPLATES = 'terraform-provider-spec/templates/';

const inputs = documentationInputs();
const pages = documentation(inputs);

/** The front matter as keys and values; a block text is its first line. Throws where there is none. */
function frontMatter(text: string): Record<string, string> {
  const [, front] = /^---\n([\s\S]*?)\n---\n\n/.exec(text) ?? [];
  if (front === undefined) throw new Error(`no front matter: ${text.slice(0, 100)}`);
  return Object.fromEntries(
    [...front.matchAll(/^(\w+): (?:\|-\n {2})?(.*)$/gm)].map(([, key, value]) => [
      key,
      value?.replace(/^"(.*)"$/, '$1'),
    ]),
  );
}

/** What a link can name in a page: the anchors that it sets, and those of its headings. */
function anchorsOf(text: string): string[] {
  const set = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );
  return [...set, ...headings];
}

/** The links of a page that do not resolve. */
function brokenLinks(file: string, all: ReadonlyMap<string, string>): string[] {
  const links = [...(all.get(file) as string).matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target as string);
  return links.filter((target) => {
    if (target.startsWith('https://')) return false;
    const [path = '', anchor] = target.split('#');
    const page = all.get(path === '' ? file : posix.join(posix.dirname(file), path));
    return page === undefined || (anchor !== undefined && !anchorsOf(page).includes(anchor));
  });
}

/** Everything that the provider offers: its page in `docs/` and its example in the clone. */
const ITEMS: readonly { page: string; example: string; managed?: boolean }[] = [
  ...TABLES.flatMap((table) =>
    [...table.schemas.keys()].map((type) => ({
      page: pageOf(table, type),
      example: exampleOf(table, type),
      managed: table.managed === true,
    })),
  ),
  ...PROVIDER_FUNCTIONS.map(({ name }) => ({ page: `functions/${name}.md`, example: functionExample(name) })),
];

describe('the documentation of the provider', () => {
  it('has a page for every item, and no other but guides', () => {
    const guides = [...pages.keys()].filter((file) => file.startsWith('guides/'));
    expect([...pages.keys()]).to.have.members(['index.md', ...ITEMS.map(({ page }) => page), ...guides]);
  });

  it('has an example for every item, and none without one', () => {
    const folders = new Set(ITEMS.map(({ example }) => posix.dirname(posix.dirname(example))));
    const examples = [...inputs.keys()].filter((path) => folders.has(posix.dirname(posix.dirname(path))));
    expect(new Set(examples.map((path) => posix.dirname(path)))).to.deep.equal(
      new Set(ITEMS.map(({ example }) => posix.dirname(example)).sort()),
    );
  });

  for (const [file, text] of pages) {
    it(`${file} lies where a registry looks, with the front matter that it reads and no more than it takes`, () => {
      expect(file).to.match(FOLDERS);
      const front = frontMatter(text);
      expect(front.page_title).to.be.a('string').that.is.not.empty;
      expect(front.description).to.be.a('string').that.is.not.empty;
      expect('subcategory' in front, 'subcategory').to.equal(file !== 'index.md');
      expect(front).to.have.all.keys(['page_title', 'description', ...(file === 'index.md' ? [] : ['subcategory'])]);
      expect(Buffer.byteLength(text)).to.be.below(LARGEST_PAGE);
      expect(text.endsWith('\n') && !text.endsWith('\n\n')).to.equal(true);
    });

    it(`${file} links only to what is there`, () => {
      expect(brokenLinks(file, pages)).to.deep.equal([]);
    });
  }

  it('shows the example of each item, and for resources how to import it', () => {
    for (const { page, example, managed = false } of ITEMS) {
      const text = pages.get(page) as string;
      expect(text)
        .to.include('\n## Example Usage\n')
        .and.include((inputs.get(example) as string).trim());
      expect(/^## (Schema|Signature)$/m.test(text), page).to.equal(true);
      expect(/^## Import$/m.test(text), page).to.equal(managed);
    }
  });

  // Terraform before 1.14 knows neither actions nor lists, so that none at hand can carry out their examples.
  for (const table of TABLES.filter(({ folder }) => folder === 'actions' || folder === 'list-resources')) {
    it(`shows examples of ${table.folder} that give what there is to give, and nothing else`, () => {
      for (const [type, { attributes }] of table.schemas) {
        const [head, body = ''] = (inputs.get(exampleOf(table, type)) as string).split('\n  config {\n');
        expect(head).to.match(new RegExp(`^(action|list) "${type}" "\\w+" \\{$`, 'm'));
        const given = [...body.matchAll(/^ {4}(\w+) += /gm)].map(([, name]) => name);
        expect(attributes.map(({ name }) => name)).to.include.members(given);
        expect(given).to.include.members(attributes.filter(({ required }) => required).map(({ name }) => name));
      }
    });
  }

  it('shows no file that a test does not carry out, and leaves none out that is there to be shown', () => {
    const templates = [...inputs].flatMap(([path, text]) => (path.startsWith(TEMPLATES) ? [text] : [])).join('\n');
    const carriedOut = projectFiles((path) => path.startsWith('test/terraform/') && path.endsWith('.test.ts'))
      .map(readText)
      .join('\n');
    for (const path of inputs.keys()) {
      const [, group, directory = '', name = ''] = path.split('/');
      if (!['guides', 'compatibility'].includes(group as string) || name === '') continue;
      expect(templates).to.include(`"${path}"`);
      // The configurations of `compatibility` are walked through by directory.
      if (group === 'compatibility')
        expect(carriedOut, path).to.include(name === 'main.tf' ? name : `${directory}/${name}`);
      else expect(carriedOut, path).to.include(`guideFiles('${directory}')`).and.include(`'${name}'`);
    }
  });
});

describe('what the documentation cannot be made from', () => {
  const without = (path: string) => new Map([...inputs].filter(([other]) => other !== path));
  const withTemplate = (text: string) => new Map([...inputs, [`${TEMPLATES}guides/x.md.tmpl`, text]]);

  it('a missing example is named', () => {
    for (const path of ['examples/resources/accredit_app/resource.tf', 'examples/resources/accredit_app/import.sh']) {
      expect(() => documentation(without(path))).to.throw(path);
    }
  });

  it('a template that names a missing file, or nothing that there is, says which it was', () => {
    expect(() => documentation(withTemplate('{{tffile "examples/none.tf"}}'))).to.throw('examples/none.tf');
    expect(() => documentation(withTemplate('{{ .Nothing }}')))
      .to.throw('x.md.tmpl')
      .with.property('message')
      .that.includes('.Nothing');
    expect(() => documentation(withTemplate('{{ include "x" }}'))).to.throw('include');
  });

  it('an import.sh that does more than one import is refused', () => {
    expect(readImport('terraform import \'a.b["c"]\' d/e\n')).to.deep.equal({ to: 'a.b["c"]', id: 'd/e' });
    expect(() => readImport('terraform import a.b c\nrm x\n')).to.throw('not one plain');
    expect(() => readImport('terraform plan\n')).to.throw('not one plain');
  });

  it('the identity of a resource has every name of its address, as terraform fmt has it', () => {
    const token = { to: 'a.b', id: 'organizations/x/accounts/y/tokens/z' };
    expect(identityBlock(kindNamed('service_account_token'), token)).to.equal(
      'import {\n  to = a.b\n  identity = {\n    organization = "x"\n    account      = "y"\n    name         = "z"\n  }\n}',
    );
  });

  it('a link to nowhere would be found', () => {
    const linked = new Map([
      ['guides/a.md', '# A b\n[x](../none.md) [y](b.md) [z](#a-b) [w](b.md#c) [v](https://x.example)'],
    ]);
    expect(brokenLinks('guides/a.md', linked)).to.deep.equal(['../none.md', 'b.md', 'b.md#c']);
    linked.set('guides/b.md', '<a id="c"></a>');
    expect(brokenLinks('guides/a.md', linked)).to.deep.equal(['../none.md']);
  });
});
