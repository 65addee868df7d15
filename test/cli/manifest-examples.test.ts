/** Every example applies as it stands, and every command that docs/manifests.md shows does what it says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { TOKEN_PATTERN } from '../../terraform-provider-spec/token.ts';
import { projectFiles, readText } from '../architecture/sources.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { freshStage } from './manifest-stage.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples/manifests');
const DIRECTORIES = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe('the examples of manifests', () => {
  const { stage, workshop } = freshStage();
  const own = ownBlocks('test/cli/manifest-examples.test.ts');

  beforeEach(() => cpSync(EXAMPLES, workshop().file('examples/manifests'), { recursive: true }));

  const environment = () => ({ STAGE: 'test', GITHUB_OUTPUT: workshop().file('step') });

  for (const directory of DIRECTORIES) {
    it(`${directory} is formatted, valid, applies, delivers secrets that work, and then plans to nothing`, async () => {
      const path = workshop().file(`examples/manifests/${directory}`);
      const words = async (...given: string[]) => {
        const { status, stdout, stderr } = await workshop().accredit([...given, path], environment());
        expect(status, stdout + stderr).to.equal(0);
        return { stdout, stderr };
      };
      await words('fmt', '--check');
      expect((await words('validate')).stderr).to.equal('');
      const { stdout } = await words('apply', '--yes');
      await words('plan', '--detailed-exitcode');
      const files = readdirSync(workshop().path, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      const texts = files.map((entry) =>
        workshop().read(join(entry.parentPath, entry.name).slice(workshop().path.length + 1)),
      );
      const anywhere = new RegExp(TOKEN_PATTERN.source.slice(1, -1), 'g');
      const secrets = new Set([...texts, stdout].flatMap((text) => text.match(anywhere) ?? []));
      expect(secrets.size).to.be.above(0);
      for (const token of secrets) {
        const { body } = await stage().daemon.request.post('/v1/introspect').type('form').send({ token });
        expect(body.active).to.equal(true);
      }
    });
  }

  it('each file fits the schema that its first line names for editors', () => {
    const schema = JSON.parse(readText('terraform-provider-spec/generated/manifest.schema.json'));
    const fits = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    for (const path of projectFiles((one) => /^examples\/manifests\/.*\.(yaml|json)$/.test(one))) {
      const text = readText(path);
      const [document] = parseAllDocuments(text);
      expect(fits(document?.toJS()), `${path}: ${JSON.stringify(fits.errors)}`).to.equal(true);
      const named = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1];
      if (path.endsWith('.yaml')) expect(existsSync(join(ROOT, path, '..', named ?? 'none')), path).to.equal(true);
    }
  });

  it('each command block of docs/manifests.md runs through', async () => {
    // As in the shell of somebody who has the command on the path.
    const bin = workshop().file('bin');
    mkdirSync(bin);
    workshop().write('bin/accredit', `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin/accredit')}" "$@"\n`);
    chmodSync(join(bin, 'accredit'), 0o755);
    const blocks = own.takeAll();
    expect(blocks).to.have.length.above(4);
    for (const block of blocks) {
      const child = spawn('bash', ['-euo', 'pipefail', '-c', block], {
        cwd: workshop().path,
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          HOME: workshop().path,
          ACCREDIT_ENDPOINT: stage().daemon.url,
          ACCREDIT_TOKEN_FILE: workshop().write('token', stage().daemon.adminToken),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      const [status] = await once(child, 'close');
      expect(status, `${block}\n${output}`).to.equal(0);
    }
  }).timeout(120_000);
});
