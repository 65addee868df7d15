/** What is asked beside a token, read strictly: a misspelt permission must not become a question that asks less. */
import { NAME_PATTERN } from '../../terraform-provider-spec/address.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Asked } from '../http/exchange.ts';

/** The parameters by which something is asked. */
export const ASKED = ['organization', 'permission', 'scope'] as const;

const RULES: Readonly<Record<(typeof ASKED)[number], (value: string) => string | undefined>> = {
  organization: (value) => (NAME_PATTERN.test(value) ? undefined : `must be ${FORMATS.name.text}`),
  permission: (value) => FORMATS.permission.check(value),
  scope: (value) =>
    isScope(value) ? undefined : 'must be "organization", "projects/x", "teams/x", "apps/x" or a full address',
};

/** Whether something can be there. A misspelt collection is told, where "not allowed" would be looked into for long. */
function isScope(value: string): boolean {
  const address = value.startsWith('organizations/') ? value : `organizations/default/${value}`;
  return value === 'organization' || FORMATS.address.check(address) === undefined;
}

/**
 * The question in `parameters`. `refuse` throws, given the parameter and what is wrong with it, to be read behind its
 * name.
 */
export function readQuestion(parameters: Parameters, refuse: (parameter: string, what: string) => never): Asked {
  const asked: { -readonly [name in keyof Asked]: Asked[name] } = {};
  for (const name of ASKED) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    const wrong = RULES[name](value);
    if (wrong !== undefined) refuse(name, wrong);
    asked[name] = value;
  }
  const { organization, scope } = asked;
  // The scope may come from a request that somebody else made: it is not to choose who answers for it.
  if (organization !== undefined && scope !== undefined && !liesIn(organization, scope)) {
    refuse('scope', 'lies in another organization than the parameter organization names');
  }
  return asked;
}

/** Whether a scope is relative, or the full address of that organization or of something in it. */
function liesIn(organization: string, scope: string): boolean {
  return !scope.startsWith('organizations/') || `${scope}/`.startsWith(`organizations/${organization}/`);
}

export type Parameters = ReadonlyMap<string, string>;

/** `pairs` with each name once and all of them known. `refuse` as above, for one given twice; `unknown` for others. */
export function readParameters(
  pairs: Iterable<readonly [string, string]>,
  known: readonly string[],
  refuse: { twice(parameter: string): never; unknown(parameter: string): never },
): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (!known.includes(name)) refuse.unknown(name);
    if (parameters.has(name)) refuse.twice(name);
    parameters.set(name, value);
  }
  return parameters;
}
