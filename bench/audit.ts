/** What recording costs, beside the bare disk in the same run (promise: G12, G13 of the guarantees). */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { openAuditLog, type AuditLog, type StatementIntent } from '../main/audit/index.ts';
import { logsBelow, openJournalReader } from '../main/audit/journal/reader.ts';
import { verifyDirectory } from '../verify/index.ts';
import { type Bench, type Measurement } from './bench.ts';
import { statement } from './statement.ts';

const EVENT_BYTES = 1024;
const BUNDLE = 256;
/** Bytes of a blob's row in its frame's table. */
const BLOB_ROW = 36;
const SINGLE = 2000;
const WRITERS = 64;
const EACH = 2000;

const TABLES = ['customers', 'orders', 'payments', 'shipments', 'suppliers', 'invoices', 'refunds'];

/** The `i`-th statement: people do not run the same one all day, and what repeats compresses. */
function statementAt(i: number): StatementIntent {
  const table = `${TABLES[i % TABLES.length] ?? ''}_${i % 31}`;
  return {
    ...statement,
    op: {
      ...statement.op,
      fingerprint: createHash('sha256').update(table).digest('hex').slice(0, 16),
      norm: `select id, name, email from ${table} where c${i % 13} = $1 order by created_at limit $2`,
      objects: [{ name: `public.${table}`, access: 'read' }],
      columns: statement.op.columns.map((column) => ({ ...column, name: column.name.replace('customers', table) })),
      text: { text: `select id, name, email from ${table} where c${i % 13} = 'NL' order by created_at limit 100` },
    },
  };
}

const STATEMENTS = Array.from({ length: 1024 }, (_, i) => statementAt(i));

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** One write and fdatasync into a preallocated file: what any durable record costs at least. */
interface Floor {
  /** Milliseconds it took. */
  sample(): number;
  close(): void;
}

function openFloor(directory: string): Floor {
  const fd = openSync(join(directory, 'floor'), 'w');
  const event = randomBytes(EVENT_BYTES);
  writeSync(fd, Buffer.alloc(SINGLE * EVENT_BYTES));
  fsyncSync(fd);
  let at = 0;
  return {
    sample() {
      const start = performance.now();
      writeSync(fd, event, 0, event.length, at);
      fdatasyncSync(fd);
      at += EVENT_BYTES;
      return performance.now() - start;
    },
    close: () => closeSync(fd),
  };
}

/** Milliseconds of each intent, and of the bare disk just before each: both meet the same neighbours. */
async function oneWriter(
  log: AuditLog,
  floor: Floor,
): Promise<{ readonly intents: number[]; readonly bare: number[] }> {
  const intents: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < SINGLE; i++) {
    bare.push(floor.sample());
    const asked = STATEMENTS[i % STATEMENTS.length] ?? statement;
    const start = performance.now();
    const recorded = await log.recordIntent(asked);
    intents.push(performance.now() - start);
    await recorded.end({ status: 'done', rows: 100, ms: 3 });
  }
  return { intents, bare };
}

/** Events per second with every writer waiting for its own, and the stall of the main loop meanwhile, ms at p99. */
async function manyWriters(log: AuditLog): Promise<{ readonly rate: number; readonly stall: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const writer = async (): Promise<void> => {
    for (let i = 0; i < EACH; i++) {
      const recorded = await log.recordIntent(STATEMENTS[i % STATEMENTS.length] ?? statement);
      await recorded.end({ status: 'done', rows: 100, ms: 3 });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  return { rate: (WRITERS * EACH * 2) / seconds, stall: delay.percentile(99) / 1e6 };
}

/** What an event takes: as a leaf, in the journal with its text and its share of the frame, and in a packed bundle. */
function bytesPerEvent(directory: string): readonly Measurement[] {
  const [log] = logsBelow(directory);
  if (log === undefined) throw new Error('no log was written');
  let leaves = 0;
  let blobs = 0;
  let events = 0;
  const reader = openJournalReader(log.path, 0);
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 })) {
    events += run.entries.length;
    for (const entry of run.entries) leaves += 2 + entry.length;
    for (const { bytes } of run.blobs) blobs += BLOB_ROW + bytes.length;
  }
  const bundle = gzipSync(readFileSync(join(log.path, 'tile/entries/000'))).length / BUNDLE;
  return [
    { metric: 'leaf of an event, mean of intents and outcomes', value: leaves / events, unit: 'bytes' },
    {
      metric: 'event in the journal with its text, without frame headers',
      value: (leaves + blobs) / events,
      unit: 'bytes',
    },
    { metric: 'event in a full bundle, gzip', value: bundle, unit: 'bytes' },
  ];
}

export const auditBench: Bench = {
  name: 'audit',
  async run(): Promise<readonly Measurement[]> {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    try {
      const log = await openAuditLog({
        directory: join(directory, 'log'),
        key: generateKeyPairSync('ed25519').privateKey,
        blobKey: randomBytes(32),
        origin: 'bench.example/audit',
        app: { app: 'bench', version: '0' },
      });
      await log.append({ k: 'session.start', s: 'bench', actor: statement.actor });
      const floor = openFloor(directory);
      const one = await oneWriter(log, floor);
      floor.close();
      const many = await manyWriters(log);
      const bare = percentile(one.bare, 0.5);
      const single = percentile(one.intents, 0.5);
      await log.close();
      const start = performance.now();
      const [verified] = verifyDirectory(join(directory, 'log')).logs;
      const verifying = (performance.now() - start) / 1000;
      return [
        { metric: 'write + fdatasync, p50', value: bare, unit: 'ms' },
        { metric: 'intent, 1 writer, p50', value: single, unit: 'ms' },
        { metric: 'intent against write + fdatasync, 1 writer, p50', value: single / bare, unit: 'x', goal: 3 },
        { metric: 'events, 64 writers', value: many.rate, unit: '/s' },
        {
          metric: 'events in the time of one write + fdatasync, 64 writers',
          value: (many.rate * bare) / 1000,
          unit: 'x',
        },
        {
          metric: 'time of an event against write + fdatasync, 64 writers',
          value: 1000 / (many.rate * bare),
          unit: 'x',
          goal: 0.5,
        },
        { metric: 'main loop stall, 64 writers, p99', value: many.stall, unit: 'ms', goal: 20 },
        { metric: 'verifier', value: (verified?.size ?? 0) / verifying, unit: 'events/s' },
        ...bytesPerEvent(join(directory, 'log')),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
