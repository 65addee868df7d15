import { runProvider } from './plugin/run.ts';

/** The answer to GetProviderSchema in base64, which the build puts in here: it is the same for each process. */
declare const PROVIDER_SCHEMA: string | undefined;

runProvider(
  async () => {
    const { createHandlers } = await import('./rpc/index.ts');
    return createHandlers();
  },
  typeof PROVIDER_SCHEMA === 'undefined' ? {} : { GetProviderSchema: Buffer.from(PROVIDER_SCHEMA, 'base64') },
);
