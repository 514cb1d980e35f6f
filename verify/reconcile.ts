/**
 * What the database says it ran against what the record announced. The record cannot prove that nobody went around it; the
 * server's own log can show it, as far as that tells the truth.
 */
import { createHash } from 'node:crypto';
import { type CheckedEvent, type EventCheck, type NewEventCheck } from './event-check.ts';
import { at, inWords } from './json.ts';
import { type Reporter } from './report.ts';
import { readServerLog, type ServerStatement } from './server-log.ts';

export interface ReconcileOptions {
  /** csvlog or jsonlog of the server, pgaudit's lines among them; in the order of time. */
  readonly files: readonly string[];
  /** Seconds that the server's clock and this machine's may differ; 10 where absent. */
  readonly clockDifference?: number;
  /** Minutes that the server's log_timezone is ahead of UTC, where its log does not say. */
  readonly offsetMinutes?: number;
}

export interface Reconciliation {
  /** Collects what the record announced; for every log of the verification. */
  readonly check: NewEventCheck;
  /** Reads the server's log and compares, after the last log. @throws CannotVerify for a log that cannot be read */
  conclude(report: Reporter): void;
}

/** A connection of the record: one process of the server, for a time. Times in ms since 1970. */
interface Span {
  readonly log: string;
  readonly pid: number;
  readonly role: unknown;
  readonly database: unknown;
  readonly from: number;
  to: number;
  /** In the order of their beginnings, or nearly. */
  readonly intents: Intent[];
  /** The first of them that can still be matched. */
  next: number;
  /** What the server's log has of it, and between which times. */
  readonly seen: { from: number; to: number };
  own: number;
  matched: number;
}

interface Intent {
  readonly where: string;
  readonly from: number;
  to: number;
  readonly reads: boolean;
  /** Undefined where the text could not be opened. */
  readonly text: string | undefined;
  span: Span | undefined;
  done: boolean;
  matched: boolean;
}

/** Names of the statements that the gate prepares for itself begin so. */
const OWN = 'countersign_';
/** Seconds before `conn.open` in which a role has been looked at already. */
const LOOKED_AT = 30;

/** Spaces around a statement and semicolons behind it mean nothing. */
const hashOf = (text: string): string =>
  createHash('sha256')
    .update(text.trim().replace(/[;\s]+$/, ''))
    .digest('base64url');

export function newReconciliation(options: ReconcileOptions): Reconciliation {
  const spans = new Map<number, Span[]>();
  const logs = new Set<string>();
  return {
    check(_report, logId) {
      // A log that is also compared with its copy is announced once.
      const again = logs.has(logId);
      logs.add(logId);
      return new Announced(again ? new Map() : spans, logId);
    },
    conclude: (report) => new Comparison(spans, options, report).run(),
  };
}

/** Connections and intents of one log. */
class Announced implements EventCheck {
  readonly #spans: Map<number, Span[]>;
  readonly #log: string;
  /** By session and connection. */
  readonly #open = new Map<string, Span>();
  readonly #intents = new Map<number, Intent>();

  constructor(spans: Map<number, Span[]>, log: string) {
    this.#spans = spans;
    this.#log = log;
  }

  event(event: CheckedEvent): void {
    const { kind, leaf } = event;
    const t = typeof leaf.t === 'number' ? leaf.t / 1000 : 0;
    const key = `${String(leaf.s)} ${String(at(leaf, 'db', 'id'))}`;
    if (kind === 'conn.open' || kind === 'conn.refused') {
      const span = this.#span(event, t);
      if (span !== undefined && kind === 'conn.open') this.#open.set(key, span);
      else if (span !== undefined) span.to = t;
    } else if (kind === 'conn.close') this.#close(key, t);
    else if (kind === 'session.end')
      for (const open of [...this.#open.keys()]) if (open.startsWith(`${String(leaf.s)} `)) this.#close(open, t);
    if (kind === 'stmt.intent') this.#intent(event, t, this.#open.get(key));
    else if (kind === 'stmt.outcome' || kind === 'stmt.closed') this.#ended(event, t);
  }

  end(): void {
    this.#open.clear();
  }

  #span({ leaf }: CheckedEvent, t: number): Span | undefined {
    const pid = at(leaf, 'out', 'server', 'pid');
    if (typeof pid !== 'number') return undefined;
    const span: Span = {
      log: this.#log,
      pid,
      role: at(leaf, 'db', 'role'),
      database: at(leaf, 'db', 'database'),
      from: t - LOOKED_AT * 1000,
      to: Infinity,
      intents: [],
      next: 0,
      seen: { from: Infinity, to: -Infinity },
      own: 0,
      matched: 0,
    };
    const known = this.#spans.get(pid);
    if (known === undefined) this.#spans.set(pid, [span]);
    else known.push(span);
    return span;
  }

  #close(key: string, t: number): void {
    const span = this.#open.get(key);
    if (span !== undefined) span.to = t;
    this.#open.delete(key);
  }

  /** A statement may be the first on its connection: which one it ran on, its outcome says. */
  #intent({ leaf, index, where, open }: CheckedEvent, t: number, span: Span | undefined): void {
    const text = open(at(leaf, 'op', 'text'));
    const intent: Intent = {
      where: `${this.#log} ${where}`,
      from: t,
      to: Infinity,
      reads: at(leaf, 'op', 'class') === 'read',
      text: text instanceof Buffer ? hashOf(text.toString()) : undefined,
      span,
      done: false,
      matched: false,
    };
    this.#intents.set(index, intent);
    span?.intents.push(intent);
  }

  #ended({ leaf }: CheckedEvent, t: number): void {
    const index = at(leaf, 'ref', 'i');
    const intent = typeof index === 'number' ? this.#intents.get(index) : undefined;
    if (intent === undefined) return;
    this.#intents.delete(Number(index));
    intent.to = t;
    intent.done = at(leaf, 'out', 'status') === 'done';
    const pid = at(leaf, 'out', 'server', 'pid');
    const span = typeof pid === 'number' ? this.#spans.get(pid)?.findLast((one) => one.log === this.#log) : undefined;
    if (span === undefined || span === intent.span) return;
    intent.span = span;
    span.intents.push(intent);
  }
}

class Comparison {
  readonly #spans: ReadonlyMap<number, readonly Span[]>;
  readonly #options: ReconcileOptions;
  readonly #report: Reporter;
  readonly #tolerance: number;
  /** Roles of the record's connections, with their databases. */
  readonly #roles: ReadonlySet<string>;
  readonly #count = { matched: 0, own: 0, catalogs: 0, others: 0 };

  constructor(spans: ReadonlyMap<number, readonly Span[]>, options: ReconcileOptions, report: Reporter) {
    this.#spans = spans;
    this.#options = options;
    this.#report = report;
    this.#tolerance = (options.clockDifference ?? 10) * 1000;
    this.#roles = new Set(
      [...spans.values()].flat().map(({ role, database }) => `${String(role)} ${String(database)}`),
    );
  }

  run(): void {
    const { files, offsetMinutes } = this.#options;
    const covered = { from: Infinity, to: -Infinity };
    /** Processes of which the log has statements: what pgaudit says of them besides is the same again. */
    const told = new Set<number>();
    for (const file of files)
      for (const entry of readServerLog(file, offsetMinutes)) {
        covered.from = Math.min(covered.from, entry.at);
        covered.to = Math.max(covered.to, entry.at);
        if ('told' in entry && entry.told === 'statement') told.add(entry.pid);
      }
    /** By process the statement told last: an error about it is no second one. */
    const last = new Map<number, string>();
    for (const file of files)
      for (const entry of readServerLog(file, offsetMinutes)) {
        if (!('told' in entry) || (entry.told === 'audit' && told.has(entry.pid))) continue;
        const again = entry.told === 'error' && last.get(entry.pid) === entry.text;
        last.set(entry.pid, entry.text);
        if (!again) this.#statement(entry);
      }
    this.#absent(covered);
    this.#say();
  }

  #statement(entry: ServerStatement): void {
    const { pid, user, database, at: time } = entry;
    const span = this.#spans
      .get(pid)
      ?.find(
        (one) =>
          one.role === user &&
          one.database === database &&
          time >= one.from - this.#tolerance &&
          time <= one.to + this.#tolerance,
      );
    if (span === undefined) return this.#outside(entry);
    span.seen.from = Math.min(span.seen.from, time);
    span.seen.to = Math.max(span.seen.to, time);
    if (entry.prepared.startsWith(OWN)) {
      span.own++;
      this.#count.own++;
      return;
    }
    const intent = this.#announced(span, time, hashOf(entry.text));
    if (intent !== undefined) {
      intent.matched = true;
      span.matched++;
      this.#count.matched++;
    } else if (entry.told !== 'statement' && ownByItsText(entry.text)) {
      span.own++;
      this.#count.catalogs++;
    } else
      this.#report.finding(
        'unannounced',
        `On a connection of the record the server ran ${inShort(entry)}, which no intent announces.`,
        entry.where,
      );
  }

  /** The intent on a connection that announces a text which ran at a time. */
  #announced(span: Span, time: number, hash: string): Intent | undefined {
    const { intents } = span;
    for (let one = intents[span.next]; one !== undefined; one = intents[++span.next])
      if (!one.matched && one.to + this.#tolerance >= time) break;
    for (let i = span.next; i < intents.length; i++) {
      const one = intents[i];
      if (one === undefined || one.from - this.#tolerance > time) break;
      const isIt = one.span === span && !one.matched && one.to + this.#tolerance >= time;
      if (isIt && (one.text === undefined || one.text === hash)) return one;
    }
    return undefined;
  }

  /** Of a role that the record's connections use, whoever else uses it goes around. */
  #outside(entry: ServerStatement): void {
    if (!this.#roles.has(`${entry.user} ${entry.database}`)) {
      this.#count.others++;
      return;
    }
    this.#report.finding(
      'around',
      `Somebody reached the database around this program: ${inShort(entry)}, as ${inWords(entry.user)} on ${inWords(entry.database)}, process ${entry.pid}, application ${JSON.stringify(entry.application)}.`,
      entry.where,
    );
  }

  /** Statements that the record says ran, and the server does not, where the server's log would have them. */
  #absent(covered: { readonly from: number; readonly to: number }): void {
    let silent = 0;
    for (const span of [...this.#spans.values()].flat())
      for (const { done, matched, reads, from, to, where, span: ran } of span.intents) {
        if (!done || matched || ran !== span) continue;
        const isAfterItsBegin = covered.from <= from - this.#tolerance || span.seen.from <= from;
        const isBeforeItsEnd = covered.to >= to + this.#tolerance || span.seen.to >= to;
        const isLogged = span.own > 0 || (!reads && span.matched > 0);
        if (isAfterItsBegin && isBeforeItsEnd && isLogged)
          this.#report.finding(
            'not-in-server-log',
            'The record says that it ran, and the log of the server does not.',
            where,
          );
        else silent++;
      }
    if (silent > 0)
      this.#report.notChecked(
        `That ${silent} statements of the record ran: the log of the server does not cover their time, or does not tell of their connections (log_statement; a role with log_min_messages of fatal).`,
      );
  }

  #say(): void {
    const { matched, own, catalogs, others } = this.#count;
    this.#report.checked('statements of the server that the record announced', matched, 'process, role, time and text');
    this.#report.checked(
      "statements of the server that are this program's own",
      own,
      'their names, on its connections',
    );
    if (catalogs > 0)
      this.#report.notChecked(
        `That ${catalogs} statements about the catalog are this program's own: pgaudit does not say under which name they ran.`,
      );
    if (others > 0)
      this.#report.notChecked(
        `Who ran ${others} statements of other roles: no connection of the record uses these roles.`,
      );
    const texts = [...this.#spans.values()]
      .flat()
      .some(({ intents }) => intents.some(({ text }) => text === undefined));
    if (texts)
      this.#report.notChecked(
        'That statements have the texts that were announced: they could not be opened (no blob key, or erased).',
      );
    this.#report.notChecked('That the log of the server is whole and true: whoever runs the server can change it.');
  }
}

/** What begins and ends transactions, and reads only the catalog. */
const ownByItsText = (text: string): boolean =>
  /^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SET|SHOW)\b/i.test(text) || /\bpg_catalog\./.test(text);

/** The kind of a statement and when it ran; its text may hold values that nobody else should read. */
function inShort({ text, at: time }: ServerStatement): string {
  const [word = 'something'] = /^[A-Za-z]+/.exec(text.trim()) ?? [];
  return `${word.toUpperCase()} at ${new Date(time).toISOString()}`;
}
