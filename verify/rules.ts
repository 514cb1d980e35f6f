/**
 * What the events of a good log obey: numbers without gaps in each session, each intent ended exactly once, each session
 * ended, references that hold.
 */
import { at, inWords, type Json } from './json.ts';
import { type LeafHashes } from './leaf-hashes.ts';
import { digestHex, type Digest } from './merkle.ts';
import { type Reporter } from './report.ts';

interface OpenSession {
  next: number;
  ended: boolean;
  open: number;
}

const ENDS = new Set(['stmt.outcome', 'stmt.closed']);

/** Sessions, intents and references of one log. */
export class Rules {
  readonly #report: Reporter;
  readonly #hashes: LeafHashes;
  readonly #logId: string;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #intents = new Map<number, { readonly hash: Digest; readonly session: string }>();
  readonly #bindings = new Set<number>();
  readonly #count = { events: 0, intents: 0, sessions: 0, references: 0 };
  #opened = 0;
  #lastKind = '';

  constructor(report: Reporter, logId: string, hashes: LeafHashes) {
    this.#report = report;
    this.#logId = logId;
    this.#hashes = hashes;
  }

  /** Sessions and intents that are open now, in the form a segment's state has them. */
  openState(): unknown {
    return {
      sessions: [...this.#sessions].map(([s, { next, ended }]) => [s, next, ended]),
      intents: [...this.#intents].map(([i, { hash, session }]) => [i, digestHex(hash), session]),
    };
  }

  /** Indexes of intents without an end, and how many sessions go on. */
  openNow(): { readonly intents: ReadonlySet<number>; readonly sessions: number } {
    return {
      intents: new Set(this.#intents.keys()),
      sessions: [...this.#sessions.values()].filter(({ ended }) => !ended).length,
    };
  }

  /** Judges the next event, whose hash is the newest of the log's. */
  event(index: number, where: string, hash: Digest, kind: string, leaf: Json): void {
    this.#lastKind = kind;
    this.#count.events++;
    if (kind === 'log.open') {
      this.#opened++;
      if (index > 0) this.#nothingOpen('The log was opened again', where);
    } else if (this.#opened === 0 && index === 0)
      this.#report.finding('first-event', 'A log begins with log.open.', where);
    if (kind === 'key.bind') this.#bindings.add(index);
    const bind = at(leaf, 'actor', 'bind');
    if (bind !== undefined && !(typeof bind === 'number' && this.#bindings.has(bind)))
      this.#report.finding('binding', 'It names a key binding that is not in the log before it.', where);
    const decision = at(leaf, 'pol', 'decision');
    if ((kind === 'stmt.intent' && decision !== 'allow') || (kind === 'stmt.denied' && decision === 'allow'))
      this.#report.finding('decision', `A ${kind} cannot carry the decision ${inWords(decision)}.`, where);
    const ref = this.#reference(index, where, leaf.ref);
    if (ENDS.has(kind)) {
      const intent = ref === undefined ? undefined : this.#intents.get(ref);
      if (ref === undefined || intent === undefined || intent.session !== leaf.s)
        this.#report.finding(
          'intent-end',
          'It ends an intent that is not open: never begun, of another session, or ended before.',
          where,
        );
    }
    if (typeof leaf.s === 'string') this.#inSession(leaf.s, index, where, hash, kind, leaf.n, ref);
    else if (leaf.n !== undefined || kind.startsWith('stmt.') || kind.startsWith('session.'))
      this.#report.finding('session', 'It belongs to no session.', where);
  }

  /** Judges what is open at the end. @param dead the log was given up: its successor knows what was open. */
  end(dead: boolean): void {
    const { intents, sessions } = this.openNow();
    if (this.#lastKind === 'log.close') this.#nothingOpen('The log was closed', `${this.#logId} at its end`);
    else if (!dead && intents.size + sessions > 0)
      this.#report.notChecked(
        `How ${sessions} sessions and ${intents.size} statements of ${this.#logId} end: they are open at the end of a log that is in use or was left by a crash.`,
      );
    const rule = 'the rules of the record, over the events';
    this.#report.checked('events numbered without gaps', this.#count.events, rule);
    this.#report.checked('sessions numbered without gaps', this.#count.sessions, rule);
    this.#report.checked(
      'intents, each with at most one end and none left open but at the end of the log',
      this.#count.intents,
      rule,
    );
    this.#report.checked('references from one event to another', this.#count.references, 'leaf hash');
  }

  #inSession(
    s: string,
    index: number,
    where: string,
    hash: Digest,
    kind: string,
    n: unknown,
    ref: number | undefined,
  ): void {
    let session = this.#sessions.get(s);
    if (session === undefined) {
      if (kind !== 'session.start') this.#report.finding('session', `Session ${s} is not open here.`, where);
      this.#count.sessions++;
      this.#sessions.set(s, (session = { next: 0, ended: false, open: 0 }));
    } else if (kind === 'session.start' || (session.ended && !ENDS.has(kind)))
      this.#report.finding(
        'session',
        `Session ${s} cannot ${kind === 'session.start' ? 'start twice' : 'go on after its end'}.`,
        where,
      );
    if (n !== session.next)
      this.#report.finding(
        'session-gap',
        `Session ${s} should have its event ${session.next} here, not ${inWords(n)}.`,
        where,
      );
    session.next++;
    if (kind === 'stmt.intent') {
      this.#count.intents++;
      this.#intents.set(index, { hash, session: s });
      session.open++;
    }
    if (ENDS.has(kind) && ref !== undefined && this.#intents.delete(ref)) session.open--;
    if (kind === 'session.end') session.ended = true;
    if (session.ended && session.open === 0) this.#sessions.delete(s);
  }

  /** The index that `ref` names, when the event there has the hash it says. */
  #reference(index: number, where: string, ref: unknown): number | undefined {
    if (ref === undefined) return undefined;
    this.#count.references++;
    const i = at(ref, 'i');
    if (typeof i === 'number' && i < index && this.#hashes.has(i, at(ref, 'h'))) return i;
    this.#report.finding('reference', 'It refers to an event that is not in the log as it says.', where);
    return undefined;
  }

  #nothingOpen(what: string, where: string): void {
    for (const i of this.#intents.keys())
      this.#report.finding('intent-open', `${what}, and the intent at event ${i} has no end.`, where);
    for (const [s, session] of this.#sessions)
      if (!session.ended) this.#report.finding('session-open', `${what}, and session ${s} has no end.`, where);
  }
}
