import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog } from '../audit/index.ts';
import { startTemporary, type TemporaryServer } from '../databases/embedded/index.ts';
import { CountersignError } from '../errors.ts';
import { session } from './testing/session.ts';
import { readClassification } from '../policy/classification.ts';
import { compiled } from '../policy/testing.ts';
import { type Connection } from '../profile/types.ts';
import { inForce } from './in-force.ts';
import { openGate, type OpenGate } from './open.ts';
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
`;

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

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-written-first-'));
    server = await startTemporary();
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
