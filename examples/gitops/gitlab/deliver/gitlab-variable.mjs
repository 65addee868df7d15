/**
 * Makes what comes on standard input the value of a CI/CD variable, masked and protected: node gitlab-variable.mjs KEY.
 * TARGET_PROJECT is the ID or path of the project, GITLAB_TOKEN a token with the scope api and the role Maintainer there.
 */
import { text } from 'node:stream/consumers';

const [key] = process.argv.slice(2);
const { CI_API_V4_URL: api, TARGET_PROJECT: project, GITLAB_TOKEN: token } = process.env;
if (!key || !api || !project || !token) throw new Error('needs KEY, CI_API_V4_URL, TARGET_PROJECT and GITLAB_TOKEN');

const variables = `${api}/projects/${encodeURIComponent(project)}/variables`;
const value = (await text(process.stdin)).trim();

/** @param {string} method @param {string} url */
const send = (method, url) =>
  fetch(url, {
    method,
    headers: { 'PRIVATE-TOKEN': token, 'Content-Type': 'application/json' },
    body: JSON.stringify({ key, value, masked: true, protected: true, raw: true }),
  });

const updated = await send('PUT', `${variables}/${key}`);
const answer = updated.status === 404 ? await send('POST', variables) : updated;
// Nothing of the answer is shown: it repeats the value.
if (!answer.ok) throw new Error(`GitLab answers ${answer.status} for the variable ${key}`);
