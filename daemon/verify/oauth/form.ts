/** Requests of the OAuth endpoints: forms as RFC 6749, section 3.2 has them, or the same as a JSON object. */
import type { IncomingMessage } from 'node:http';
import { OAuthProblem } from '../../domain/oauth/problem.ts';
import { Problem } from '../../domain/problem.ts';
import { parseBody, readText, requireMediaType } from '../../http/body.ts';
import { queryOf } from '../../http/contract.ts';
import { FORM } from '../introspect.ts';

export type Form = ReadonlyMap<string, string>;

/**
 * The parameters of `request`. One that is given twice is refused, one without a value is as good as none, and one that
 * nobody knows is passed over (RFC 6749, section 3.2). `read` gives the body. Throws `OAuthProblem` and, for a body that cannot
 * be read, `Problem`.
 */
export async function readForm(request: IncomingMessage, read = () => readText(request)): Promise<Form> {
  requireNoQuery(request);
  const mediaType = requireMediaType(request, [FORM, 'application/json']);
  const text = await read();
  const form = new Map<string, string>();
  for (const [name, value] of mediaType === FORM ? new URLSearchParams(text) : membersOf(text)) {
    if (form.has(name)) {
      throw new OAuthProblem('invalid_request', `The parameter ${shown(name)} is given more than once.`);
    }
    form.set(name, value);
  }
  for (const [name, value] of form) if (value === '') form.delete(name);
  return form;
}

/** Throws `OAuthProblem` for parameters in the URL, where credentials must not be (section 2.3.1). */
function requireNoQuery({ url = '' }: IncomingMessage): void {
  if (queryOf(url).size === 0) return;
  throw new OAuthProblem('invalid_request', 'Parameters are sent in the body. What was sent in a URL may be in logs.');
}

/** The value of a parameter that must be there. Throws `OAuthProblem`. */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthProblem('invalid_request', `The parameter ${shown(name)} is missing.`);
  return value;
}

function membersOf(text: string): [string, string][] {
  const body = parseBody(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Problem('malformed-json', 'The body must be a JSON object.');
  }
  return Object.entries(body)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      throw new OAuthProblem('invalid_request', `The parameter ${shown(name)} must be a string.`);
    });
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
