/** Openings of a log, and the clocks of its events (docs/log-format.md, "What a good log obeys", 3 to 5). */
import { at, inWords, type Json } from './json.ts';
import { type Reporter } from './report.ts';

/** How far wall clock and monotonic clock may part between two events, µs. */
const ALIKE = 2_000_000;
/** A timer may fire a little early, µs. */
const EARLY = 1_000_000;
/** A silence is named when it is longer than it may be by this, µs: a busy machine is late. */
const LATE = 60_000_000;

interface Moment {
  /** Wall time, µs. */
  readonly t: number;
  /** Monotonic time, µs since the log was opened. */
  readonly m: number;
  readonly b: string;
  readonly kind: string;
}

/** The event's times, or null when it has none. */
function momentOf(kind: string, { t, m, b }: Json): Moment | null {
  return typeof t === 'number' && typeof m === 'number' && typeof b === 'string' ? { t, m: m / 1000, b, kind } : null;
}

export class Timeline {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #openings = new Set<string>();
  #before: Moment | undefined;
  /** Newest time of the opening before this one; undefined in the first. */
  #last: number | undefined;
  /** Has this opening had its `log.open`. */
  #opened = false;
  /** Most seconds of silence in this opening, as its `log.open` says. */
  #every: unknown;
  /** µs by which the clock went back while the log was closed: a `clock.jump` must come next. */
  #wentBack: number | undefined;
  /** Milliseconds of UUID version 7, hex. */
  #newestId = '';
  readonly #count = { jumps: 0, heartbeats: 0, silences: 0, longest: 0 };

  constructor(report: Reporter, logId: string) {
    this.#report = report;
    this.#logId = logId;
  }

  event(where: string, kind: string, leaf: Json): void {
    const now = momentOf(kind, leaf);
    if (now === null)
      return this.#report.finding(
        'event-form',
        'The event does not say when and in which opening it was recorded.',
        where,
      );
    this.#identify(where, leaf.id);
    const before = this.#before;
    if (before?.b !== now.b) this.#begin(where, now);
    else this.#follow(where, before, now, leaf);
    if (kind === 'log.open') this.#open(where, now, leaf);
    else if (kind === 'heartbeat') this.#heartbeat(where, before, now, leaf);
    this.#before = now;
  }

  end(): void {
    const { jumps, heartbeats, silences, longest } = this.#count;
    if (!this.#opened && this.#before !== undefined)
      this.#report.finding('opening', 'Its last opening has no log.open.', this.#logId);
    const rule = 'the wall and the monotonic clock in the events';
    this.#report.checked('openings, in each the clocks run alike', this.#openings.size, rule);
    if (jumps > 0) this.#report.checked('jumps of the clock, each recorded', jumps, rule);
    if (heartbeats > 0) this.#report.checked('heartbeats', heartbeats, rule);
    if (silences > 0)
      this.#report.notChecked(
        `Why ${this.#logId} was silent ${silences} times for longer than it should be, once for ${Math.round(longest / 1e6)} s: a stopped process or a full disk is silent, too.`,
      );
  }

  #identify(where: string, id: unknown): void {
    const ms = typeof id === 'string' ? id.slice(0, 13) : '';
    if (ms.length < 13 || ms < this.#newestId) this.#report.finding('event-id', 'The time in its id goes back.', where);
    else this.#newestId = ms;
  }

  /** The first event of another opening. */
  #begin(where: string, now: Moment): void {
    if (this.#openings.has(now.b))
      this.#report.finding('opening', 'It belongs to an opening of the log that was over before.', where);
    if (this.#before !== undefined && !this.#opened)
      this.#report.finding('opening', 'The opening before it has no log.open.', where);
    this.#nothingMissing(where);
    this.#openings.add(now.b);
    this.#last = this.#before?.t;
    this.#opened = false;
    this.#every = undefined;
  }

  /** Another event of the same opening. */
  #follow(where: string, before: Moment, now: Moment, leaf: Json): void {
    if (now.m < before.m) this.#report.finding('clock', 'The monotonic clock went back within one opening.', where);
    const parted = now.t - before.t - (now.m - before.m);
    if (now.kind === 'clock.jump') {
      this.#count.jumps++;
      const by = at(leaf, 'clock', 'by');
      const shown = this.#wentBack ?? parted;
      if (typeof by !== 'number' || (this.#wentBack === undefined && Math.abs(parted) <= ALIKE))
        this.#report.finding('clock', 'It says that the clock jumped, and no event shows that.', where);
      else if (Math.abs(by * 1000 - shown) > ALIKE)
        this.#report.finding(
          'clock',
          `It says that the clock jumped by ${by} ms, and the events say ${Math.round(shown / 1000)} ms.`,
          where,
        );
      this.#wentBack = undefined;
      return;
    }
    this.#nothingMissing(where);
    if (Math.abs(parted) > ALIKE)
      this.#report.finding(
        'clock',
        `Since the event before, the wall clock moved by ${Math.round(parted / 1000)} ms against the monotonic one, and no clock.jump says so.`,
        where,
      );
    const silence = now.m - before.m;
    if (typeof this.#every === 'number' && silence > this.#every * 1e6 + LATE) {
      this.#count.silences++;
      this.#count.longest = Math.max(this.#count.longest, silence);
    }
  }

  #open(where: string, now: Moment, leaf: Json): void {
    if (this.#opened) this.#report.finding('opening', 'One opening of the log has two log.open.', where);
    this.#opened = true;
    this.#every = at(leaf, 'beat', 'every');
    if (this.#last !== undefined && now.t < this.#last - ALIKE) this.#wentBack = now.t - this.#last;
  }

  #heartbeat(where: string, before: Moment | undefined, now: Moment, leaf: Json): void {
    this.#count.heartbeats++;
    const every = at(leaf, 'beat', 'every');
    if (typeof every !== 'number' || every !== this.#every)
      this.#report.finding(
        'heartbeat',
        `It says every ${inWords(every)} s, and log.open ${inWords(this.#every)} s.`,
        where,
      );
    else if (before?.b === now.b && now.m - before.m < every * 1e6 - EARLY)
      this.#report.finding('heartbeat', 'It proves no silence: the event before it is younger than it says.', where);
  }

  #nothingMissing(where: string): void {
    if (this.#wentBack === undefined) return;
    this.#report.finding(
      'clock',
      `The log was opened with a clock ${Math.round(-this.#wentBack / 1000)} ms behind its newest event, and no clock.jump says so.`,
      where,
    );
    this.#wentBack = undefined;
  }
}
