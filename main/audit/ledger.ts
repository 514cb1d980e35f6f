import { type LeafKey } from './leaf.ts';

export interface OpenIntent {
  readonly i: number;
  readonly h: string;
  readonly s: string;
}

interface OpenSession {
  readonly next: number;
  readonly ended: boolean;
  /** Intents without an end. */
  readonly open: number;
}

const NEW_SESSION: OpenSession = { next: 0, ended: false, open: 0 };
const isEnd = (k: string): boolean => k === 'stmt.outcome' || k === 'stmt.closed';

/** What an event changes of what is open: undefined where nothing is left of it. */
interface Change {
  readonly session?: readonly [string, OpenSession | undefined];
  readonly intent?: readonly [number, OpenIntent | undefined];
}

interface Known {
  session(s: string): OpenSession | undefined;
  intent(i: number): OpenIntent | undefined;
}

function changeBy(index: number, hash: string, leaf: LeafKey, known: Known): Change {
  const { k, s, ref } = leaf;
  if (s === undefined) return {};
  const before = known.session(s) ?? NEW_SESSION;
  const ended = before.ended || k === 'session.end';
  let { open } = before;
  let intent: Change['intent'];
  if (k === 'stmt.intent') {
    intent = [index, { i: index, h: hash, s }];
    open++;
  } else if (isEnd(k) && ref !== undefined && known.intent(ref.i) !== undefined) {
    intent = [ref.i, undefined];
    open--;
  }
  const session = ended && open === 0 ? undefined : { next: before.next + 1, ended, open };
  return { session: [s, session], ...(intent === undefined ? {} : { intent }) };
}

/** The number of the session's next event, or undefined when an event of kind `k` has no place in it. */
function numberIn(session: OpenSession | undefined, k: string): number | undefined {
  if (k === 'session.start') return session === undefined ? 0 : undefined;
  // The end of a statement may come after its session's end; nothing else may.
  return session === undefined || (session.ended && !isEnd(k)) ? undefined : session.next;
}

/**
 * What is open at the end of a log: sessions with the next number of each, and intents without an end. Recovery replays
 * leaves into it; the writer stages the events of a commit on it and moves it on once they are durable.
 */
export class Ledger {
  readonly #sessions = new Map<string, OpenSession>();
  readonly #intents = new Map<number, OpenIntent>();

  /** Intents without an end, oldest first. */
  get intents(): readonly OpenIntent[] {
    return [...this.#intents.values()];
  }

  /** Sessions that have started and not ended. */
  get sessions(): readonly string[] {
    return [...this.#sessions].filter(([, session]) => !session.ended).map(([s]) => s);
  }

  session(s: string): OpenSession | undefined {
    return this.#sessions.get(s);
  }

  intent(i: number): OpenIntent | undefined {
    return this.#intents.get(i);
  }

  apply(index: number, hash: string, leaf: LeafKey): void {
    this.take(changeBy(index, hash, leaf, this));
  }

  take({ session, intent }: Change): void {
    if (session !== undefined) put(this.#sessions, ...session);
    if (intent !== undefined) put(this.#intents, ...intent);
  }

  /** Plain data for a segment's state. */
  snapshot(): LedgerState {
    return {
      sessions: [...this.#sessions].map(([s, { next, ended }]) => [s, next, ended]),
      intents: this.intents.map(({ i, h, s }) => [i, h, s]),
    };
  }

  static from(state: LedgerState): Ledger {
    const ledger = new Ledger();
    const open = Map.groupBy(state.intents, ([, , s]) => s);
    for (const [s, next, ended] of state.sessions)
      ledger.#sessions.set(s, { next, ended, open: open.get(s)?.length ?? 0 });
    for (const [i, h, s] of state.intents) ledger.#intents.set(i, { i, h, s });
    return ledger;
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** Events on their way into a log: judged with those before them in place, while the ledger stays as it is. */
export class StagedLedger {
  readonly #ledger: Ledger;
  readonly #changes: Change[] = [];
  readonly #sessions = new Map<string, OpenSession | undefined>();
  readonly #intents = new Map<number, OpenIntent | undefined>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  session(s: string): OpenSession | undefined {
    return this.#sessions.has(s) ? this.#sessions.get(s) : this.#ledger.session(s);
  }

  intent(i: number): OpenIntent | undefined {
    return this.#intents.has(i) ? this.#intents.get(i) : this.#ledger.intent(i);
  }

  next(s: string, k: string): number | undefined {
    return numberIn(this.session(s), k);
  }

  apply(index: number, hash: string, leaf: LeafKey): void {
    const change = changeBy(index, hash, leaf, this);
    this.#changes.push(change);
    if (change.session !== undefined) this.#sessions.set(...change.session);
    if (change.intent !== undefined) this.#intents.set(...change.intent);
  }

  /** They are durable: the ledger moves on. */
  commit(): void {
    for (const change of this.#changes) this.#ledger.take(change);
  }
}

export interface LedgerState {
  /** Session, number of its next event, has it ended. */
  readonly sessions: readonly (readonly [string, number, boolean])[];
  /** Index, leaf hash (hex) and session of each intent without an end. */
  readonly intents: readonly (readonly [number, string, string])[];
}
