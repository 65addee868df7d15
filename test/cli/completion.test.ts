/** Completion in real shells: what is offered is what the command takes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { programOf } from '../../cli/main.ts';
import { freshPlace, HOST } from './stage.ts';

/** For each shell, a script that loads the completion from a file and prints what it offers behind the words, a line each. */
const SHELLS: Readonly<Record<string, (file: string, words: readonly string[]) => [string, string[]]>> = {
  bash: (file, words) => [
    `source ${file}
     COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
     _accredit; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ['--noprofile', '--norc', '-c'],
  ],
  zsh: (file, words) => [
    // compadd works only while zsh completes; here it prints what it is given.
    `compdef() { : }; compadd() { shift; printf '%s\\n' "$@" }; _files() { print -l *(N) }; source ${file}
     words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _accredit`,
    ['-f', '-c'],
  ],
  fish: (file, words) => [
    `source ${file}; complete -C '${words.join(' ')}' | string replace -r '\\t.*' ''; true`,
    ['--no-config', '-c'],
  ],
};

describe('completion', () => {
  const place = freshPlace();

  for (const [shell, commandFor] of Object.entries(SHELLS)) {
    describe(`in ${shell}`, () => {
      before(function () {
        if (spawnSync(shell, ['-c', 'exit 0']).status !== 0) this.skip();
      });

      async function offered(...words: string[]): Promise<string[]> {
        const { stdout, stderr } = await place().cli(['completion', shell]);
        expect(stderr).to.equal('');
        const file = place().write(`completion.${shell}`, stdout);
        const [script, flags] = commandFor(file, ['accredit', ...words]);
        const said = execFileSync(shell, [...flags, script], { cwd: place().path, encoding: 'utf8' });
        const last = words.at(-1) ?? '';
        const lines = said.split('\n').filter((line) => line !== '');
        // What the shell itself filters by.
        return lines.filter((line) => line.startsWith(last));
      }

      it('offers every verb', async () => {
        const verbs = programOf(HOST, process, () => () => async () => undefined).commands.map((each) => each.name());
        expect(await offered('')).to.include.members(verbs);
        expect(await offered('re')).to.have.members(['revoke', 'restore', 'restore-backup']);
      });

      it('offers the flags of a verb, and of the daemon’s', async () => {
        expect(await offered('list', 'tokens', '--un')).to.deep.equal(['--unused-since']);
        expect(await offered('rotate', '--sec')).to.deep.equal(['--secret-file']);
        expect(await offered('serve', '--data')).to.deep.equal(['--data-dir']);
        expect(await offered('init', '--rec')).to.include('--recover');
        expect(await offered('token', 'new', '--k')).to.deep.equal(['--kind']);
      });

      it('offers the values that there are', async () => {
        expect(await offered('revoke', 'accounts/ci/tokens/deploy', '--reason', '')).to.have.members([
          'compromised',
          'leaver',
          'other',
        ]);
        expect(await offered('completion', 'z')).to.deep.equal(['zsh']);
        expect(await offered('token', 'ha')).to.deep.equal(['hash']);
      });

      it('offers files where one is wanted, and nothing where only you know', async () => {
        place().write('my-secret', 'x');
        expect(await offered('whoami', '--token-file', 'my')).to.deep.equal(['my-secret']);
        // fish offers flags only behind a verb.
        if (shell !== 'fish') expect(await offered('--token-file', 'my')).to.deep.equal(['my-secret']);
        expect(await offered('backup', 'my')).to.deep.equal(['my-secret']);
        for (const verb of ['plan', 'apply', 'validate', 'fmt', 'backup', 'restore-backup']) {
          expect(await offered(verb, 'my'), verb).to.deep.equal(['my-secret']);
        }
        place().write('my manifests/a.yaml', '');
        for (const before of [
          ['plan', '-f'],
          ['apply', '--yes', '--file'],
          ['plan', '--adopt'],
          ['fmt', 'my-secret'],
        ]) {
          const found = (await offered(...before, 'my')).map((one) => one.replace('\\', '').replace(/\/$/, ''));
          expect(found, before.join(' ')).to.have.members(['my manifests', 'my-secret']);
        }
        expect(await offered('plan', '-f', 'my-secret', '--ado')).to.deep.equal(['--adopt']);
        expect(await offered('audit', '-f', 'my')).to.deep.equal([]);
        expect(await offered('list', 'tokens', '--unused-since', '')).to.not.include.members(['list', '--json']);
      });
    });
  }
});
