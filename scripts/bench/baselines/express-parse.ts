/** A management API that does nothing: Express and helmet parse the same body and answer as many bytes. */
import express from 'express';
import helmet from 'helmet';
import { serve } from './input.ts';

const { answer } = JSON.parse(process.env.BENCH_INPUT ?? '{}') as { answer: object };
const app = express();
app.use(helmet());
app.use(express.json());
app.put('/v1/organizations/:organization/accounts/:account/tokens/:token', (request, response) => {
  if (request.headers.authorization === undefined || typeof request.body !== 'object') response.status(400).end();
  else response.status(201).json(answer);
});
serve(app);
