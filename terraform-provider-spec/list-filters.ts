/** What lists can be filtered by, besides labels. */
import { NAME_PATTERN } from './address.ts';
import type { Kind, ListFilter } from './kind.ts';

export interface ListFilterDescription {
  /** `attribute`: one of the values of the attribute of that name; `flag`: true or false; `time`: RFC 3339. */
  readonly form: 'attribute' | 'flag' | 'time';
  readonly description: string;
}

export const LIST_FILTERS: Readonly<Record<ListFilter, ListFilterDescription>> = {
  status: { form: 'attribute', description: 'Only resources with this status.' },
  expires_before: { form: 'time', description: 'Only what ends before this time.' },
  never_expires: { form: 'flag', description: '`true`: only what has no end; `false`: only what has one.' },
  without_successor: {
    form: 'flag',
    description:
      '`true`: only tokens whose owner has no other active token for the same purpose that lives longer; `false`: the rest.',
  },
  exceeds_max_lifetime: {
    form: 'flag',
    description:
      "`true`: only tokens that live on and longer than the organization's `max_token_lifetime`; `false`: the rest.",
  },
  unused_since: {
    form: 'time',
    description: 'Only what was not used since this time, or never; a previous secret counts while it works.',
  },
  usage: {
    form: 'attribute',
    description:
      '`never`: only tokens of whose secrets that work, the previous one in its overlap too, none was ever used; `used`: the rest.',
  },
};

/** The filter by labels, which every list has, and which can be given more than once. */
export const LABEL_FILTER = {
  shape: '"key" or "key:value"',
  description: 'Only resources with these labels, each as `key`, whatever its value, or as `key:value`.',
} as const;

/** Whether a text is a filter by a label. */
export function isLabelFilter(text: string): boolean {
  const [key = ''] = text.split(':', 1);
  return NAME_PATTERN.test(key) && text.length <= key.length + 257;
}

/** How many names a list may be asked for at once: as many as a request line has room for, and then some. */
export const MOST_NAMES = 100;

/** The values that a filter of the form `attribute` takes in lists of that kind. */
export function filterValues(kind: Kind, filter: ListFilter): readonly string[] {
  const attribute = kind.attributes[filter];
  return attribute?.type === 'string' ? (attribute.enum ?? []) : [];
}

/** The filters of a list of these kinds together: those that every one of them has. */
export function sharedFilters(kinds: readonly Kind[]): readonly ListFilter[] {
  const [first, ...others] = kinds;
  return (first?.filters ?? []).filter((filter) => others.every((kind) => kind.filters?.includes(filter)));
}
