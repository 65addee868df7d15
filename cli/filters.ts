/** The filters of lists as flags, derived from the contract. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationMs, FORMATS, formatTimestamp } from '../terraform-provider-spec/formats.ts';
import type { Kind, ListFilter } from '../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS } from '../terraform-provider-spec/kinds/index.ts';
import {
  filterValues,
  isLabelFilter,
  LABEL_FILTER,
  LIST_FILTERS,
  MOST_NAMES,
  sharedFilters,
} from '../terraform-provider-spec/list-filters.ts';
import { oneOf } from './choices.ts';
import { UsageError } from './exit.ts';

const NAMES = Object.keys(LIST_FILTERS) as ListFilter[];

/** As commander names the options. */
export interface FilterOptions {
  readonly label?: readonly string[];
  readonly name?: readonly string[];
  readonly [filter: string]: unknown;
}

/** Adds a flag for each filter that some list has. */
export function addFilterOptions(command: Command): void {
  command.addOption(
    new Option('--label <label>', `${LABEL_FILTER.shape}; can be repeated`).argParser<string[]>(
      (value, before = []) => {
        if (!isLabelFilter(value)) throw new InvalidArgumentError(`It must be ${LABEL_FILTER.shape}.`);
        return [...before, value];
      },
    ),
  );
  command.addOption(
    new Option('--name <name>', `only resources with this name; up to ${MOST_NAMES} of them`).argParser<string[]>(
      (value, before = []) => {
        if (FORMATS.name.check(value) !== undefined) throw new InvalidArgumentError(`It must be ${FORMATS.name.text}.`);
        return [...before, value];
      },
    ),
  );
  for (const filter of NAMES) command.addOption(optionOf(filter));
}

/**
 * The filters that were given, as the API takes them. `now` is in milliseconds since 1970: a time can be given as a duration,
 * from now forwards for what ends, backwards for what was used. Throws `UsageError` for one that lists of these kinds do
 * not have.
 */
export function filtersOf(
  options: FilterOptions,
  kinds: readonly Kind[],
  now: number,
): Readonly<Partial<Record<ListFilter, string>>> {
  const offered = sharedFilters(kinds);
  return Object.fromEntries(
    NAMES.flatMap((filter) => {
      const value = options[camelCase(filter)];
      if (value === undefined) return [];
      if (!offered.includes(filter)) {
        const has = offered.length === 0 ? '--label and --name' : `--label, --name, ${offered.map(flagOf).join(', ')}`;
        throw new UsageError(`${flagOf(filter)} is no filter of this list; it has ${has}`);
      }
      return [[filter, LIST_FILTERS[filter].form === 'time' ? timeOf(filter, String(value), now) : String(value)]];
    }),
  );
}

function optionOf(filter: ListFilter): Option {
  const { form, description } = LIST_FILTERS[filter];
  const text = description.replaceAll('`', '').replace(/\.$/, '');
  if (form === 'flag') {
    return new Option(`${flagOf(filter)} [true|false]`, text).choices(['true', 'false']).preset('true');
  }
  if (form === 'time') return new Option(`${flagOf(filter)} <time>`, `${text}; RFC 3339, or a duration such as 30d`);
  const values = [...new Set(TOKEN_KINDS.flatMap((kind) => filterValues(kind, filter)))];
  return oneOf(new Option(`${flagOf(filter)} <value>`, text), values);
}

function timeOf(filter: ListFilter, text: string, now: number): string {
  if (FORMATS.timestamp.check(text) === undefined) return text;
  if (FORMATS.duration.check(text) !== undefined) {
    throw new UsageError(`${flagOf(filter)} must be ${FORMATS.timestamp.text}, or a duration such as 30d`);
  }
  return formatTimestamp(filter === 'unused_since' ? now - durationMs(text) : now + durationMs(text));
}

function flagOf(filter: ListFilter): string {
  return `--${filter.replaceAll('_', '-')}`;
}

function camelCase(filter: ListFilter): string {
  return filter.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
