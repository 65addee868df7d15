/** A process that opens the store in a directory, says how that went and whether it changed the driver, and closes it. */
import sqlite3 from 'sqlite3';
import { openStore } from '../../daemon/store/index.ts';

const [dataDirectory] = process.argv.slice(2) as [string];
const { all } = sqlite3.Database.prototype;
try {
  const store = await openStore({ dataDirectory });
  await store.close();
  process.stdout.write(sqlite3.Database.prototype.all === all ? 'opened\n' : 'opened, and changed the driver\n');
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`${name}: ${message}\n`);
}
