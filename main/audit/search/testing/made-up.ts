/** Made-up events as leaves, for tests and benchmarks. */
import { type RecordedEvent } from '../../events.ts';
import { encodeLeaf } from '../../leaf.ts';
import { leafHash } from '../../merkle.ts';
import { type IndexEntry } from '../activity-store.ts';

export const BEGUN = Date.UTC(2026, 5, 1);
const COMMITMENT = { h: 'aa'.repeat(32), len: 40, ref: 'bb'.repeat(32) };

/** An event as the index is given it; what is sealed in it is a commitment to nothing. `at`: ms since 1970 UTC. */
export function entryFor(index: number, event: RecordedEvent, at: number): IndexEntry {
  const sealed: Uint8Array[] = [];
  const leaf = encodeLeaf(
    event,
    { id: '01a1fe84-7d22-709d-b559-0c8a4d77023d', t: at * 1000, m: 0, b: 'boot', n: 0 },
    (content) => {
      sealed.push(content);
      return COMMITMENT;
    },
  );
  const long = leaf.includes('"long":') ? sealed.at(-1) : undefined;
  return { ...entryOf(index, leaf), ...(long === undefined ? {} : { long }) };
}

export const entryOf = (index: number, leaf: Uint8Array): IndexEntry => ({
  index,
  hash: leafHash(leaf).toString('hex'),
  leaf,
});

export interface World {
  readonly people: number;
  readonly tables: number;
  readonly columns: number;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const CLASSES = ['email', 'name', 'card', 'phone'];
const NAMES = ['Ana Lima', 'Éva Nagy', 'Jörg Müller', 'Sam O’Neil', 'Łukasz Żak', 'Ana Santos'];
export const CONNECTIONS = [
  ['staging', 'staging'],
  ['shop', 'production'],
  ['billing', 'production'],
  ['lab', 'development'],
] as const;

/** Events of one log without an end, in order. Small numbers are more frequent than great ones. */
export function* madeUpEvents(
  random: () => number,
  world: World,
  step: number,
): Generator<{ readonly event: RecordedEvent; readonly at: number }> {
  const few = (most: number): number => Math.floor(most * random() ** 2);
  let at = BEGUN;
  let index = 0;
  const sessions: { readonly s: string; readonly person: number; readonly agent: boolean }[] = [];
  const open: { readonly i: number; readonly s: string }[] = [];
  const next = (event: RecordedEvent): { readonly event: RecordedEvent; readonly at: number } => {
    at += Math.floor(random() * step);
    index++;
    return { event, at };
  };
  yield next({ k: 'log.open', dev: { app: 'made-up', version: '1' }, beat: { every: 900 } });
  for (;;) {
    const session = sessions[Math.floor(random() * sessions.length)];
    const pick = random();
    if (session === undefined || (pick < 0.02 && sessions.length < 40)) {
      const person = few(world.people);
      const made = { s: `s-${index}`, person, agent: random() < 0.1 };
      sessions.push(made);
      yield next({ k: 'session.start', s: made.s, actor: actorOf(made), src: { door: 'desktop' } });
      continue;
    }
    const [connection, env] = CONNECTIONS[few(CONNECTIONS.length)] ?? ['staging', 'staging'];
    const db = { id: connection, engine: 'postgres', host: 'db', port: 5432, database: 'd', role: 'r', env };
    const ending = open[0];
    if (ending !== undefined && (pick < 0.48 || open.length > 30)) {
      open.shift();
      const ref = { i: ending.i, h: 'cc'.repeat(32) };
      const status = (['done', 'done', 'done', 'done', 'failed', 'cancelled'] as const)[few(6)] ?? 'done';
      yield next(
        random() < 0.02
          ? { k: 'stmt.closed', s: ending.s, ref, out: { status: 'unknown' } }
          : {
              k: 'stmt.outcome',
              s: ending.s,
              ref,
              out: {
                status,
                rows: few(1000),
                ms: few(500),
                masked: random() < 0.3 ? [{ class: 'email', cells: few(100) }] : [],
              },
            },
      );
      continue;
    }
    if (pick < 0.5) yield next({ k: 'conn.open', s: session.s, db });
    else if (pick < 0.51) yield next({ k: 'conn.close', s: session.s, db: { id: connection } });
    else if (pick < 0.53) yield next({ k: 'heartbeat', beat: { every: 900 } });
    else {
      const table = few(world.tables);
      const columns = Array.from({ length: 1 + few(6) }, () => few(world.columns));
      const denied = random() < 0.05;
      const intent = {
        s: session.s,
        actor: actorOf(session),
        src: { door: 'desktop' },
        db,
        op: {
          class: 'read',
          title: ['SELECT', 'UPDATE', 'INSERT'][few(3)] ?? 'SELECT',
          norm: `select ${columns.map((column) => `c${String(column)}_value`).join(', ')} from order_items_${String(table)} o where country = $1 and created_at > $2 limit $3`,
          objects: [{ name: `public.order_items_${String(table)}`, access: 'read' }],
          columns: columns.map((column) => ({
            name: `public.order_items_${String(table)}.c${String(column)}_value`,
            place: 'output',
            ...(column % 3 === 0 ? { class: CLASSES[column % CLASSES.length] ?? 'email' } : {}),
          })),
          text: { text: '' },
        },
        pol: {
          hash: '00'.repeat(32),
          decision: denied ? (random() < 0.5 ? 'refuse' : 'ask') : 'allow',
          rules: ['all'],
        },
      } as const;
      if (denied) yield next({ k: 'stmt.denied', ...intent });
      else {
        open.push({ i: index, s: session.s });
        yield next({ k: 'stmt.intent', ...intent });
      }
    }
  }
}

export function actorOf({ person, agent }: { readonly person: number; readonly agent: boolean }): {
  readonly user: {
    readonly iss: string;
    readonly sub: string;
    readonly name: string;
    readonly email: string;
    readonly verified: true;
  };
  readonly agent?: { readonly id: string; readonly name: string };
} {
  return {
    user: {
      iss: 'https://idp.example',
      sub: `p${String(person)}`,
      name: `${NAMES[person % NAMES.length] ?? 'Ana'} ${String(person)}`,
      email: `p${String(person)}@example.com`,
      verified: true,
    },
    ...(agent ? { agent: { id: `agent-${String(person % 3)}`, name: 'Report Writer' } } : {}),
  };
}

/** The first events of a log. */
export function madeUpEntries(
  seed: number,
  count: number,
  world: World = { people: 12, tables: 6, columns: 8 },
  step = 400_000,
): readonly IndexEntry[] {
  const events = madeUpEvents(seeded(seed), world, step);
  return Array.from({ length: count }, (_, index) => {
    const { value } = events.next();
    return value === undefined ? entryOf(index, Buffer.alloc(0)) : entryFor(index, value.event, value.at);
  });
}
