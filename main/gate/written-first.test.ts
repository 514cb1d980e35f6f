import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AnchorState } from '../audit/anchors/anchors.ts';
import { type AuditLog, type IntentEnd, openAuditLog } from '../audit/index.ts';
import { startTemporary, type TemporaryServer } from '../databases/embedded/index.ts';
import { CountersignError } from '../errors.ts';
import { session } from './testing/session.ts';
import { readClassification } from '../policy/classification.ts';
import { compiled } from '../policy/testing.ts';
import { type Connection } from '../profile/types.ts';
import { inForce } from './in-force.ts';
import { openGate, type OpenGate } from './open.ts';
import { type RecordElsewhere } from './record-level.ts';
import { type GateEvent } from './request.ts';

/**
 * G1 and G3 at the wire: between gate and database stands a proxy that reads every Parse message. A text of the asker's
 * that passes before its intent is on stable storage, or without one, fails the test.
 */
const MARK = 'canary_of_the_statement';
const POLICY = `version: 1
rules:
  - { id: everyone-reads, allow: [read, write] }
  - { id: no-drop, deny: [drop] }
  - { id: writes-uploaded, require: { record: uploaded }, on: write }
  - { id: explained-witnessed, require: { record: witnessed }, on: explain }
`;

/** A store that takes what `reach` lets it take, and no witness. */
const STORE: AnchorState = {
  store: '/mnt/audit',
  uploaded: 0,
  witnessed: null,
  pressure: 'none',
  waitingSince: '2026-11-01T08:30:00.000Z',
  trouble: null,
  weaknesses: [],
};

describe('what the database sees of a statement', () => {
  let directory: string;
  let server: TemporaryServer;
  let proxy: Server;
  let log: AuditLog;
  let opened: OpenGate;
  /** Intents on stable storage that have not been ended. */
  let durable = 0;
  /** What recordIntent does before it records. */
  let beforeIntent: () => Promise<void>;
  /** How many intents were durable each time a marked text passed. */
  let passed: number[] = [];
  const sockets = new Set<Socket>();
  /** The record outside this machine. */
  let anchors: AnchorState = STORE;
  let reach: RecordElsewhere['reach'] = () => Promise.resolve();
  /** How the newest intent was ended. */
  let ended: IntentEnd | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-written-first-'));
    server = await startTemporary();
    const { host, port, user, password } = server;
    const owner = new Client({ host, port, user, password, database: 'postgres', ssl: false });
    await owner.connect();
    await owner.query('CREATE TABLE kept (what text)');
    await owner.end();
    proxy = createServer((client) => {
      const upstream = connect(server.port, server.host);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => [client, upstream].forEach((end) => end.destroy()));
      }
      let seen = '';
      client.on('data', (bytes) => {
        seen = (seen + bytes.toString('latin1')).slice(-65_536);
        for (let at = seen.indexOf(MARK); at !== -1; at = seen.indexOf(MARK)) {
          passed.push(durable);
          seen = seen.slice(at + MARK.length);
        }
        upstream.write(bytes);
      });
      upstream.pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { privateKey } = generateKeyPairSync('ed25519');
    const app = { app: 'test', version: '0' };
    log = await openAuditLog({
      directory: join(directory, 'audit'),
      key: privateKey,
      blobKey: randomBytes(32),
      origin: 'test.example/log',
      app,
    });
    const audit: AuditLog = {
      ...log,
      append: (event) => log.append(event),
      async recordIntent(intent) {
        await beforeIntent();
        const recorded = await log.recordIntent(intent);
        durable++;
        return {
          receipt: recorded.receipt,
          end(how) {
            durable--;
            ended = how;
            return recorded.end(how);
          },
        };
      },
    };
    const connection: Connection = {
      name: 'shop',
      title: 'Shop',
      engine: 'postgres',
      environment: 'production',
      host: '127.0.0.1',
      port: (proxy.address() as AddressInfo).port,
      database: 'postgres',
      user: server.user,
      tls: 'disable',
      searchPath: ['public'],
      accept: { weaknesses: ['superuser'], because: 'the test is about what is sent, not about what the role may do' },
    };
    const read = readClassification('version: 1\ndetect: off\nclasses: {}\ncolumns: []\n', ['shop']);
    if (!read.ok) throw new Error('classification');
    const profile = inForce({
      connections: [connection],
      policy: compiled(POLICY, { classes: [], connections: [connection] }),
      classification: read.classification,
    });
    opened = openGate({
      audit,
      elsewhere: { state: () => anchors, reach: (...asked) => reach(...asked) },
      identity: { ensureLive: (asked) => Promise.resolve(asked), touch: () => Promise.resolve() },
      inForce: () => profile,
      passwordOf: () => Promise.resolve(server.password),
      resultsDirectory: join(directory, 'results'),
      app,
      origin: 'cli',
    });
  });

  beforeEach(() => {
    beforeIntent = () => Promise.resolve();
    passed = [];
    anchors = STORE;
    reach = () => Promise.resolve();
    ended = undefined;
  });

  afterAll(async () => {
    await opened.close();
    await log.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function run(text: string): Promise<readonly GateEvent[]> {
    const events: GateEvent[] = [];
    const request = { session, connection: 'shop', text, params: [], origin: 'cli' } as const;
    for await (const event of opened.gate.run(request, new AbortController().signal)) events.push(event);
    return events;
  }

  it('is its text once, after the intent is durable and before it is ended', async () => {
    const events = await run(`SELECT 1 AS ${MARK}`);
    expect(events.at(-1)?.kind).toBe('done');
    expect(passed).toEqual([1]);
    expect(durable).toBe(0);
  });

  it('is nothing when policy refuses it', async () => {
    const events = await run(`DROP TABLE ${MARK}`);
    expect(events.map((event) => event.kind)).toEqual(['verdict', 'recorded']);
    expect(passed).toEqual([]);
  });

  it('is nothing when the statement is not understood', async () => {
    await run(`SELECT 1 AS ${MARK}; SELECT 2`);
    await run(`SELECT nobody_knows_me('${MARK}')`);
    expect(passed).toEqual([]);
  });

  it('is nothing when only its verdict is asked', async () => {
    const request = { session, connection: 'shop', text: `SELECT 1 AS ${MARK}`, params: [], origin: 'cli' } as const;
    const judgement = await opened.gate.explain(request, new AbortController().signal);
    expect(judgement.verdict.verdict).toBe('allow');
    expect(passed).toEqual([]);
  });

  it('is nothing when the intent cannot be recorded, and the asker is told why', async () => {
    beforeIntent = () => Promise.reject(new CountersignError('audit-disk-full', 'The disk is full.'));
    const events = await run(`SELECT 1 AS ${MARK}`);
    expect(events.map((event) => event.kind)).toEqual(['failed']);
    expect(passed).toEqual([]);
  });

  it('is nothing while the record hangs, and nothing when the asker then gives up', async () => {
    const controller = new AbortController();
    let asked: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (asked = resolve));
    beforeIntent = () => {
      asked();
      return new Promise<void>((_, reject) =>
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error)),
      );
    };
    const request = { session, connection: 'shop', text: `SELECT 1 AS ${MARK}`, params: [], origin: 'cli' } as const;
    const events: GateEvent[] = [];
    const running = (async () => {
      for await (const event of opened.gate.run(request, controller.signal)) events.push(event);
    })();
    await reached;
    expect(passed).toEqual([]);
    controller.abort();
    await running;
    expect(events.map((event) => event.kind)).toEqual(['cancelled']);
    expect(passed).toEqual([]);
  });

  const WRITE = `INSERT INTO kept VALUES ('${MARK}')`;

  it('is nothing until the intent is as far as policy demands, and its text once it is', async () => {
    const asked: unknown[] = [];
    let arrive: () => void = () => undefined;
    const waiting = new Promise<void>((arrived) => {
      reach = ({ index }, level) => {
        asked.push([index, level]);
        arrived();
        return new Promise((resolve) => (arrive = resolve));
      };
    });
    const running = run(WRITE);
    await waiting;
    expect(passed).toEqual([]);
    expect(asked).toEqual([[expect.any(Number), 'uploaded']]);
    arrive();
    expect((await running).at(-1)?.kind).toBe('done');
    expect(passed).toEqual([1]);
  });

  it('is nothing when the record does not get there, which ends the intent as never started', async () => {
    reach = () => Promise.reject(new CountersignError('record-level-unreached', 'The store does not answer.'));
    const events = await run(WRITE);
    expect(events.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'record-level-unreached' } });
    expect(ended).toEqual({ status: 'not_started', code: 'record-level-unreached' });
    expect(passed).toEqual([]);
    expect(durable).toBe(0);
  });

  it('is nothing when the asker gives up while the record is on its way', async () => {
    const controller = new AbortController();
    reach = (_receipt, _level, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        controller.abort();
      });
    const request = { session, connection: 'shop', text: WRITE, params: [], origin: 'cli' } as const;
    const kinds: string[] = [];
    for await (const event of opened.gate.run(request, controller.signal)) kinds.push(event.kind);
    expect(kinds.at(-1)).toBe('cancelled');
    expect(ended).toMatchObject({ status: 'not_started' });
    expect(passed).toEqual([]);
  });

  it('is nothing where policy demands a level that nothing here can give', async () => {
    const events = await run(`EXPLAIN SELECT 1 AS ${MARK}`);
    expect(events[0]).toMatchObject({
      judgement: { verdict: { verdict: 'refuse', reasons: [{ code: 'obligation-unmet' }] } },
    });
    anchors = { ...STORE, uploaded: null, store: null };
    expect((await run(WRITE))[0]).toMatchObject({ judgement: { verdict: { verdict: 'refuse' } } });
    expect(passed).toEqual([]);
  });

  it('is only reads, then nothing, while too much of the record waits', async () => {
    anchors = { ...STORE, pressure: 'refuse-risky' };
    expect((await run(WRITE))[0]).toMatchObject({
      judgement: {
        verdict: {
          reasons: [{ code: 'record-waiting', sentence: expect.stringContaining('2026-11-01 08:30 UTC') as string }],
        },
      },
    });
    expect(passed).toEqual([]);
    expect((await run(`SELECT 1 AS ${MARK}`)).at(-1)?.kind).toBe('done');
    expect(passed).toEqual([1]);
    anchors = { ...STORE, pressure: 'refuse-all' };
    expect((await run(`SELECT 1 AS ${MARK}`)).map(({ kind }) => kind)).toEqual(['verdict', 'recorded']);
    expect(passed).toEqual([1]);
    anchors = { ...STORE, pressure: 'refuse-all', unproven: true };
    expect((await run(`SELECT 1 AS ${MARK}`))[0]).toMatchObject({
      judgement: {
        verdict: { reasons: [{ sentence: expect.stringContaining('begins here in place of another') as string }] },
      },
    });
    expect(passed).toEqual([1]);
  });

  it('leaves no intent without its end when the reader goes away at the first event', async () => {
    const request = {
      session,
      connection: 'shop',
      text: `SELECT pg_sleep_${MARK} FROM (SELECT 1 AS pg_sleep_${MARK}) q, generate_series(1, 100000000)`,
      params: [],
      origin: 'cli',
    } as const;
    for await (const event of opened.gate.run(request, new AbortController().signal)) {
      expect(event.kind).toBe('verdict');
      break;
    }
    await opened.gate.cancelAll();
    expect(durable).toBe(0);
  });
});
