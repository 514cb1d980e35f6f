import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client } from 'pg';
import { startTemporary } from '../main/databases/embedded/index.ts';
import { refreshCatalog } from '../main/databases/postgres/catalog-refresh.ts';
import { loadCatalog } from '../main/databases/postgres/catalog.ts';
import { loadMarks } from '../main/databases/postgres/marks.ts';
import { connectPostgres } from '../main/databases/postgres/session.ts';
import { CatalogIndex } from '../main/gate/lineage/catalog-index.ts';
import { type Bench, median } from './bench.ts';

/** Reading the catalog of a large database, and reading it again after one of its tables has changed. */
const TABLES = 20_000;
const COLUMNS = 10;
const ROUNDS = 5;
/** Tables made in one transaction: each takes locks that the server has a bound for. */
const AT_ONCE = 500;

const MILLISECONDS = 3_000;
const MEBIBYTES = 150;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** MiB in use, when all that nothing refers to is gone. */
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function timed<T>(run: () => Promise<T>): Promise<readonly [T, number]> {
  const started = performance.now();
  const result = await run();
  return [result, performance.now() - started];
}

export const catalogBench: Bench = {
  name: 'catalog',
  async run() {
    const server = await startTemporary();
    try {
      const { host, port, user, password } = server;
      const target = { host, port, user, password, database: 'postgres' };
      const owner = new Client({ ...target, ssl: false });
      await owner.connect();
      const columns = Array.from({ length: COLUMNS - 1 }, (_, at) => `column_${String(at)} text`).join(', ');
      for (let first = 0; first < TABLES; first += AT_ONCE) {
        const tables = Array.from({ length: AT_ONCE }, (_, at) => `table_${String(first + at)}`);
        await owner.query(tables.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, ${columns})`).join(';'));
      }
      await owner.query('VACUUM ANALYZE pg_class, pg_attribute, pg_type, pg_depend, pg_constraint, pg_description');
      const session = await connectPostgres(
        { ...target, tls: 'disable', searchPath: ['public'], applicationName: 'bench' },
        new AbortController().signal,
      );
      const before = heap();
      const [snapshot, first] = await timed(() => loadCatalog(session));
      const index = new CatalogIndex(snapshot);
      const size = heap() - before;
      const whole: number[] = [];
      const again: number[] = [];
      const marking: number[] = [];
      let [catalog, marks] = [index.snapshot, await loadMarks(session)];
      for (let round = 0; round < ROUNDS; round += 1) {
        whole.push((await timed(() => loadCatalog(session)))[1]);
        await owner.query(`ALTER TABLE table_${String(round)} ADD COLUMN added_${String(round)} int`);
        const [now, marked] = await timed(() => loadMarks(session));
        const [refreshed, took] = await timed(() => refreshCatalog(session, catalog, marks, now));
        [catalog, marks] = [refreshed, now];
        marking.push(marked);
        again.push(took);
      }
      await session.close();
      await owner.end();
      return [
        {
          metric: 'one table changed: read again, beside reading it whole',
          value: median(again) / median(whole),
          unit: 'x',
        },
        { metric: 'read for the first time', value: first, unit: 'ms', goal: MILLISECONDS },
        { metric: 'read whole', value: median(whole), unit: 'ms' },
        { metric: 'marks of everything', value: median(marking), unit: 'ms' },
        { metric: 'one table changed: read again', value: median(again), unit: 'ms' },
        { metric: 'memory of the catalog with its index', value: size, unit: 'MiB', goal: MEBIBYTES },
      ];
    } finally {
      await server.stop();
    }
  },
};
