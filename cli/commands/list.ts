import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { collectionOf } from '../addresses.ts';
import type { Options, Verb } from '../command.ts';
import { UsageError } from '../exit.ts';
import { addFilterOptions, type FilterOptions, filtersOf } from '../filters.ts';
import { resourceTable } from '../resources.ts';

export const list: Verb = {
  name: 'list',
  summary: 'lists the resources of a collection',
  description:
    'Lists the resources of a collection as a table, or all that the API tells of them with --json. "tokens" stands for ' +
    'those of all accounts, apps and users.',
  examples: [
    ['list accounts', 'the service accounts of the organization'],
    ['list accounts/ci/tokens', 'the tokens of one of them, with when they end and were last used'],
    ['list tokens --expires-before 14d --without-successor', 'what ends within two weeks with nothing to follow'],
    ['list tokens --unused-since 90d --json', 'what nobody has used for 90 days, as JSON'],
  ],
  declare(command, act) {
    addFilterOptions(
      command
        .argument('<collection>', 'organizations, accounts, accounts/ci/tokens, tokens, …')
        .option('--limit <number>', 'at most so many', wholeNumber),
    );
    command.action(
      act(async (session, text: string, options: Options<FilterOptions & { limit?: number }>) => {
        const { path, kinds } = collectionOf(text, session.connection.organization);
        const { label: labels, name: names, limit = Number.POSITIVE_INFINITY } = options;
        const tokens = kinds.length > 0 && kinds.every(({ token }) => token !== undefined);
        if (kinds.length === 0 && (labels ?? names) !== undefined)
          throw new UsageError('manifests have no labels, and no filter by name');
        const items: JsonObject[] = [];
        const found = session.client().list(path, {
          ...(labels !== undefined && { labels }),
          ...(names !== undefined && { names }),
          filters: filtersOf(options, kinds, Date.now()),
          ...(tokens && { view: 'full' }),
          limit: Math.min(limit, 500),
          signal: session.signal,
        });
        for await (const item of found) {
          items.push(item);
          if (items.length === limit) break;
        }
        if (session.json) session.out.json({ items });
        else if (items.length === 0) session.err.line('nothing found');
        else session.out.table(resourceTable(items, { tokens, prefix: prefixOf(path) }));
      }),
    );
  },
};

/** What the addresses of a collection have in common, up to where they begin to tell something. */
function prefixOf(path: string): string {
  if (path === 'organizations') return 'organizations/';
  const isWide = /^organizations\/[^/]+\/tokens$/.test(path);
  return isWide ? path.slice(0, -'tokens'.length) : `${path}/`;
}

export function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
