import type { Options, Verb } from '../command.ts';
import type { Connection } from '../connection.ts';
import { CliError, EXIT } from '../exit.ts';
import { printable, type Style } from '../output.ts';
import type { Check, Session } from '../session.ts';

const STYLES: Readonly<Record<Check['status'], Style>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  skipped: 'dim',
};

export const doctor: Verb = {
  name: 'doctor',
  summary: 'looks for what may be wrong: endpoint, TLS, clock, token, key, permissions, disk',
  description:
    'Looks at the way to the daemon (TLS, version, clock, token), and at the data directory if it is on this machine (permissions, ' +
    'master key, disk). Changes nothing. Exits with 1 if something failed; warnings do not count.',
  examples: [
    ['doctor', 'the endpoint that the other verbs use, and ./data'],
    ['doctor --profile production --data-dir /var/lib/accredit --json', 'others, for a script'],
  ],
  declare(command, act) {
    command.option('--data-dir <directory>', 'the data directory; by default as the daemon takes it').action(
      act(async (session, { dataDir, tokenFile }: Options<{ dataDir?: string }>) => {
        const { checkConnection, checkFiles } = await import('../doctor/checks.ts');
        const connection = connectionOf(session);
        const found: Check[] = [
          ...('check' in connection ? [connection.check] : await checkConnection(connection, session.signal)),
          ...checkFiles(session.environment, tokenFile),
          ...(await session.host.checkInstallation(
            session.environment,
            dataDir === undefined ? [] : ['--data-dir', dataDir],
          )),
        ];
        const failed = found.some(({ status }) => status === 'failed');
        if (session.json) session.out.json({ ok: !failed, checks: found.map((check) => ({ ...check })) });
        else print(session, found);
        return failed ? EXIT.failed : EXIT.ok;
      }),
    );
  },
};

/** Settings that cannot be read are a finding too. */
function connectionOf(session: Session): Connection | { readonly check: Check } {
  try {
    return session.connection;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { check: { name: 'settings', status: 'failed', detail: error.message } };
  }
}

function print({ out }: Session, checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, status, detail } of checks) {
    out.line(`${out.style(STYLES[status], status.padEnd(7))}  ${name.padEnd(width)}  ${printable(detail)}`);
  }
}
