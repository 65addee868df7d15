/** A process that writes for ever and prints each address, with a semicolon, once it was acknowledged. */
import { writeSync } from 'node:fs';
import { openStore } from '../../daemon/store/index.ts';
import { account, create } from './rows.ts';

const [options, prefix] = process.argv.slice(2) as [string, string];
const store = await openStore(JSON.parse(options));
let next = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (;;) {
      const name = `${prefix}-${next}`;
      next += 1;
      writeSync(1, `${await store.engine.submit(create(account(name, { keys: [`key-${name}`] })))};\n`);
    }
  }),
);
