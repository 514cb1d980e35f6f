/** What recording costs, beside the bare disk in the same run (promise: G12, G13 of the guarantees). */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { openAuditLog, type AuditLog, type StatementIntent } from '../main/audit/index.ts';
import { verifyDirectory } from '../verify/index.ts';

export interface Measure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

const EVENT_BYTES = 1024;
const SINGLE = 2000;
const WRITERS = 64;
const EACH = 250;

const intent: StatementIntent = {
  s: 'bench',
  actor: {
    user: { iss: 'https://idp.example', sub: 'ana', email: 'ana@example.com', groups: ['analysts'], verified: false },
  },
  db: {
    id: 'shop',
    engine: 'postgres',
    host: 'db.example',
    port: 5432,
    database: 'shop',
    role: 'ana',
    env: 'production',
  },
  op: {
    class: 'read',
    title: 'SELECT',
    fingerprint: '50fde20626009aba',
    norm: 'select id, name, email from customers where country = $1 order by created_at limit $2',
    objects: [{ name: 'public.customers', access: 'read' }],
    columns: ['id', 'name', 'email'].map((name) => ({
      name: `public.customers.${name}`,
      place: 'output',
      class: 'pii',
    })),
    text: { text: "select id, name, email from customers where country = 'NL' order by created_at limit 100" },
  },
  pol: { hash: 'ab'.repeat(32), decision: 'allow', rules: ['analysts-read', 'mask-pii'], obligations: ['mask email'] },
};

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
    const start = performance.now();
    const recorded = await log.recordIntent(intent);
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
    for (let i = 0; i < EACH; i++) await (await log.recordIntent(intent)).end({ status: 'done', rows: 100, ms: 3 });
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  return { rate: (WRITERS * EACH * 2) / seconds, stall: delay.percentile(99) / 1e6 };
}

export const auditBench = {
  name: 'audit',
  async run(): Promise<readonly Measure[]> {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    try {
      const log = await openAuditLog({
        directory: join(directory, 'log'),
        key: generateKeyPairSync('ed25519').privateKey,
        blobKey: randomBytes(32),
        origin: 'bench.example/audit',
        app: { app: 'bench', version: '0' },
      });
      await log.append({ k: 'session.start', s: 'bench', actor: intent.actor });
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
        { metric: 'intent against write + fdatasync, 1 writer, p50', value: single / bare, unit: 'x' },
        { metric: 'events, 64 writers', value: many.rate, unit: '/s' },
        { metric: 'events against write + fdatasync, 64 writers', value: (many.rate * bare) / 1000, unit: 'x' },
        { metric: 'main loop stall, 64 writers, p99', value: many.stall, unit: 'ms' },
        { metric: 'verifier', value: (verified?.size ?? 0) / verifying, unit: 'events/s' },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
