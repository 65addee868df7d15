/** The least that an answer to `authorize` can cost: one hash, one look-up, the same bytes. */
import { answersOf, serve, sha256 } from './input.ts';

const answers = answersOf();

serve((request, response) => {
  const answer = answers.get(sha256((request.headers.authorization ?? '').slice('Bearer '.length)));
  if (answer === undefined) response.writeHead(401).end();
  else response.writeHead(200, answer.headers as string[]).end();
});
