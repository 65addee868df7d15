/**
 * The contract's headers and query parameters, each with the one rule by which it is read. Nothing is guessed: what is
 * unknown, malformed, given twice or does not apply is refused, since a misspelt precondition that is ignored does harm.
 */
import type { IncomingMessage } from 'node:http';
import { NAME_PATTERN } from '../../terraform-provider-spec/address.ts';
import { closest } from '../../terraform-provider-spec/derive/closest.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Kind, ListFilter } from '../../terraform-provider-spec/kind.ts';
import {
  filterValues,
  isLabelFilter,
  LABEL_FILTER,
  LIST_FILTERS,
  MOST_NAMES,
  sharedFilters,
} from '../../terraform-provider-spec/list-filters.ts';
import { MANAGER } from '../../terraform-provider-spec/requests.ts';
import { Problem } from '../domain/problem.ts';
import { entityTags } from './entity-tags.ts';

/** What headers and query tell an operation. */
export interface Options {
  readonly claim?: string;
  readonly manager?: string;
  readonly adopt?: boolean;
  readonly allowSelf?: boolean;
  readonly idempotencyKey?: string;
  readonly ifMatch?: readonly string[] | '*';
  readonly ifNoneMatch?: boolean;
  readonly dryRun?: boolean;
  readonly cascade?: boolean;
  readonly view?: 'full';
  readonly limit?: number;
  readonly cursor?: string;
  readonly revoke?: boolean;
  readonly labels?: readonly string[];
  readonly names?: readonly string[];
  readonly filters?: Readonly<Partial<Record<ListFilter, string>>>;
  readonly address?: string;
}

/** How a value is read. `read` answers `undefined` for one that does not look like `shape`. */
export interface Rule {
  readonly shape: string;
  /** It may be given more than once. */
  readonly repeats?: true;
  read(values: readonly string[]): Options | undefined;
}

export type Rules = Readonly<Record<string, Rule>>;

function rule(shape: string, read: (value: string) => Options | undefined): Rule {
  return { shape, read: ([value = '']) => read(value) };
}

function flag(option: (value: boolean) => Options): Rule {
  return rule('"true" or "false"', (value) =>
    value === 'true' || value === 'false' ? option(value === 'true') : undefined,
  );
}

function text(shape: string, pattern: RegExp, option: (value: string) => Options): Rule {
  return rule(shape, (value) => (pattern.test(value) ? option(value) : undefined));
}

const VISIBLE = /^[\x21-\x7e]{1,255}$/;
const VISIBLE_SHAPE = '1 to 255 visible ASCII characters';
const SOME_TEXT = /^[^\0]{1,512}$/;

const CLAIM = text(VISIBLE_SHAPE, VISIBLE, (claim) => ({ claim }));
const IF_MATCH: Rule = {
  shape: '"*" or a list of entity tags in double quotes',
  repeats: true,
  read: (values) => {
    const ifMatch = entityTags(values.join(', '));
    return ifMatch === undefined ? undefined : { ifMatch };
  },
};

export const IDEMPOTENCY_KEY: Rules = {
  'idempotency-key': text(VISIBLE_SHAPE, VISIBLE, (idempotencyKey) => ({ idempotencyKey })),
};

/** The headers of every write. */
export const WRITE_HEADERS: Rules = {
  'accredit-manager': text(MANAGER.shape, MANAGER.pattern, (manager) => ({ manager })),
  'accredit-adopt': flag((adopt) => ({ adopt })),
  'accredit-allow-self': flag((allowSelf) => ({ allowSelf })),
  ...IDEMPOTENCY_KEY,
};

/** Those of a DELETE of a resource. */
export const DELETE_HEADERS: Rules = { ...WRITE_HEADERS, 'if-match': IF_MATCH };

/** Those of a PUT of a resource. */
export const PUT_HEADERS: Rules = {
  ...DELETE_HEADERS,
  'accredit-claim': CLAIM,
  'if-none-match': rule('"*"', (value) => (value === '*' ? { ifNoneMatch: true } : undefined)),
};

export const DRY_RUN: Rules = { dry_run: flag((dryRun) => ({ dryRun })) };

/** An empty claim stands for what was made without one. */
const ENDED_CLAIM = text(`nothing, or ${VISIBLE_SHAPE}`, /^[\x21-\x7e]{0,255}$/, (claim) => ({ claim }));

export const DELETE_QUERY: Rules = { ...DRY_RUN, claim: ENDED_CLAIM, cascade: flag((cascade) => ({ cascade })) };

export const DELETE_TOKEN_QUERY: Rules = { ...DELETE_QUERY, revoke: flag((revoke) => ({ revoke })) };

export const VIEW: Rules = { view: rule('"full"', (value) => (value === 'full' ? { view: value } : undefined)) };

export const PAGE: Rules = {
  limit: rule('a number from 1 to 1000', (value) =>
    /^[1-9][0-9]{0,3}$/.test(value) && Number(value) <= 1000 ? { limit: Number(value) } : undefined,
  ),
  cursor: text('the next_cursor of an earlier page', SOME_TEXT, (cursor) => ({ cursor })),
};

export const ADDRESS: Rules = { address: text('an address', SOME_TEXT, (address) => ({ address })) };

export const LABEL: Rules = {
  label: {
    shape: LABEL_FILTER.shape,
    repeats: true,
    read: (labels) => (labels.every(isLabelFilter) ? { labels } : undefined),
  },
};

/** Only of a list below one parent, where a name is one resource. */
export const NAMES: Rules = {
  name: {
    shape: `a name, at most ${MOST_NAMES} times`,
    repeats: true,
    read: (names) =>
      names.length <= MOST_NAMES && names.every((name) => NAME_PATTERN.test(name)) ? { names } : undefined,
  },
};

/** The filters of lists of these kinds. */
export function filterRules(kinds: readonly Kind[]): Rules {
  const [first] = kinds;
  return Object.fromEntries(sharedFilters(kinds).map((filter) => [filter, filterRule(first as Kind, filter)]));
}

function filterRule(kind: Kind, filter: ListFilter): Rule {
  const take = (value: string): Options => ({ filters: { [filter]: value } });
  const { form } = LIST_FILTERS[filter];
  if (form === 'time') {
    const { text: shape, check } = FORMATS.timestamp;
    return rule(shape, (value) => (check(value) === undefined ? take(value) : undefined));
  }
  const values = form === 'flag' ? ['true', 'false'] : filterValues(kind, filter);
  const shape = values.map((value) => `"${value}"`).join(form === 'flag' ? ' or ' : ', ');
  return rule(shape, (value) => (values.includes(value) ? take(value) : undefined));
}

/** Which of the contract's headers exist, whether or not an operation takes them. */
const KNOWN_HEADERS: ReadonlySet<string> = new Set(Object.keys(PUT_HEADERS));

/**
 * Reads the headers by `rules`. A read ignores the headers of writes, which clients may set on every request; a write
 * refuses those that do not apply to it. Throws `Problem` `invalid-header`.
 */
export function readHeaders(request: IncomingMessage, rules: Rules, writes: boolean): Options {
  const options: Options[] = [];
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    const known = KNOWN_HEADERS.has(name);
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule !== undefined) options.push(apply('invalid-header', `The header ${titled(name)}`, rule, values));
    else if (name.startsWith('accredit-') && !known) {
      const meant = closest(name, [...KNOWN_HEADERS]);
      const hint = meant === undefined ? '' : ` Did you mean ${titled(meant)}?`;
      throw new Problem('invalid-header', `There is no header ${titled(name)}.${hint}`);
    } else if (known && writes) {
      throw new Problem('invalid-header', `The header ${titled(name)} does not apply to this operation.`);
    }
  }
  return Object.assign({}, ...options);
}

/** Reads the query of `url` by `rules`. Throws `Problem` `invalid-query`, also for a parameter that has no rule. */
export function readQuery(url: string, rules: Rules): Options {
  const parameters = queryOf(url);
  const options = [...new Set(parameters.keys())].map((name) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknownParameter(name, Object.keys(rules));
    return apply('invalid-query', `The query parameter ${name}`, rule, parameters.getAll(name));
  });
  const filters = Object.assign({}, ...options.map((each) => each.filters));
  return Object.assign({}, ...options, Object.keys(filters).length > 0 && { filters });
}

/** The query of a request target. */
export function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
}

/** The refusal of a query parameter that an operation does not know. */
export function unknownParameter(name: string, known: readonly string[]): Problem {
  const meant = closest(name, known);
  const takes = known.length === 0 ? 'It takes none.' : `It takes ${known.join(', ')}.`;
  return new Problem(
    'invalid-query',
    `${JSON.stringify(name.slice(0, 64))} is no query parameter of this operation${meant ? `; "${meant}" is` : ''}. ${takes}`,
  );
}

function apply(code: 'invalid-header' | 'invalid-query', what: string, rule: Rule, values: readonly string[]): Options {
  if (values.length > 1 && !rule.repeats) throw new Problem(code, `${what} is given more than once.`);
  const options = rule.read(values);
  if (options === undefined) throw new Problem(code, `${what} must be ${rule.shape}.`);
  return options;
}

/** `accredit-adopt` as people write it: `Accredit-Adopt`. */
function titled(header: string): string {
  return header.slice(0, 64).replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
