/**
 * The next entries of one log as changes to an index: pure, so that both stores do the same. An event that names nobody
 * gets its person from its session, its connection from the event it refers to.
 */
import {
  actorTerms,
  databaseTerms,
  END_KINDS,
  ended,
  type NewRow,
  type Origin,
  type ReadEntry,
  type Row,
  rowOf,
  type Tally,
  tallyOf,
  whereOf,
  whoOf,
} from './event-row.ts';
import { HOUR, timeOf } from './sort-key.ts';
import { first, pairsOf, spaceOf, type Term } from './terms.ts';

/** What is known of a session: who, then pairs of a connection opened in it and its environment. */
export type Session = readonly Term[];

/** What the index must say of what came before, to take the entries in. */
export interface Needed {
  readonly sessions: readonly string[];
  /** Indexes of events before these entries that they refer to. */
  readonly events: readonly number[];
}

export interface Known {
  readonly sessions: ReadonlyMap<string, Session>;
  readonly events: ReadonlyMap<number, Row>;
  /** Free keys for the entries, in their order. */
  readonly keys: readonly number[];
}

/** What a rollup counts of one term, or of a pair of them, in one hour under one verdict. */
export interface Count {
  readonly term: Term | null;
  /** Start of the hour, ms since 1970 UTC. */
  readonly hour: number;
  /** Empty for events without a verdict. */
  readonly verdict: string;
  readonly tallies: Readonly<Record<Tally, number>>;
  readonly maskedCells: number;
}

export interface Changes {
  readonly rows: readonly NewRow[];
  /** Rows that were there before, as they are now, with the terms that they have gained. */
  readonly changed: readonly { readonly row: Row; readonly gained: readonly Term[] }[];
  readonly sessions: ReadonlyMap<string, Session>;
  /** What to add to the rollups. */
  readonly counts: readonly Count[];
}

export function neededFor(entries: readonly ReadEntry[]): Needed {
  const [begin] = entries;
  const sessions = new Set<string>();
  const events = new Set<number>();
  for (const { leaf } of entries) {
    if (leaf.s !== undefined) sessions.add(leaf.s);
    if (leaf.ref !== undefined && begin !== undefined && leaf.ref.i < begin.index) events.add(leaf.ref.i);
  }
  return { sessions: [...sessions], events: [...events] };
}

export function takeIn(log: string, entries: readonly ReadEntry[], known: Known): Changes {
  const rows = new Map<number, NewRow>();
  const before = new Map<number, Row>();
  const changed = new Map<number, Row>();
  const sessions = new Map<string, Session>();

  entries.forEach((entry, i) => {
    const { leaf, index } = entry;
    const session = leaf.s === undefined ? [] : (sessions.get(leaf.s) ?? known.sessions.get(leaf.s) ?? []);
    const ref = leaf.ref?.i;
    const about = ref === undefined ? undefined : (rows.get(ref) ?? changed.get(ref) ?? known.events.get(ref));
    const origin = originFor(entry, session, about);
    rows.set(index, rowOf(log, entry, known.keys[i] ?? 0, origin));
    if (leaf.s !== undefined) {
      const next = sessionAfter(session, entry);
      if (next !== session) sessions.set(leaf.s, next);
    }
    if (!END_KINDS.has(leaf.k) || about === undefined || ref === undefined) return;
    const now = ended(about, leaf);
    if (now === about) return;
    const fresh = rows.get(ref);
    if (fresh !== undefined) rows.set(ref, { ...fresh, ...now });
    else {
      before.set(ref, before.get(ref) ?? about);
      changed.set(ref, now);
    }
  });

  const counts = new Counts();
  for (const row of rows.values()) counts.add(row, 1);
  for (const row of before.values()) counts.add(row, -1);
  for (const row of changed.values()) counts.add(row, 1);
  return {
    rows: [...rows.values()],
    changed: [...changed].map(([index, row]) => ({
      row,
      gained: row.terms.filter((of) => !(before.get(index)?.terms ?? []).includes(of)),
    })),
    sessions,
    counts: counts.list(),
  };
}

/** Who and where an event belongs to: what it says itself, else what it is about, else its session. */
function originFor({ leaf }: ReadEntry, session: Session, about: Row | undefined): Origin {
  const [who = []] = [actorTerms(leaf), whoOf(session), whoOf(about?.terms ?? [])].filter(({ length }) => length > 0);
  const where = databaseTerms(leaf);
  const connection = first(where, 'connection');
  if (connection === null) return [...who, ...whereOf(about?.terms ?? [])];
  if (where.length > 1) return [...who, ...where];
  return [...who, ...where, ...environmentIn(session, connection)];
}

function environmentIn(session: Session, connection: string): Origin {
  const at = session.indexOf(`connection:${connection}`);
  const next = at < 0 ? undefined : session[at + 1];
  return next !== undefined && spaceOf(next) === 'environment' ? [next] : [];
}

function sessionAfter(session: Session, { leaf }: ReadEntry): Session {
  const actor = whoOf(session).length === 0 ? actorTerms(leaf) : [];
  const place = databaseTerms(leaf);
  const connection = first(place, 'connection');
  const opened =
    place.length > 1 && connection !== null && environmentIn(session, connection).length === 0 ? place : [];
  return actor.length + opened.length === 0 ? session : [...actor, ...session, ...opened];
}

/** Sums what rows bring to the rollups. */
class Counts {
  readonly #counts = new Map<
    string,
    { count: Omit<Count, 'tallies' | 'maskedCells'>; tallies: Record<Tally, number>; maskedCells: number }
  >();

  add(row: Row, sign: 1 | -1): void {
    if (!row.listed) return;
    const hour = Math.floor(timeOf(row.key) / HOUR) * HOUR;
    const verdict = first(row.terms, 'verdict') ?? '';
    const tally = tallyOf(row.terms);
    for (const of of [null, ...row.terms, ...pairsOf(row.terms)]) {
      const name = `${hour} ${verdict} ${of ?? ''}`;
      let sum = this.#counts.get(name);
      if (sum === undefined) {
        sum = {
          count: { term: of, hour, verdict },
          tallies: { allowed: 0, refused: 0, failed: 0, other: 0 },
          maskedCells: 0,
        };
        this.#counts.set(name, sum);
      }
      sum.tallies[tally] += sign;
      sum.maskedCells += sign * (row.maskedCells ?? 0);
    }
  }

  list(): readonly Count[] {
    return [...this.#counts.values()]
      .map(({ count, tallies, maskedCells }) => ({ ...count, tallies, maskedCells }))
      .filter(({ tallies, maskedCells }) => maskedCells !== 0 || Object.values(tallies).some((n) => n !== 0));
  }
}
