/** Which path was meant by one that there is not. */
import { closest } from '../../terraform-provider-spec/derive/closest.ts';

/** Longer ones are no slip. */
const LONGEST = 300;

/**
 * The path that `path` was most likely meant to be: one of `templates` (`/v1/organizations/{organization}`) whose fixed
 * segments it misspells, with a slash too many, or without `/v1`. `undefined` if none is close.
 */
export function nearestPath(path: string, templates: readonly string[]): string | undefined {
  if (path.length > LONGEST) return undefined;
  const given = path.split('/').filter((segment) => segment !== '');
  let [best, fewest]: [string[] | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const segments of [given, ['v1', ...given]]) {
    for (const template of templates) {
      const meant = corrected(segments, template.split('/').slice(1));
      const changes = meant?.filter((segment, index) => segment !== segments[index]).length ?? fewest;
      if (changes < fewest) [best, fewest] = [meant, changes];
    }
  }
  return best && `/${best.join('/')}`;
}

/** `segments` with the fixed ones as `template` spells them, if they are meant to be those. */
function corrected(segments: readonly string[], template: readonly string[]): string[] | undefined {
  if (segments.length !== template.length) return undefined;
  const meant = segments.map((segment, index) => {
    const fixed = template[index] as string;
    if (fixed.startsWith('{') || fixed === segment) return segment;
    return closest(segment, [fixed]);
  });
  return meant.every((segment) => segment !== undefined) ? meant : undefined;
}
