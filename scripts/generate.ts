/** Writes `terraform-provider-spec/generated/`: what derives from the kinds and is checked in for others to read. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { generatedFiles } from '../terraform-provider-spec/derive/generated.ts';

const directory = new URL('../terraform-provider-spec/generated/', import.meta.url);
const files = generatedFiles();

await mkdir(directory, { recursive: true });
for (const name of await readdir(directory)) {
  if (!files.has(name)) await rm(new URL(name, directory), { recursive: true });
}
for (const [name, text] of files) {
  await writeFile(new URL(name, directory), text);
  console.log(`wrote terraform-provider-spec/generated/${name}`);
}
