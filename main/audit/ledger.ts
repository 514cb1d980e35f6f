import { type LeafKey } from './leaf.ts';

export interface OpenIntent {
  readonly i: number;
  readonly h: string;
  readonly s: string;
}

interface OpenSession {
  next: number;
  ended: boolean;
  /** Intents without an end. */
  open: number;
}

/**
 * What is open at the end of a log: sessions with the next number of each, and intents without an end. The writer asks it
 * before it appends; recovery replays leaves into it.
 */
export class Ledger {
  readonly #sessions = new Map<string, OpenSession>();
  readonly #intents = new Map<number, OpenIntent>();
  #last = '';

  /** Kind of the newest leaf. */
  get last(): string {
    return this.#last;
  }

  /** Intents without an end, oldest first. */
  get intents(): readonly OpenIntent[] {
    return [...this.#intents.values()];
  }

  /** Sessions that have started and not ended. */
  get sessions(): readonly string[] {
    return [...this.#sessions].filter(([, session]) => !session.ended).map(([s]) => s);
  }

  isOpen(intent: number): boolean {
    return this.#intents.has(intent);
  }

  /** The number of the session's next event, or undefined when an event of kind `k` has no place in it. */
  next(s: string, k: string): number | undefined {
    const session = this.#sessions.get(s);
    if (k === 'session.start') return session === undefined ? 0 : undefined;
    // The end of a statement may come after its session's end; nothing else may.
    return session === undefined || (session.ended && k !== 'stmt.outcome' && k !== 'stmt.closed')
      ? undefined
      : session.next;
  }

  apply(index: number, hash: string, leaf: LeafKey): void {
    this.#last = leaf.k;
    if (leaf.s === undefined) return;
    let session = this.#sessions.get(leaf.s);
    if (session === undefined) this.#sessions.set(leaf.s, (session = { next: 0, ended: false, open: 0 }));
    session.next++;
    if (leaf.k === 'stmt.intent') {
      this.#intents.set(index, { i: index, h: hash, s: leaf.s });
      session.open++;
    } else if ((leaf.k === 'stmt.outcome' || leaf.k === 'stmt.closed') && leaf.ref !== undefined) {
      if (this.#intents.delete(leaf.ref.i)) session.open--;
    } else if (leaf.k === 'session.end') session.ended = true;
    if (session.ended && session.open === 0) this.#sessions.delete(leaf.s);
  }

  /** Plain data for a segment's state. */
  snapshot(): LedgerState {
    return {
      sessions: [...this.#sessions].map(([s, { next, ended }]) => [s, next, ended]),
      intents: this.intents.map(({ i, h, s }) => [i, h, s]),
    };
  }

  clone(): Ledger {
    const copy = Ledger.from(this.snapshot());
    copy.#last = this.#last;
    return copy;
  }

  static from(state: LedgerState): Ledger {
    const ledger = new Ledger();
    for (const [s, next, ended] of state.sessions) ledger.#sessions.set(s, { next, ended, open: 0 });
    for (const [i, h, s] of state.intents) {
      ledger.#intents.set(i, { i, h, s });
      const session = ledger.#sessions.get(s);
      if (session !== undefined) session.open++;
    }
    return ledger;
  }
}

export interface LedgerState {
  /** Session, number of its next event, has it ended. */
  readonly sessions: readonly (readonly [string, number, boolean])[];
  /** Index, leaf hash (hex) and session of each intent without an end. */
  readonly intents: readonly (readonly [number, string, string])[];
}
