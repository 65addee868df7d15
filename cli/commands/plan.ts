import type { Options, Verb } from '../command.ts';
import { EXIT } from '../exit.ts';
import { showFindings, withFiles } from '../manifest/command.ts';
import { isEmpty } from '../manifest/plan.ts';
import {
  asWarnings,
  type PlanningOptions,
  planFrom,
  planJson,
  refuseObstacles,
  withPlanning,
} from '../manifest/planning.ts';
import { showPlan } from '../manifest/show.ts';

export const plan: Verb = {
  name: 'plan',
  summary: 'shows what an apply of a manifest would do',
  description:
    'Asks the daemon what an apply would do: + creates, ~ updates, -/+ gives a new secret, - deletes, and after ! what would ' +
    'stop working. Changes nothing.',
  examples: [
    ['plan -f accounts.yaml', 'what would change'],
    ['plan --detailed-exitcode accounts.yaml', 'exit status 0 without changes, 2 with some, 1 for an error'],
    ['plan --json accounts.yaml', 'the same for programs'],
    ['plan --only-due accounts.yaml', 'only which tokens are due for a new secret'],
  ],
  usageStatus: EXIT.failed,
  declare(command, act) {
    withPlanning(withFiles(command))
      .option('--detailed-exitcode', 'exit with 2 if there are changes')
      .action(
        act(async (session, paths: string[], options: Options<PlanningOptions & { detailedExitcode?: boolean }>) => {
          const planned = await planFrom(session, paths, options);
          if (session.json) session.out.json(planJson(planned));
          else showPlan(planned.plan, planned.deliveries, session.out);
          refuseObstacles(session, planned.obstacles);
          if (!session.json) showFindings(asWarnings(planned.obstaclesHere), session.err);
          return options.detailedExitcode === true && !isEmpty(planned.plan) ? EXIT.changes : EXIT.ok;
        }),
      );
  },
};
