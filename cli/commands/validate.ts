import type { Options, Verb } from '../command.ts';
import { type FileOptions, findingJson, readFiles, readManifest, withFiles } from '../manifest/command.ts';

export const validate: Verb = {
  name: 'validate',
  summary: 'checks a manifest without a daemon',
  description:
    'Checks the form of a manifest, every attribute, and references as far as both ends are in it. Needs no daemon and no ' +
    'token. Says everything that is wrong at once, with file, line and column.',
  examples: [
    ['validate accounts.yaml', 'one file'],
    ['validate manifests/shop', 'all files of a directory, which are one manifest'],
    ['validate --json accounts.yaml', 'what is wrong as JSON, on standard error'],
  ],
  declare(command, act) {
    withFiles(command).action(
      act(async (session, paths: string[], options: Options<FileOptions>) => {
        const { name, members, warnings } = await readManifest(session, readFiles(paths, options));
        const count = members.length === 1 ? 'one resource' : `${members.length} resources`;
        if (session.json) {
          const found = warnings.map(findingJson);
          session.out.json({ valid: true, manifest: name, resources: members.length, warnings: found });
        } else session.out.line(`The manifest ${name} is valid: ${count}.`);
      }),
    );
  },
};
