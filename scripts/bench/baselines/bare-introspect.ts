/** The least that an answer to `introspect` can cost: a form, two hashes, two look-ups, the same bytes. */
import { answersOf, serve, sha256 } from './input.ts';

const answers = answersOf();

serve((request, response) => {
  const caller = answers.get(sha256((request.headers.authorization ?? '').slice('Bearer '.length)));
  let form = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    form += chunk;
  });
  request.on('end', () => {
    const answer = answers.get(sha256(new URLSearchParams(form).get('token') ?? ''));
    if (caller === undefined || answer === undefined) response.writeHead(401).end();
    else response.writeHead(200, answer.headers as string[]).end(answer.body);
  });
});
