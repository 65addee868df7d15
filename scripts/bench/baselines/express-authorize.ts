/** The same behind Express and helmet, as services usually are. */
import express from 'express';
import helmet from 'helmet';
import { answersOf, serve, sha256 } from './input.ts';

const answers = answersOf();
const app = express();
app.disable('x-powered-by');
app.use(helmet());
app.get('/v1/authorize', (request, response) => {
  const answer = answers.get(sha256((request.headers.authorization ?? '').slice('Bearer '.length)));
  if (answer === undefined) {
    response.status(401).end();
    return;
  }
  const { headers } = answer;
  for (let index = 0; index < headers.length; index += 2) {
    response.setHeader(headers[index] as string, headers[index + 1] as string);
  }
  response.status(200).end();
});
serve(app);
