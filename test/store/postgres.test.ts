import pg from 'pg';
import { type Postgres, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { conformance, type Place } from './conformance.ts';

(postgresAvailable() ? describe : describe.skip)('the store on PostgreSQL', function () {
  this.timeout(30_000);
  let postgres: Postgres;

  before(async () => {
    postgres = await startPostgres();
  });

  after(() => postgres.stop());

  conformance(async (): Promise<Place> => {
    const url = await postgres.url();
    return {
      options: { url },
      async fingerprint() {
        const client = new pg.Client(url);
        await client.connect();
        try {
          // Grows with every transaction that writes.
          const { rows } = await client.query('SELECT txid_snapshot_xmax(txid_current_snapshot()) AS next');
          return rows[0].next;
        } finally {
          await client.end();
        }
      },
      async remove() {},
    };
  });
});
