import { Option } from 'commander';
import type { SecretKind } from '../../terraform-provider-spec/kind.ts';
import { mintToken, SECRET_KINDS, secretHash, TOKEN_PATTERN, tokenKind } from '../../terraform-provider-spec/token.ts';
import type { Options, Verb } from '../command.ts';
import { CliError, UsageError } from '../exit.ts';
import { handOver } from '../hand-over.ts';
import { jsonText } from '../output.ts';
import { readSecret } from '../prompt.ts';
import type { Session } from '../session.ts';

const KINDS: Readonly<Record<SecretKind, string>> = {
  sa: 'a service account',
  app: 'an app',
  pat: 'a person',
  scim: 'an identity provider, for SCIM',
  enrol: 'the enrolment of a person',
};

export const token: Verb = {
  name: 'token',
  summary: 'makes, hashes and reads tokens, without any daemon',
  description:
    'Makes a token and prints it with its hash, for secret_hash and the bootstrap; or tells of a token what it is. ' +
    'Nothing is stored, and nothing is sent. A token is read from standard input, never from the command line, which everybody on the ' +
    'machine can read.',
  examples: [
    ['token', 'a new token of a service account and its hash; the same as "token new"'],
    ['token new --kind pat --json', 'one of a person, as JSON'],
    ['token hash < deploy-token', 'the hash of a token, as secret_hash takes it'],
    ['token parse < deploy-token', 'what a token is for, and whether it was copied whole'],
  ],
  handsOutSecrets: true,
  declare(command, act) {
    command
      .command('new', { isDefault: true })
      .description('Makes a token; only its hash need ever leave the machine.')
      .addOption(new Option('--kind <kind>', 'whose it is to be').choices(SECRET_KINDS).default('sa'))
      .action(
        act(async ({ json, streams }, { kind }: Options<{ kind: SecretKind }>) => {
          const made = mintToken(kind);
          const hash = secretHash(made);
          const text = json ? jsonText({ token: made, secret_hash: hash }) : `token: ${made}\nsecret_hash: ${hash}\n`;
          await handOver(streams.stdout, text);
        }),
      );
    command
      .command('hash')
      .description('Reads a token from standard input and prints its hash.')
      .action(
        act(async (session, _options: Options<object>) => {
          const read = await readToken(session);
          if (tokenKind(read) === undefined) throw notAToken(read);
          if (session.json) session.out.json({ secret_hash: secretHash(read) });
          else session.out.line(secretHash(read));
        }),
      );
    command
      .command('parse')
      .description('Reads a token from standard input and tells what it is for, and whether its checksum holds.')
      .action(
        act(async (session, _options: Options<object>) => {
          const read = await readToken(session);
          const kind = tokenKind(read);
          if (kind === undefined) throw notAToken(read);
          if (session.json) session.out.json({ kind, checksum: 'ok', secret_hash: secretHash(read) });
          else session.out.line(`a token of ${KINDS[kind]} (acr_${kind}_…); its checksum holds\n${secretHash(read)}`);
        }),
      );
  },
};

async function readToken(session: Session): Promise<string> {
  const { streams, signal } = session;
  const read = (await readSecret('Token: ', { input: streams.stdin, output: streams.stderr, signal })).trim();
  if (read === '') throw new UsageError('no token: give one on standard input');
  return read;
}

/** Never repeats the text. */
function notAToken(text: string): CliError {
  const why = TOKEN_PATTERN.test(text)
    ? 'its checksum does not hold: a character is wrong'
    : /^acr_/.test(text)
      ? `it has ${text.length} characters, or others than letters and digits: it was not copied whole`
      : 'it does not begin with acr_';
  return new CliError(`this is no token of Accredit: ${why}`, { code: 'not-a-token' });
}
