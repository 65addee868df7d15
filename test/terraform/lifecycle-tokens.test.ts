/** The tokens of accounts and apps, with the real Terraform. */
import { declareLifecycle, LIFECYCLES } from './lifecycle.ts';

describe('the life of tokens in Terraform', () => {
  declareLifecycle(LIFECYCLES.tokens);
});
