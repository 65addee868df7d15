import type { DeleteOptions, DryRun } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { wholeAddress } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { printable } from '../output.ts';
import type { Session } from '../session.ts';

interface Given {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly cascade: boolean;
  readonly revoke?: boolean;
  readonly adopt?: boolean;
  readonly allowSelf?: boolean;
}

export const deletion: Verb = {
  name: 'delete',
  summary: 'deletes a resource, after showing what that cuts off',
  description:
    'Shows what a deletion would cut off, asks, and deletes; accounts, apps and users with their tokens. What has changed ' +
    'since it was shown is not deleted.',
  examples: [
    ['delete accounts/ci', 'shows which secrets would stop working, and asks'],
    ['delete accounts/ci/tokens/deploy --dry-run --json', 'only shows'],
    ['delete accounts/ci --no-cascade --yes', 'without a question, unless it has live tokens'],
  ],
  declare(command, act) {
    command
      .argument('<address>', 'accounts/ci, or organizations/default/accounts/ci')
      .option('-y, --yes', 'do not ask; needed where there is no terminal')
      .option('--dry-run', 'only show what would happen')
      .option('--no-cascade', 'refuse while there are live tokens below')
      .option('--revoke', 'revoke a live token first, where its profile wants that')
      .option('--adopt', 'even if another manager declares it')
      .option('--allow-self', 'even if it ends the token that this command uses')
      .action(act(removeResource));
  },
};

async function removeResource(session: Session, text: string, given: Options<Given>): Promise<number | undefined> {
  const address = wholeAddress(text, session.connection.organization);
  const client = session.client();
  const etag = await etagOf(session, address);
  if (etag === undefined) {
    report(session, { address, outcome: 'unchanged', cuts_off: [] }, `there is nothing at ${address}`);
    return undefined;
  }
  const options: DeleteOptions = {
    ifMatch: etag,
    adopt: given.adopt ?? false,
    allowSelf: given.allowSelf ?? false,
    signal: session.signal,
    ...(!given.cascade && { cascade: false }),
    ...(given.revoke && { revoke: true }),
  };
  const plan = await client.planDelete(address, options);
  const cutsOff = [...plan.cutsOff];
  if (given.dryRun) {
    report(session, { address, outcome: plan.outcome, cuts_off: cutsOff }, describe(session.out, address, plan));
    return undefined;
  }
  session.err.line(describe(session.err, address, plan));
  if (!given.yes) {
    if (!(await session.confirm(`Delete ${address}?`))) {
      throw new CliError('not deleted', { status: EXIT.notConfirmed, code: 'not-confirmed' });
    }
    if (secretsIn(await client.planDelete(address, options)) !== secretsIn(plan)) {
      throw new CliError(
        'not deleted: other secrets would stop working than were shown. Look at it again, then repeat',
        {
          status: EXIT.conflict,
          code: 'precondition-failed',
        },
      );
    }
  }
  const outcome = await client.delete(address, options);
  report(session, { address, outcome, cuts_off: cutsOff }, `deleted ${address}`);
  return undefined;
}

async function etagOf({ client, signal }: Session, address: string): Promise<string | undefined> {
  try {
    return (await client().get(address, { signal })).etag;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/**
 * What a deletion would cut off, without when that was last used. The entity tag covers only the resource itself, and no
 * token that somebody makes below it while the question waits.
 */
function secretsIn({ cutsOff, parts }: DryRun): string {
  return JSON.stringify([cutsOff.map((each) => each.split(', ')[0]), parts]);
}

/** What would go, and what would stop working with it, a line each. */
function describe({ style }: Session['out'], address: string, { cutsOff, warnings, parts }: DryRun): string {
  return [
    ...[address, ...parts].map((each) => style('red', `- ${each}`)),
    ...cutsOff.map((each) => `    ${style('yellow', '!')} ${printable(each)}`),
    ...warnings.map((each) => `    ${style('yellow', 'warning:')} ${printable(each)}`),
    ...(cutsOff.length === 0 ? [`    ${style('dim', 'no secret stops working')}`] : []),
  ].join('\n');
}

interface Report {
  readonly [name: string]: string | string[];
  readonly address: string;
  readonly outcome: string;
  readonly cuts_off: string[];
}

function report({ json, out }: Session, result: Report, text: string): void {
  if (json) out.json(result);
  else out.line(text);
}
