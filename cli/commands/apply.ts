import type { Options, Verb } from '../command.ts';
import { CliError, EXIT, Interrupted } from '../exit.ts';
import { report } from '../hand-over.ts';
import { type Applied, applyPlan } from '../manifest/apply.ts';
import { located, withFiles } from '../manifest/command.ts';
import { isEmpty, summaryOf } from '../manifest/plan.ts';
import {
  type Planned,
  type PlanningOptions,
  planFrom,
  planJson,
  refuseObstacles,
  withPlanning,
} from '../manifest/planning.ts';
import { progressOn } from '../manifest/progress.ts';
import { shortOf, showPlan, summaryText } from '../manifest/show.ts';
import { printable } from '../output.ts';
import type { Session } from '../session.ts';

/** So many tokens whose secrets were delivered are named; of a large manifest there are thousands. */
const NAMED = 10;

export const apply: Verb = {
  name: 'apply',
  summary: 'makes everything as a manifest declares it',
  description:
    'Shows the plan, asks, and does it: all of it or nothing, and only what was shown. New secrets are made here and taken to ' +
    'where the manifest says before the apply is reported as done. One that was interrupted is run again: no secret is lost, ' +
    'and none rotated twice. Plan and question go to standard error.',
  examples: [
    ['apply -f accounts.yaml', 'asks first'],
    ['apply --yes accounts.yaml', 'does not ask, as a job does'],
    ['apply --yes --only-due accounts.yaml', 'rotates what is due, and nothing else'],
  ],
  handsOutSecrets: true,
  declare(command, act) {
    withPlanning(withFiles(command))
      .option('-y, --yes', 'do not ask')
      .action(
        act(async (session, paths: string[], options: Options<PlanningOptions & { yes?: boolean }>) => {
          const planned = await planFrom(session, paths, options);
          if (!session.json || options.yes !== true) showPlan(planned.plan, planned.deliveries, session.err);
          refuseObstacles(session, [...planned.obstacles, ...planned.obstaclesHere]);
          if (isEmpty(planned.plan)) {
            // What an earlier apply noted has reached everybody, or is of no use to anybody any more.
            if (planned.journal.found.size > planned.aside.size) planned.journal.keepOnly(planned.aside);
            if (session.json) await report(session.streams.stdout, `${appliedJson(planned, undefined)}\n`);
            return EXIT.ok;
          }
          if (options.yes !== true && !(await session.confirm('Apply this?'))) {
            throw new CliError('not applied', { status: EXIT.notConfirmed, code: 'not-confirmed' });
          }
          const applied = await carryOut(session, planned);
          if (session.json) await report(session.streams.stdout, `${appliedJson(planned, applied)}\n`);
          else showDone(session, planned, applied);
          return reportFailures(session, applied);
        }),
      );
  },
};

function carryOut(session: Session, { manifest, plan, deliveries, journal, aside, write }: Planned): Promise<Applied> {
  const { environment, streams, err } = session;
  return located(session, manifest, () =>
    applyPlan({
      client: session.client(`manifest/${manifest.name}`),
      plan,
      deliveries,
      journal,
      aside,
      options: write,
      surroundings: { environment, stdout: streams.stdout, stderr: streams.stderr, signal: session.signal },
      progress: progressOn(err),
      warn: (text) => session.warn([text]),
    }),
  );
}

function showDone({ err }: Session, { plan }: Planned, { answer, delivered }: Applied): void {
  err.line(`Applied: ${summaryText(summaryOf(plan, answer), false)}.`);
  if (delivered.length === 0) return;
  const names = delivered.slice(0, NAMED).map(shortOf).join(', ');
  const more = delivered.length > NAMED ? ` and ${delivered.length - NAMED} more` : '';
  err.line(`Delivered: the ${delivered.length === 1 ? 'secret' : 'secrets'} of ${names}${more}.`);
}

function reportFailures({ err, signal }: Session, { failures }: Applied): number {
  if (failures.length === 0) return EXIT.ok;
  if (signal.aborted && signal.reason instanceof Interrupted) {
    const { status, code } = signal.reason;
    const message =
      'interrupted: the daemon has applied the manifest, but not every secret has been delivered and confirmed; run it again, here';
    throw new CliError(message, { status, code });
  }
  for (const { address, why } of failures) err.line(`${err.style('red', 'error:')} ${address}: ${printable(why)}`);
  throw new CliError(
    'the daemon has applied the manifest, but not every secret has been delivered and confirmed: remove the cause and run it again, here',
    { code: 'undelivered' },
  );
}

/** In one line, since lines with secrets may stand before it. */
function appliedJson(planned: Planned, applied: Applied | undefined): string {
  const { to_deliver: _expected, ...shown } = planJson(planned);
  return JSON.stringify({ ...shown, applied: true, delivered: [...(applied?.delivered ?? [])] });
}
