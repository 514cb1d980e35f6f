/**
 * One million rows of ten columns from a server on the same machine, through the session into a result, beside the bare
 * frames and beside plain pg. Every way runs in a process of its own, so that CPU and peak memory are its own, and the
 * second result of that process is measured: code is compiled, and memory that the first one gave back is there.
 */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
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
import { type Bench, type Measurement } from './bench.ts';
import { readBinary } from './binary-rows.ts';
import { MILLION, MILLION_TABLE } from './million.ts';

const FIRST_ROWS = 200;
/** Every way is run so many times, in turn; medians are told. */
const ROUNDS = 5;
const QUERY = 'SELECT * FROM public.million';

interface Measured {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
  readonly firstRows: number;
  /** MB, the most this process ever held. */
  readonly memory: number;
}

type SessionWay = 'frames' | 'stored' | 'masked' | 'typed' | 'tokens' | 'watched';
type BinaryWay = 'binary' | 'binary masked' | 'binary typed';
type Way = SessionWay | BinaryWay | 'pg' | 'hashes';
const WAYS: readonly Way[] = [
  ...(['frames', 'stored', 'masked', 'typed', 'tokens', 'watched'] as const),
  ...(['binary', 'binary masked', 'binary typed', 'pg', 'hashes'] as const),
];

const TOKEN: Masker = { kind: 'token', scope: 'session' };
/** Three masked columns of each kind, by name. Every value of those that get tokens is another one: no cache helps. */
const TEXTS: Readonly<Record<string, Masker>> = {
  email: { kind: 'email' },
  phone: { kind: 'phone' },
  street: { kind: 'initial' },
};
const TYPED: Readonly<Record<string, Masker>> = {
  at: { kind: 'date', unit: 'month' },
  amount: { kind: 'bucket', size: 1_000 },
  id: { kind: 'bucket', size: 1_000 },
};
const MASKERS: Partial<Record<Way, Readonly<Record<string, Masker>>>> = {
  masked: TEXTS,
  typed: TYPED,
  'binary masked': TEXTS,
  'binary typed': TYPED,
  tokens: { email: TOKEN, phone: TOKEN, street: TOKEN },
};

export const rowsBench: Bench = {
  name: 'rows',
  async run() {
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
      const ratio = (way: Way, to: Way, of: 'cpu' | 'wall' | 'memory', goal?: number): Measurement => ({
        metric: `${way} / ${to}, ${NAMES[of]}`,
        value: (measured.get(way)?.[of] ?? NaN) / (measured.get(to)?.[of] ?? NaN),
        unit: 'x',
        ...(goal === undefined ? {} : { goal }),
      });
      return [
        // Of the hashes nothing but their CPU means anything.
        { metric: 'hashes: CPU', value: of('hashes').cpu, unit: 'ms' },
        ...WAYS.filter((way) => way !== 'hashes').flatMap((way) => [
          { metric: `${way}: wall`, value: of(way).wall, unit: 'ms' },
          { metric: `${way}: CPU`, value: of(way).cpu, unit: 'ms' },
          { metric: `${way}: peak memory`, value: of(way).memory, unit: 'MB' },
        ]),
        { metric: `masked: first ${String(FIRST_ROWS)} rows readable`, value: of('masked').firstRows, unit: 'ms' },
        ratio('stored', 'frames', 'cpu', 1.3),
        ratio('masked', 'stored', 'wall', 1.15),
        ratio('typed', 'stored', 'wall', 1.15),
        ratio('binary masked', 'binary', 'wall', 1.15),
        ratio('binary typed', 'binary', 'wall', 1.15),
        ...(['masked', 'typed', 'tokens', 'watched'] as const).map((way) => ratio(way, 'stored', 'cpu')),
        ...(['tokens', 'watched'] as const).map((way) => ratio(way, 'stored', 'wall')),
        ...(['binary masked', 'binary typed'] as const).map((way) => ratio(way, 'binary', 'cpu')),
        {
          metric: 'tokens / stored with the bare hashes of tokens, CPU',
          value: of('tokens').cpu / (of('stored').cpu + of('hashes').cpu),
          unit: 'x',
        },
        ratio('pg', 'masked', 'cpu'),
        ratio('pg', 'masked', 'memory'),
      ];
    } finally {
      await server.stop();
    }
  },
};

const NAMES = { cpu: 'CPU', wall: 'wall', memory: 'peak memory' } as const;

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

/** The second time that it is done. */
async function measure(work: (arrived: () => void) => Promise<void>): Promise<Measured> {
  await work(() => undefined);
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

/** What the tokens of the way `tokens` cannot be had without: the two hashes of HMAC for each, over as many bytes. */
async function hashesAlone(): Promise<Measured> {
  const [inner, outer] = [Buffer.alloc(64 + 20), Buffer.alloc(64 + 32)];
  return measure(async () => {
    for (let token = 0; token < 3 * MILLION; token++) {
      inner.writeUInt32LE(token, 64);
      hash('sha256', inner, 'binary');
      hash('sha256', outer, 'binary');
    }
    return Promise.resolve();
  });
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

async function withSession(target: PostgresTarget, way: SessionWay): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const { signal } = new AbortController();
  const session = await connectPostgres(target, signal);
  const results = new ResultStore({ directory });
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
    const { writer, result } = results.create({
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
    results.release(result.id);
    if (rows !== MILLION) throw new Error('rows are missing');
  });
  await session.close();
  rmSync(directory, { recursive: true, force: true });
  return measured;
}

async function withBinary(target: PostgresTarget, way: BinaryWay): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const results = new ResultStore({ directory });
  const measured = await measure(async (arrived) => {
    let id = '';
    const rows = await readBinary(
      target,
      QUERY,
      MASKERS[way] ?? {},
      (transforms) => {
        const { writer, result } = results.create({ transforms, limits: { rows: Infinity, bytes: Infinity } });
        id = result.id;
        return writer;
      },
      arrived,
    );
    results.release(id);
    if (rows !== MILLION) throw new Error('rows are missing');
  });
  rmSync(directory, { recursive: true, force: true });
  return measured;
}

async function measured(way: Way, target: PostgresTarget): Promise<Measured> {
  switch (way) {
    case 'pg':
      return withPg(target);
    case 'hashes':
      return hashesAlone();
    case 'binary':
    case 'binary masked':
    case 'binary typed':
      return withBinary(target, way);
    default:
      return withSession(target, way);
  }
}

const [, script, way, target] = process.argv;
if (script === fileURLToPath(import.meta.url) && target !== undefined) {
  process.stdout.write(JSON.stringify(await measured(way as Way, JSON.parse(target) as PostgresTarget)));
}
