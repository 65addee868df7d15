import { existsSync, statSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Written } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { parseAddress } from '../../terraform-provider-spec/address.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Json } from '../../terraform-provider-spec/kind.ts';
import { writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { MANIFEST } from '../../terraform-provider-spec/manifest.ts';
import { mintToken, tokenKind } from '../../terraform-provider-spec/token.ts';
import { tokenAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';
import { clientFor } from '../connection.ts';
import { CliError, EXIT, UsageError } from '../exit.ts';
import { fileTrouble, readText } from '../file-trouble.ts';
import { handOver, report } from '../hand-over.ts';
import { removeDurably, writeDurably } from '../manifest/durable.ts';
import { jsonText, printable } from '../output.ts';
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
  handsOutSecrets: true,
  declare(command, act) {
    command
      .argument('<address>', 'of the token: accounts/ci/tokens/deploy')
      .option(
        '--overlap <duration>',
        'how long the former secret goes on working; by default as the token declares',
        formatted('duration-or-zero'),
      )
      .option('--if-rotated-at <time>', 'only if this is still its rotated_at', formatted('timestamp'))
      .option('--secret-file <file>', 'where to write the secret instead of printing it')
      .option('--allow-self', 'even if it is the token that this command uses, without an overlap')
      .action(
        act(async (session, text: string, options: Options<RotateOptions>) => {
          const address = tokenAddress(text, session.connection.organization);
          const { resource } = await session.client().get(address, { signal: session.signal });
          const kind = writtenKind(parseAddress(address).kind, resource.purpose);
          if (kind === undefined) throw new UsageError(`${address} has no secret`);
          session.warn(aboutManifest(address, resource.managed_by));
          const { overlap, ifRotatedAt, allowSelf, secretFile } = options;
          const rotation = { address, overlap, ifRotatedAt, allowSelf };
          if (secretFile === undefined) await toOutput(session, { ...rotation, secret: mintToken(kind) });
          else await toFile(session, rotation, secretFile, () => mintToken(kind));
        }),
      );
  },
};

/** What "deliver" in a manifest names is served by an apply alone, and is left with the former secret. */
function aboutManifest(address: string, manager: Json | undefined): string[] {
  if (typeof manager !== 'string' || !manager.startsWith(`${MANIFEST.kind}/`)) return [];
  return [
    `${address} is managed by ${printable(manager)}: this rotation takes its secret to nothing that "deliver" names there, which ` +
      'keeps the former one. To serve it too, give the token another "rotation" in the manifest, and apply that',
  ];
}

/** Refuses what the daemon would refuse, before a secret is made for it. */
function formatted(format: 'duration-or-zero' | 'timestamp'): (text: string) => string {
  return (text) => {
    if (FORMATS[format].check(text) === undefined) return text;
    throw new InvalidArgumentError(`It must be ${FORMATS[format].text}.`);
  };
}

async function toOutput(session: Session, rotation: Rotation): Promise<void> {
  const { address, secret } = rotation;
  const show = async () => {
    try {
      await handOver(session.streams.stdout, session.json ? jsonText({ address, secret }) : `${secret}\n`);
    } catch (error) {
      throw new CliError(
        `the new secret of ${address} could not be printed, so nobody has it (${fileTrouble(error)}): rotate it ` +
          'again, or with --secret-file',
        { code: 'undelivered' },
      );
    }
  };
  try {
    await apply(session, rotation);
  } catch (error) {
    if (!(error instanceof RotationUnknown)) throw error;
    await show();
    throw new CliError(
      `${error.message}. The secret on standard output is the new one if it was: keep it, and ask with "accredit whoami" ` +
        'which one works',
      error,
    );
  }
  await show();
}

/** The secret waits beside its file until the daemon has taken it; what waits there from a run that was cut off is used. */
async function toFile(
  session: Session,
  rotation: Omit<Rotation, 'secret'>,
  file: string,
  mint: () => string,
): Promise<void> {
  const { address } = rotation;
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--secret-file: ${file} is a directory, and a file is needed`);
  }
  const pending = `${file}.pending`;
  const begun = pendingSecret(pending, file, address);
  const secret = begun ?? mint();
  if (begun === undefined) writeDurably(pending, `${secret}\n${address}\n`);
  else session.warn([`${pending} holds a secret of a rotation that was cut off: going on with it`]);
  try {
    const written = await apply(session, { ...rotation, secret });
    if (begun !== undefined && written !== undefined) await requireCurrent(session, written, pending);
  } catch (error) {
    if (error instanceof RotationUnknown) {
      throw new CliError(`${error.message}. The new secret is in ${pending}: run the same command again`, error);
    }
    if (begun !== undefined && error instanceof ApiError && error.code === 'secret-in-use')
      throw overtaken(address, pending);
    // The daemon has refused it: it is nobody's secret.
    if (begun === undefined) removeDurably(pending);
    throw error;
  }
  writeDurably(file, `${secret}\n`);
  removeDurably(pending);
  const said = session.json
    ? jsonText({ address, secret_file: file })
    : `rotated ${address}; the secret is in ${file}\n`;
  await report(session.streams.stdout, said);
}

/** A repetition is answered as the first time, also when somebody has rotated the token since. */
async function requireCurrent({ client, signal }: Session, { resource }: Written, pending: string): Promise<void> {
  const address = String(resource.address);
  const { resource: now } = await client().get(address, { signal });
  if (now.rotated_at !== resource.rotated_at) throw overtaken(address, pending);
}

function overtaken(address: string, pending: string): CliError {
  return new CliError(
    `the secret in ${pending} was taken by the daemon and opens nothing now: ${address} was rotated since, or is ` +
      `disabled. Enable it and run the command again, or remove ${pending} for another secret`,
    { status: EXIT.conflict, code: 'secret-in-use' },
  );
}

async function apply(session: Session, rotation: Rotation): Promise<Written | undefined> {
  const probe = clientFor({ ...session.connection, token: rotation.secret });
  try {
    const written = await rotateTo(session.client(), probe, { ...rotation, signal: session.signal });
    session.warn(written?.warnings ?? []);
    return written;
  } finally {
    probe.close();
  }
}

/** The secret of a rotation that was cut off; `undefined` if none was, or only after its secret had reached the file. */
function pendingSecret(pending: string, file: string, address: string): string | undefined {
  const [secret = '', of] = (contentOf(pending) ?? '').split('\n');
  if (secret === '' || contentOf(file)?.trim() === secret) return undefined;
  if (tokenKind(secret) === undefined) {
    throw new CliError(`${pending} is in the way: it is no secret of a rotation that was cut off`);
  }
  if (of === address) return secret;
  throw new CliError(
    `${pending} holds the secret of a rotation of ${of} that was cut off: end that one first, with "accredit rotate ` +
      `${of} --secret-file ${file}"`,
  );
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readText(path) : undefined;
}
