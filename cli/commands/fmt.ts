import type { Options, Verb } from '../command.ts';
import { CliError } from '../exit.ts';
import { readText } from '../file-trouble.ts';
import { type FileOptions, readFiles, showFindings, withFiles } from '../manifest/command.ts';
import { replaceFile } from '../manifest/files.ts';
import type { Finding } from '../manifest/finding.ts';
import { printable } from '../output.ts';

export const fmt: Verb = {
  name: 'fmt',
  summary: 'lays out manifest files in one way',
  description:
    'Writes manifest files in one layout. Values, their order and all comments stay. Prints the names of the files that it ' +
    'changed; formatted again, they are what they are.',
  examples: [
    ['fmt accounts.yaml', 'formats a file'],
    ['fmt --check manifests/shop', 'changes nothing; fails if a file is not formatted'],
    ['fmt -', 'formats standard input to standard output'],
  ],
  declare(command, act) {
    withFiles(command)
      .option('--check', 'change nothing, and fail if anything would change')
      .action(
        act(async (session, paths: string[], options: Options<FileOptions & { check?: boolean }>) => {
          const { formatText } = await import('../manifest/format.ts');
          const changed: string[] = [];
          const findings: Finding[] = [];
          for (const { file, text, unreadable } of readFiles(paths, options).files) {
            if (unreadable !== undefined) {
              findings.push(unreadable);
              continue;
            }
            const formatted = formatText(file, text);
            if (!formatted.ok) {
              findings.push(...formatted.findings);
              continue;
            }
            const isInput = file === '<stdin>';
            if (isInput && options.check !== true) session.out.write(formatted.text);
            if (formatted.text === text) continue;
            changed.push(file);
            if (isInput || options.check === true) continue;
            // Somebody may be writing in it at this moment: what they see is not lost.
            if (readText(file) === text) replaceFile(file, formatted.text);
          }
          const isInput = changed.length === 1 && changed[0] === '<stdin>' && options.check !== true;
          if (session.json) session.out.json({ changed });
          else if (!isInput)
            for (const file of changed) session.out.line(session.out.isTerminal ? printable(file) : file);
          showFindings(findings, session.err);
          if (findings.length > 0)
            throw new CliError('not everything could be formatted', { code: 'invalid-manifest' });
          return options.check === true && changed.length > 0 ? 1 : 0;
        }),
      );
  },
};
