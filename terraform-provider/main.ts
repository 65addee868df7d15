import { runProvider } from './plugin/run.ts';

runProvider(async () => {
  const { createHandlers } = await import('./rpc/index.ts');
  return createHandlers();
});
