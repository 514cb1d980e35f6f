/** What copying the record costs: the uploader beside plain writes of the same bytes, to a directory and to a real S3 server. */
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LogCopy } from '../main/audit/anchors/copy.ts';
import { newestSigned, openLocalLog, type LocalLog } from '../main/audit/anchors/local-log.ts';
import { systemClock } from '../main/audit/anchors/clock.ts';
import { WIDTH } from '../main/audit/anchors/extend.ts';
import { eachOf } from '../main/audit/anchors/put.ts';
import { type StatementIntent } from '../main/audit/index.ts';
import { nodeIo } from '../main/audit/journal/io.ts';
import { uuid7 } from '../main/audit/leaf.ts';
import { signer } from '../main/audit/note.ts';
import { createDirectoryStore } from '../main/audit/store/index.ts';
import { createS3Store } from '../main/audit/store/s3.ts';
import { type ObjectStore } from '../main/audit/store/store.ts';
import { radosgw } from '../main/audit/testing/radosgw.ts';
import { Writer } from '../main/audit/writer.ts';
import { median, type Bench, type Measurement } from './bench.ts';
import { statement } from './statement.ts';

/** Statements, each with its text sealed in a blob, and their outcomes. */
const STATEMENTS = { directory: 1000, s3: 150 };
const ROUNDS = 3;

const statementAt = (i: number): StatementIntent => ({
  ...statement,
  op: {
    ...statement.op,
    norm: 'select id, name, email from customers where country = $1 and id > $2 order by created_at limit $3',
    text: {
      text: `select id, name, email from customers where country = 'NL' and id > ${String(i)} order by created_at limit 100`,
    },
  },
});

/** A log with this many statements, signed. */
function writeLog(directory: string, statements: number): LocalLog {
  const id = uuid7(Date.now());
  const path = join(directory, id);
  mkdirSync(path, { recursive: true });
  const writer = new Writer({
    io: nodeIo(path),
    id,
    signer: signer(`bench.example/${id}`, generateKeyPairSync('ed25519').privateKey),
    blobKey: createSecretKey(Buffer.alloc(32, 1)),
    app: { app: 'bench', version: '0' },
    clock: { wall: () => Date.now(), monotonic: () => process.hrtime.bigint() },
  });
  writer.append([{ k: 'session.start', s: 'bench', actor: statementAt(0).actor }]);
  for (let i = 0; i < statements; i++) {
    const [intent] = writer.append([{ k: 'stmt.intent', ...statementAt(i) }]);
    if (intent === undefined || 'problem' in intent) throw new Error('The log of the benchmark could not be written.');
    writer.append([
      {
        k: 'stmt.outcome',
        s: 'bench',
        ref: { i: intent.index, h: intent.hash },
        out: { status: 'done', rows: 100, ms: 3 },
      },
    ]);
    writer.maintain();
  }
  writer.publish();
  const log = openLocalLog(path);
  if (log === null) throw new Error('The log of the benchmark cannot be read.');
  return log;
}

/** The same store, noting what goes in. */
function noting(store: ObjectStore, taken: Map<string, Uint8Array>): ObjectStore {
  return {
    ...store,
    create(key, bytes, options) {
      taken.set(key, bytes);
      return store.create(key, bytes, options);
    },
  };
}

interface Round {
  /** Seconds. */
  readonly uploading: number;
  readonly plain: number;
  readonly events: number;
  readonly bytes: number;
}

/** One log through the uploader, then the same objects, as they are, straight into the store under other names. */
async function round(store: ObjectStore, directory: string, statements: number): Promise<Round> {
  const log = writeLog(directory, statements);
  const newest = newestSigned(log);
  if (newest === null) throw new Error('The log of the benchmark has no checkpoint.');
  const objects = new Map<string, Uint8Array>();
  const copy = new LogCopy({ log, store: noting(store, objects), retainDays: 0, clock: systemClock });
  const { signal } = new AbortController();
  const started = performance.now();
  for (let step = 'more'; step === 'more';) ({ kind: step } = await copy.step(newest, signal));
  const uploading = (performance.now() - started) / 1000;

  const before = performance.now();
  await eachOf(
    [...objects],
    WIDTH,
    async ([key, bytes]) => void (await store.create(`plain-${key}`, bytes, { signal })),
  );
  const plain = (performance.now() - before) / 1000;
  const bytes = [...objects.values()].reduce((sum, object) => sum + object.length, 0);
  return { uploading, plain, events: newest.size, bytes };
}

async function measure(
  name: string,
  store: ObjectStore,
  directory: string,
  statements: number,
): Promise<readonly Measurement[]> {
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round(store, directory, statements));
  const of = (value: (one: Round) => number): number => median(rounds.map(value));
  return [
    {
      metric: `${name}: upload against plain writes of the same bytes, time`,
      value: of(({ uploading, plain }) => uploading / plain),
      unit: 'x',
    },
    { metric: `${name}: upload`, value: of(({ events, uploading }) => events / uploading), unit: 'events/s' },
    { metric: `${name}: copied`, value: of(({ events, bytes }) => bytes / events), unit: 'bytes/event' },
  ];
}

export const uploadBench: Bench = {
  name: 'upload',
  async run() {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    try {
      mkdirSync(join(directory, 'store'));
      const local = createDirectoryStore(join(directory, 'store'));
      const measured = [...(await measure('directory', local, directory, STATEMENTS.directory))];
      if (!radosgw.missing) {
        const server = await radosgw.start();
        const { endpoint, region, users } = server;
        const bucket = await server.makeBucket({ objectLock: true });
        const settings = { bucket, prefix: 'bench', region, endpoint, pathStyle: true, retainDays: 0 };
        const s3 = createS3Store({ ...settings, ...users.owner });
        measured.push(...(await measure(radosgw.name, s3, directory, STATEMENTS.s3)));
        s3.close();
        server.close();
      }
      return measured;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
