/** What a request is for, in a few words that no client chooses. */

const ROUTES: ReadonlyMap<string, string> = new Map([
  ['/v1/authorize', 'authorize'],
  ['/v1/introspect', 'introspect'],
  ['/v1/self', 'self'],
  ['/v1/self/rotate', 'self'],
  ['/automate/recycle_key.json', 'self'],
  ['/healthz', 'health'],
  ['/readyz', 'health'],
  ['/metrics', 'metrics'],
  ['/openapi.json', 'openapi'],
  ['/.well-known/terraform.json', 'registry'],
]);

/** By what the path begins with, the first that fits. */
const PREFIXES: readonly (readonly [prefix: string, route: string])[] = [
  ['/v1/oauth/', 'oauth'],
  ['/.well-known/', 'oauth'],
  ['/v1/', 'management'],
  ['/scim/v2', 'scim'],
  ['/terraform/', 'registry'],
];

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** What a request for `path` is for; `other` for what nothing here serves. */
export function routeOf(path: string): string {
  return ROUTES.get(path) ?? PREFIXES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'other';
}

/** `method` if it is one that something here takes. */
export function methodOf(method: string): string {
  return METHODS.has(method) ? method : 'other';
}
