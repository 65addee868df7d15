import { access, readFile, rm } from 'node:fs/promises';
import { parseAddress } from '../../terraform-provider-spec/address.ts';
import { writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken, tokenKind } from '../../terraform-provider-spec/token.ts';
import { tokenAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';
import { clientFor } from '../connection.ts';
import { CliError, UsageError } from '../exit.ts';
import { moveFile, writePrivateFile } from '../private-file.ts';
import { type Rotation, RotationUnknown, rotateTo } from '../rotation.ts';
import type { Session } from '../session.ts';

interface RotateOptions {
  readonly overlap?: string;
  readonly ifRotatedAt?: string;
  readonly secretFile?: string;
  readonly allowSelf?: boolean;
}

export const rotate: Verb = {
  name: 'rotate',
  summary: 'gives a token a new secret',
  description:
    'Gives a token a new secret under the same address. The secret is made here, the daemon learns only its hash, and it is ' +
    'printed once, or written to a file that only you can read. With --secret-file it is on the disk before the daemon hears of it: ' +
    'interrupted at whatever point and run again, the command ends what it began, and rotates once.',
  examples: [
    ['rotate accounts/ci/tokens/deploy --overlap 1h', 'the old secret works for an hour more'],
    ['rotate accounts/ci/tokens/deploy --secret-file ./deploy-token', 'the new secret into a file, mode 0600'],
  ],
  declare(command, act) {
    command
      .argument('<address>', 'of the token: accounts/ci/tokens/deploy')
      .option('--overlap <duration>', 'how long the former secret goes on working; by default as the token declares')
      .option('--if-rotated-at <time>', 'only if this is still its rotated_at')
      .option('--secret-file <file>', 'where to write the secret instead of printing it')
      .option('--allow-self', 'even if it is the token that this command uses, without an overlap')
      .action(
        act(async (session, text: string, options: Options<RotateOptions>) => {
          const address = tokenAddress(text, session.connection.organization);
          const { resource } = await session.client().get(address, { signal: session.signal });
          const kind = writtenKind(parseAddress(address).kind, resource.purpose);
          if (kind === undefined) throw new UsageError(`${address} has no secret`);
          const { overlap, ifRotatedAt, allowSelf, secretFile } = options;
          const rotation = { address, overlap, ifRotatedAt, allowSelf };
          if (secretFile === undefined) await toOutput(session, { ...rotation, secret: mintToken(kind) });
          else await toFile(session, rotation, secretFile, () => mintToken(kind));
        }),
      );
  },
};

async function toOutput(session: Session, rotation: Rotation): Promise<void> {
  const { address, secret } = rotation;
  const show = () => (session.json ? session.out.json({ address, secret }) : session.out.line(secret));
  try {
    await apply(session, rotation);
  } catch (error) {
    if (!(error instanceof RotationUnknown)) throw error;
    show();
    throw new CliError(
      `${error.message}. The secret on standard output is the new one if it was: keep it, and ask with "accredit whoami" ` +
        'which one works',
      error,
    );
  }
  show();
}

/** The secret waits beside its file until the daemon has taken it; what waits there from a run that was cut off is used. */
async function toFile(
  session: Session,
  rotation: Omit<Rotation, 'secret'>,
  file: string,
  mint: () => string,
): Promise<void> {
  const pending = `${file}.pending`;
  let secret = await readPending(pending);
  if (secret === undefined) {
    secret = mint();
    await writePrivateFile(pending, `${secret}\n`);
  } else session.warn([`${pending} holds a secret of a rotation that was cut off: going on with it`]);
  try {
    await apply(session, { ...rotation, secret });
  } catch (error) {
    if (error instanceof RotationUnknown) {
      throw new CliError(`${error.message}. The new secret is in ${pending}: run the same command again`, error);
    }
    await rm(pending, { force: true });
    throw error;
  }
  await moveFile(pending, file);
  if (session.json) session.out.json({ address: rotation.address, secret_file: file });
  else session.out.line(`rotated ${rotation.address}; the secret is in ${file}`);
}

async function apply(session: Session, rotation: Rotation): Promise<void> {
  const probe = clientFor({ ...session.connection, token: rotation.secret });
  try {
    const written = await rotateTo(session.client(), probe, { ...rotation, signal: session.signal });
    session.warn(written?.warnings ?? []);
  } finally {
    probe.close();
  }
}

async function readPending(path: string): Promise<string | undefined> {
  try {
    await access(path);
  } catch {
    return undefined;
  }
  const text = (await readFile(path, 'utf8')).trim();
  if (tokenKind(text) !== undefined) return text;
  throw new CliError(`${path} is in the way: it is no secret of a rotation that was cut off`);
}
