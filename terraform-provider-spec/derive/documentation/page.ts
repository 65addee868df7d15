/** A page in the form that Terraform registries read: front matter in YAML, then Markdown. */
import type { Subcategory } from '../../kind.ts';

export interface Page {
  readonly title: string;
  /** The group in the navigation; none puts the page at the top. */
  readonly subcategory?: Subcategory | undefined;
  /** One paragraph, for lists of pages. */
  readonly description: string;
  /** The sections, Markdown each, the heading of the page first. */
  readonly sections: readonly string[];
}

/** Below the front matter of every page. */
export const DERIVED =
  '<!-- Derived: change the contract, the example or the template, then run `npm run generate`. -->';

/** The text of the page. */
export function pageText({ title, subcategory, description, sections }: Page): string {
  const front = [
    '---',
    `page_title: ${JSON.stringify(title)}`,
    `subcategory: ${JSON.stringify(subcategory ?? '')}`,
    'description: |-',
    `  ${description}`,
    '---',
  ].join('\n');
  return `${[front, DERIVED, ...sections].join('\n\n')}\n`;
}
