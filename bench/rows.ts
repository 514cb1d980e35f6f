/**
 * One million rows of ten columns from a server on the same machine, through the session into a result, beside the bare
 * frames and beside plain pg. Every way runs in a process of its own, so that CPU and peak memory are its own.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { asSuperuser, startTemporary } from '../main/databases/embedded/index.ts';
import { connectPostgres, type RowSink } from '../main/databases/postgres/session.ts';
import { type PostgresTarget } from '../main/databases/postgres/target.ts';
import { ResultStore } from '../main/databases/result/index.ts';
import { rowChannel } from '../main/gate/mask/rows.ts';
import { type Masker, type OutputMask } from '../main/gate/verdict.ts';
import { MILLION, MILLION_TABLE } from './million.ts';

const FIRST_ROWS = 200;
/** Every way is run so many times, in turn; medians are told. */
const ROUNDS = 3;
const QUERY = 'SELECT * FROM public.million';

interface Measured {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
  readonly firstRows: number;
  /** MB, the most this process ever held. */
  readonly memory: number;
}

type Way = 'frames' | 'stored' | 'masked' | 'typed' | 'tokens' | 'watched' | 'pg';
const WAYS: readonly Way[] = ['frames', 'stored', 'masked', 'typed', 'tokens', 'watched', 'pg'];

const TOKEN: Masker = { kind: 'token', scope: 'session' };
/** Three masked columns of each kind, by name. Every value of those that get tokens is another one: no cache helps. */
const MASKERS: Partial<Record<Way, Readonly<Record<string, Masker>>>> = {
  masked: { email: { kind: 'email' }, phone: { kind: 'phone' }, street: { kind: 'initial' } },
  typed: {
    at: { kind: 'date', unit: 'month' },
    amount: { kind: 'bucket', size: 1_000 },
    id: { kind: 'bucket', size: 1_000 },
  },
  tokens: { email: TOKEN, phone: TOKEN, street: TOKEN },
};

export const rowsBench = {
  name: 'rows',
  async run(): Promise<readonly { readonly metric: string; readonly value: number; readonly unit: string }[]> {
    const server = await startTemporary();
    try {
      await asSuperuser(server, 'postgres', (query) => query(`${MILLION_TABLE}; ANALYZE million`));
      const { host, port, user, password } = server;
      const target: PostgresTarget = {
        host,
        port,
        database: 'postgres',
        user,
        password,
        tls: 'disable',
        searchPath: ['public'],
        applicationName: 'bench',
      };
      const measured = new Map<Way, Measured>();
      const runs = new Map<Way, Measured[]>(WAYS.map((way) => [way, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const [way, list] of runs) list.push(await inProcess(way, target));
      }
      for (const [way, list] of runs) measured.set(way, median(list));
      const of = (way: Way): Measured => measured.get(way) ?? { wall: NaN, cpu: NaN, firstRows: NaN, memory: NaN };
      return [
        ...WAYS.flatMap((way) => [
          { metric: `${way}: wall`, value: of(way).wall, unit: 'ms' },
          { metric: `${way}: CPU`, value: of(way).cpu, unit: 'ms' },
          { metric: `${way}: peak memory`, value: of(way).memory, unit: 'MB' },
        ]),
        { metric: `masked: first ${String(FIRST_ROWS)} rows readable`, value: of('masked').firstRows, unit: 'ms' },
        { metric: 'stored / frames, CPU (goal 1.3)', value: of('stored').cpu / of('frames').cpu, unit: 'x' },
        { metric: 'masked / stored, wall (goal 1.15)', value: of('masked').wall / of('stored').wall, unit: 'x' },
        { metric: 'masked / stored, CPU', value: of('masked').cpu / of('stored').cpu, unit: 'x' },
        { metric: 'typed / stored, wall (goal 1.15)', value: of('typed').wall / of('stored').wall, unit: 'x' },
        { metric: 'typed / stored, CPU', value: of('typed').cpu / of('stored').cpu, unit: 'x' },
        { metric: 'tokens / stored, wall', value: of('tokens').wall / of('stored').wall, unit: 'x' },
        { metric: 'tokens / stored, CPU', value: of('tokens').cpu / of('stored').cpu, unit: 'x' },
        { metric: 'watched / stored, wall', value: of('watched').wall / of('stored').wall, unit: 'x' },
        { metric: 'watched / stored, CPU', value: of('watched').cpu / of('stored').cpu, unit: 'x' },
        { metric: 'pg / masked, CPU', value: of('pg').cpu / of('masked').cpu, unit: 'x' },
        { metric: 'pg / masked, peak memory', value: of('pg').memory / of('masked').memory, unit: 'x' },
      ];
    } finally {
      await server.stop();
    }
  },
};

function median(list: readonly Measured[]): Measured {
  const middle = (of: (measured: Measured) => number): number =>
    list.map(of).sort((a, b) => a - b)[list.length >> 1] ?? NaN;
  return {
    wall: middle(({ wall }) => wall),
    cpu: middle(({ cpu }) => cpu),
    firstRows: middle(({ firstRows }) => firstRows),
    memory: middle(({ memory }) => memory),
  };
}

async function inProcess(way: Way, target: PostgresTarget): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(import.meta.url),
    way,
    JSON.stringify(target),
  ]);
  return JSON.parse(stdout) as Measured;
}

async function measure(work: (arrived: () => void) => Promise<void>): Promise<Measured> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  let firstRows = NaN;
  let rows = 0;
  await work(() => {
    if (++rows === FIRST_ROWS) firstRows = performance.now() - before;
  });
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall, cpu: (user + system) / 1000, firstRows, memory: process.resourceUsage().maxRSS / 1024 };
}

/** Plain pg as most tools use it: all rows as objects. */
async function withPg(target: PostgresTarget): Promise<Measured> {
  const { host, port, database, user, password } = target;
  const client = new Client({ host, port, database, user, password: password ?? '', ssl: false });
  await client.connect();
  const measured = await measure(async () => {
    const { rows } = await client.query(QUERY);
    if (rows.length !== MILLION) throw new Error('rows are missing');
  });
  await client.end();
  return measured;
}

function maskOf(masker: Masker | undefined, name: string, output: number): OutputMask | undefined {
  if (masker === undefined) return undefined;
  const column = { schema: 'public', relation: 'million', column: name };
  return {
    output,
    name,
    column,
    class: name,
    group: 'pii',
    masker,
    rule: { id: 'bench', effect: 'require' },
    sentence: 'masked',
  };
}

async function withSession(target: PostgresTarget, way: Exclude<Way, 'pg'>): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const { signal } = new AbortController();
  const session = await connectPostgres(target, signal);
  const measured = await measure(async (arrived) => {
    const prepared = await session.begin({
      mode: 'read only',
      statementTimeout: 0,
      lockTimeout: 0,
      text: QUERY,
      params: [],
    });
    const channel = rowChannel({
      columns: prepared.columns,
      masks: prepared.columns.flatMap(({ name }, output) => maskOf(MASKERS[way]?.[name], name, output) ?? []),
      // Columns that look like something, which this person may see: looked at, and left as they are.
      net:
        way === 'watched'
          ? {
              mode: 'mask',
              outputs: prepared.columns.map((_, output) => ({ output, column: '', maskOf: () => undefined })),
            }
          : undefined,
      keyOf: () => Buffer.alloc(32, 1),
      decided: () => undefined,
      warn: () => undefined,
    });
    const { writer } = new ResultStore({ directory }).create({
      ...channel.options,
      limits: { rows: Infinity, bytes: Infinity },
    });
    const store: RowSink['row'] = way === 'frames' ? () => true : (bytes, start, end) => writer.row(bytes, start, end);
    const { rows } = await session.execute(
      prepared,
      {
        row(bytes, start, end) {
          const more = store(bytes, start, end);
          arrived();
          return more;
        },
      },
      signal,
    );
    writer.settle();
    await session.end('rollback');
    if (rows !== MILLION) throw new Error('rows are missing');
  });
  await session.close();
  rmSync(directory, { recursive: true, force: true });
  return measured;
}

const [, script, way, target] = process.argv;
if (script === fileURLToPath(import.meta.url) && target !== undefined) {
  const where = JSON.parse(target) as PostgresTarget;
  const measured = way === 'pg' ? await withPg(where) : await withSession(where, way as Exclude<Way, 'pg'>);
  process.stdout.write(JSON.stringify(measured));
}
