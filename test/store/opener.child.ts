/** A process that opens the store in a directory, says how that went and closes it. */
import { openStore } from '../../daemon/store/index.ts';

const [dataDirectory] = process.argv.slice(2) as [string];
try {
  const store = await openStore({ dataDirectory });
  await store.close();
  process.stdout.write('opened\n');
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`${name}: ${message}\n`);
}
