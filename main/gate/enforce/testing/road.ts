/**
 * A gate before a real server, with everything between decision and last row in the hands of a test: what happens when an
 * intent is recorded, what passes in each direction, and how many flights it takes.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../../audit/events.ts';
import { type AuditLog, type IntentEnd, openAuditLog } from '../../../audit/index.ts';
import { asSuperuser, startTemporary } from '../../../databases/embedded/index.ts';
import { connectPostgres } from '../../../databases/postgres/session.ts';
import { session } from '../../testing/session.ts';
import { readClassification } from '../../../policy/classification.ts';
import { compiled } from '../../../policy/testing.ts';
import { type Connection } from '../../../profile/types.ts';
import { type InForce, inForce } from '../../in-force.ts';
import { type GateOptions, type OpenGate, openGate } from '../../open.ts';
import { type GateEvent, type GateRequest } from '../../request.ts';

const POLICY = `version: 1
rules:
  - { id: everyone, allow: [read, write] }
  - { id: masked, require: { mask: { pii: redact } } }
`;
const CLASSIFICATION = `version: 1
detect: off
classes:
  secret: { group: pii, masker: redact, title: secret }
columns:
  - classes: { public.people.secret: secret }
`;

/** What a test does in the middle; nothing where it is not set. */
export interface Hooks {
  /** Between the decision and the first byte of the statement. */
  decided?: (() => Promise<void>) | undefined;
  /** Before a flight reaches the server, counted from 1 since the hooks were set. */
  flight?: ((number: number) => Promise<void>) | undefined;
  /** The asker's own; nobody gives up where it is absent. */
  signal?: AbortSignal | undefined;
  /** What becomes of the bytes that the server sends; as long as they were. */
  answer?: ((bytes: Buffer) => Buffer) | undefined;
}

export interface Seen {
  readonly events: readonly GateEvent[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly end: GateEvent | undefined;
  /** How its intents ended in the record, in order. */
  readonly outcomes: readonly IntentEnd[];
  readonly flights: number;
}

/** What a test sets of the gate besides: its policy, who stands, which grants there are. */
export interface RoadOptions extends Partial<Omit<GateOptions, 'audit' | 'inForce' | 'passwordOf' | 'app' | 'origin'>> {
  readonly policy?: string;
}

export interface Road {
  readonly opened: OpenGate;
  /** What the gate has recorded, but for intents and their ends. */
  readonly recorded: readonly AuditEvent[];
  /** What the next statements are judged by. */
  policy(text: string): void;
  run(text: string, hooks?: Hooks, asked?: Partial<GateRequest>): Promise<Seen>;
  /** By another connection, as the superuser: the first column of each row. */
  ask(text: string): Promise<readonly (string | null)[]>;
  /** By another connection, as the superuser. */
  change(...statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** The role `analyst` is granted nothing but what `setup` grants it. */
export async function openRoad(
  setup: readonly string[],
  connectionChanges: Partial<Connection> = {},
  start = startTemporary,
  { policy = POLICY, ...options }: RoadOptions = {},
): Promise<Road> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-road-'));
  const server = await start();
  const change = (...statements: readonly string[]): Promise<void> =>
    asSuperuser(server, 'postgres', async (query) => {
      for (const text of statements) await query(text);
    });
  await change(`CREATE ROLE analyst LOGIN PASSWORD 'only for tests'`, ...setup);

  let hooks: Hooks = {};
  let flights = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [client, upstream].forEach((end) => end.destroy()));
    }
    let before = Promise.resolve();
    client.on('data', (bytes) => {
      const syncs = count(bytes, SYNC);
      flights += syncs;
      const number = flights;
      before = before.then(async () => {
        if (syncs > 0) await hooks.flight?.(number);
        upstream.write(bytes);
      });
    });
    upstream.on('data', (bytes) => client.write(hooks.answer?.(bytes) ?? bytes));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  const app = { app: 'test', version: '0' };
  const log = await openAuditLog({
    directory: join(directory, 'audit'),
    key: generateKeyPairSync('ed25519').privateKey,
    blobKey: randomBytes(32),
    origin: 'test.example/log',
    app,
  });
  const recorded: AuditEvent[] = [];
  let outcomes: IntentEnd[] = [];
  const audit: AuditLog = {
    ...log,
    append(event) {
      recorded.push(event);
      return log.append(event);
    },
    async recordIntent(intent) {
      const recorded = await log.recordIntent(intent);
      await hooks.decided?.();
      return {
        receipt: recorded.receipt,
        end(how) {
          outcomes.push(how);
          return recorded.end(how);
        },
      };
    },
  };
  const connection: Connection = {
    name: 'shop',
    title: 'Shop',
    engine: 'postgres',
    environment: 'development',
    host: '127.0.0.1',
    port: (proxy.address() as AddressInfo).port,
    database: 'postgres',
    user: 'analyst',
    tls: 'disable',
    searchPath: ['early', 'public'],
    ...connectionChanges,
  };
  const read = readClassification(CLASSIFICATION, ['shop']);
  if (!read.ok) throw new Error('classification');
  const { classification } = read;
  const context = { classes: [{ name: 'secret', group: 'pii' }], connections: [connection] };
  const profileOf = (text: string): InForce =>
    inForce({ connections: [connection], policy: compiled(text, context), classification });
  let profile = profileOf(policy);
  const opened = openGate({
    audit,
    identity: { ensureLive: (asked) => Promise.resolve(asked), touch: () => Promise.resolve() },
    inForce: () => profile,
    passwordOf: () => Promise.resolve('only for tests'),
    resultsDirectory: join(directory, 'results'),
    ...options,
    app,
    origin: 'cli',
  });

  return {
    opened,
    recorded,
    policy: (text) => void (profile = profileOf(text)),
    async ask(text) {
      const target = { ...connection, port: server.port, user: server.user, password: server.password };
      const asking = await connectPostgres({ ...target, applicationName: 'asking' }, new AbortController().signal);
      try {
        return (await asking.query(text)).map(([first = null]) => first);
      } finally {
        await asking.close();
      }
    },
    change,
    async run(text, changes = {}, asked = {}) {
      hooks = changes;
      flights = 0;
      outcomes = [];
      const events: GateEvent[] = [];
      let result: string | undefined;
      const request: GateRequest = { session, connection: 'shop', text, params: [], origin: 'cli', ...asked };
      for await (const event of opened.gate.run(request, changes.signal ?? new AbortController().signal)) {
        events.push(event);
        if (event.kind === 'columns') ({ result } = event);
      }
      hooks = {};
      const end = events.at(-1);
      const rows =
        result === undefined || end?.kind !== 'done' ? [] : [...opened.gate.result(request.session, result).textRows()];
      return { events, rows, end, outcomes, flights };
    },
    async close() {
      await opened.close();
      await log.close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A Sync message whole (PostgreSQL protocol 54.7): each ends a flight. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

function count(bytes: Buffer, what: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(what); at !== -1; at = bytes.indexOf(what, at + what.length)) found += 1;
  return found;
}
