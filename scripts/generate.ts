/** Writes what derives from the contract and is checked in for others to read: the generated files of `terraform-provider-spec/`. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { GENERATED_DIRECTORIES, generatedFiles } from '../terraform-provider-spec/derive/generated.ts';
import { documentationInputs } from './documentation-inputs.ts';

const root = new URL('../terraform-provider-spec/', import.meta.url);
const files = generatedFiles(documentationInputs());

for (const directory of GENERATED_DIRECTORIES) await rm(new URL(directory, root), { recursive: true, force: true });
for (const [path, text] of files) {
  await mkdir(new URL('.', new URL(path, root)), { recursive: true });
  await writeFile(new URL(path, root), text);
}
console.log(
  `wrote ${files.size} files to ${GENERATED_DIRECTORIES.map((name) => `terraform-provider-spec/${name}`).join(' and ')}`,
);
