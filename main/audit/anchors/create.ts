/** Copies and signatures of the logs of a profile outside this machine: what runs beside the record, and never in its way. */
import { CountersignError } from '../../errors.ts';
import { type AuditEvent } from '../events.ts';
import { type AuditLog } from '../log.ts';
import { type Anchors, type AnchorState, type Pressure } from './anchors.ts';
import { Bell, systemClock } from './clock.ts';
import { keepCopying } from './copying.ts';
import { heardStore, heardWitness } from './heard.ts';
import { newestSigned, openLocalLog, signedCheckpoint, type LocalLog, type Signed } from './local-log.ts';
import { type AnchorOptions } from './options.ts';
import { nextPressure } from './pressure.ts';
import { notConfigured, unreached, unsigned } from './refusals.ts';
import { Stamping } from './stamping.ts';
import { type LogState } from './survey.ts';
import { eventTime, Uploads } from './uploads.ts';
import { Waiters } from './waiters.ts';
import { Witnessing } from './witnessing.ts';
import { inWords } from './words.ts';

/** Events are gathered this long before they are copied, unless somebody waits, ms. */
const GATHER = 1000;
/** Between two checkpoints offered to witnesses while nobody waits for them, ms. */
const WITNESS_EVERY = 60_000;
const IDLE = 60_000;
/** Between two tries to sign, ms. */
const LEAST = 1000;
/** Silence outside after which a program that ends waits no longer, ms. */
const SILENCE = 1000;
/** Logs that one process begins at most because the one before was found to go on elsewhere. */
const MOST_SUCCESSORS = 3;
const HOUR = 60 * 60_000;

/**
 * Begins to bring the logs of the profile to store and witnesses, and goes on until it is closed. `directory`'s other logs
 * are read, never locked and never written, save for what is made of their checkpoints.
 * @throws CountersignError `upload-damaged` when the log cannot be read
 */
export function createAnchors(options: AnchorOptions): Anchors {
  const { log, settings, clock = systemClock } = options;
  /** Answers of store and witnesses so far. */
  let answers = 0;
  const answered = (): void => void answers++;
  const store = options.store === undefined ? undefined : heardStore(options.store, answered);
  const witnesses = options.witnesses.map((witness) => heardWitness(witness, answered));
  const stopped = new AbortController();
  const { signal } = stopped;
  /** Aborts when the last try begins: nothing is waited for any more. */
  const ending = new AbortController();
  const waiters = new Waiters(clock);
  const listeners = new Set<(state: AnchorState) => void>();
  /** Something was recorded; something was signed; somebody waits: for the loop that signs and the one that copies. */
  const bells = { recorded: new Bell(), signed: new Bell(), signNow: new Bell(), copyNow: new Bell() };
  /** Why each part cannot go on. */
  const troubles: Record<'log' | 'conflict' | 'store', string | null> = { log: null, conflict: null, store: null };

  let own = openOwn(log);
  let newest: Signed | null = newestSigned(own);
  /** Since when the oldest event of the own log waits, ms; null when none does. */
  let since: number | null = null;
  let pressure: Pressure = 'none';
  let successors = 0;
  let succession: Promise<void> | null = null;
  let offered = -Infinity;
  let closed: Promise<void> | undefined;
  let shown = '';

  const uploads =
    store === undefined
      ? null
      : new Uploads(
          {
            directory: options.directory,
            store,
            retainDays: settings.retainDays,
            clock,
            progressed: () => {
              waitsSince();
              changed();
            },
            conflict: ({ kind, size, agreed }) =>
              succeed(
                kind === 'ahead'
                  ? `the store holds ${size} events of it and here are fewer: it was put back from a copy, or goes on elsewhere`
                  : `the store holds other events of it than are here, from ${agreed.size} on: it goes on elsewhere as well`,
                agreed,
                { k: 'upload.state', upload: { what: 'fork', store: store.name, code: `upload-${kind}` } },
              ),
            weak: (code) => note({ k: 'upload.state', upload: { what: 'weak', store: store.name, code } }),
          },
          own,
        );
  const witnessing =
    witnesses.length === 0
      ? null
      : new Witnessing(
          {
            witnesses,
            quorum: options.quorum,
            clock,
            signal,
            head,
            expect,
            changed: () => {
              offer();
              changed();
            },
            conflict: ({ witness, kind, size, agreed }) =>
              succeed(
                kind === 'ahead'
                  ? `the witness ${witness} knows ${size} events of it and here are fewer: it was put back from a copy, or goes on elsewhere`
                  : `the witness ${witness} knows other events of it than are here: it goes on elsewhere as well`,
                agreed,
                { k: 'witness.conflict', witness: { name: witness, size } },
              ),
            forgot: (witness, size) => note({ k: 'witness.conflict', witness: { name: witness, size } }),
          },
          own,
        );
  const stamping =
    options.stamp === undefined ? null : new Stamping({ stamp: options.stamp, clock, signal, expect, changed });

  if (uploads !== null && uploads.own.presumed < recorded())
    since = eventTime(own.path, uploads.own.presumed) ?? clock.now();

  function recorded(): number {
    return log.state().recorded;
  }

  /** Some of what waited is copied: the oldest that still waits may be much younger. */
  function waitsSince(): void {
    if (uploads === null || since === null || clock.now() - since < IDLE || recorded() <= uploads.own.presumed) return;
    since = eventTime(own.path, uploads.own.presumed) ?? since;
  }

  /** What the record says of its own copies. A log that takes nothing more says why itself. */
  function note(event: AuditEvent): void {
    void log.append(event).catch(() => undefined);
  }

  /** Something is about to be made of a checkpoint that the store shall have too. */
  function expect(size: number): void {
    uploads?.own.expectLate(size);
    bells.signed.ring();
  }

  /** Signs what is recorded; gives what was signed last where the log signs no more. */
  async function head(): Promise<Signed> {
    const of = own;
    const note = await log.checkpoint().then(
      (tree) => tree.note,
      () => null,
    );
    const signed = note === null ? newestSigned(of) : signedCheckpoint(of, note);
    if (of === own && signed !== null && signed.size > (newest?.size ?? 0)) newest = signed;
    if (newest === null) throw unsigned(own);
    return newest;
  }

  /** Offers the newest checkpoint to the witnesses: at once where somebody waits for it, else once a minute. */
  function offer(): void {
    if (witnessing === null || newest === null || succession !== null) return;
    const due = Math.abs(clock.now() - offered) >= WITNESS_EVERY || waiters.waitsFor('witnessed');
    if (due && witnessing.offer(newest)) offered = clock.now();
  }

  /** The log must not go on: gives it up once, whoever found out, and goes on with its successor. */
  function succeed(reason: string, at: LogState, event: AuditEvent): Promise<void> {
    succession ??= beginSuccessor(reason, at, event).then(
      () => {
        succession = null;
        troubles.conflict = null;
        changed();
      },
      (error: unknown) => {
        succession = null;
        troubles.conflict = inWords(error);
        changed();
        throw error;
      },
    );
    changed();
    return succession;
  }

  async function beginSuccessor(reason: string, at: LogState, event: AuditEvent): Promise<void> {
    const before = own;
    if (successors >= MOST_SUCCESSORS)
      throw new CountersignError('upload-foreign', `Every new log is found to go on elsewhere as well: ${reason}.`, {
        next: 'Find out who else uses this profile, or its place in the store, then start the program again.',
      });
    await log.giveUp(reason, at);
    successors++;
    own = openOwn(log);
    newest = null;
    since = clock.now();
    uploads?.begin(own);
    witnessing?.begin(own);
    waiters.refuse(() => unreached(`Its log was given up, because ${reason}.`, 'Run the statement again.'), {
      log: before.id,
    });
    await log.append(event).catch(() => undefined);
    await head();
    bells.signed.ring();
  }

  /**
   * Nothing may run while the log goes on elsewhere, nor before the store has the first event of its successor, which says
   * so (docs/log-format.md).
   */
  function isUnproven(): boolean {
    return (
      succession !== null ||
      troubles.conflict !== null ||
      (uploads !== null && own.after !== undefined && uploads.own.presumed === 0)
    );
  }

  function press(): void {
    const others = uploads?.waiting() ?? { events: 0, since: null };
    const events = uploads === null ? 0 : Math.max(0, recorded() - uploads.own.presumed) + others.events;
    const oldest = Math.min(since ?? Infinity, others.since ?? Infinity);
    const hours = Number.isFinite(oldest) ? Math.max(0, clock.now() - oldest) / HOUR : 0;
    const next = isUnproven() ? 'refuse-all' : nextPressure(pressure, { events, hours }, settings.pressure);
    if (next === pressure) return;
    pressure = next;
    // A log that is being given up is left as it is.
    if (succession === null) note(uploadState('pressure', next));
  }

  function uploadState(what: string, code?: string): AuditEvent {
    const uploaded = uploads?.own.presumed ?? 0;
    return {
      k: 'upload.state',
      upload: { what, store: store?.name ?? '', uploaded, ...(code === undefined ? {} : { code }) },
    };
  }

  function state(): AnchorState {
    const oldest = Math.min(since ?? Infinity, uploads?.waiting().since ?? Infinity);
    return {
      store: store?.name ?? null,
      uploaded: uploads?.own.presumed ?? null,
      witnessed: witnessing?.witnessed ?? null,
      pressure,
      ...(isUnproven() ? { unproven: true } : {}),
      waitingSince: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
      trouble:
        troubles.conflict ??
        troubles.log ??
        troubles.store ??
        witnessing?.trouble ??
        stamping?.trouble ??
        uploads?.aside ??
        null,
      weaknesses: uploads?.weaknesses ?? [],
    };
  }

  /** Tells everybody who waits or listens how things stand. */
  function changed(): void {
    if (uploads !== null) {
      const { presumed, uploaded } = uploads.own;
      if (recorded() <= presumed) since = null;
      // A clock that was set back has nothing wait since tomorrow.
      else since = Math.min(since ?? Infinity, clock.now());
      if (uploaded !== undefined) waiters.reached(own.id, 'uploaded', uploaded);
    }
    if (witnessing !== null) waiters.reached(own.id, 'witnessed', witnessing.witnessed);
    press();
    const now = state();
    const text = JSON.stringify(now);
    if (text === shown) return;
    shown = text;
    for (const listener of listeners) listener(now);
  }

  /** Signs what was recorded and passes it on. */
  async function sign(): Promise<void> {
    for (let first = true; !ending.signal.aborted; first = false) {
      if (!first && recorded() <= (newest?.size ?? 0)) {
        await bells.recorded.wait(clock, IDLE, signal);
      } else {
        // What comes in together travels together.
        if (!first) await bells.signNow.wait(clock, GATHER, signal);
        const before = newest?.size;
        try {
          await head();
          troubles.log = null;
        } catch (error) {
          troubles.log = inWords(error);
        }
        if (newest?.size !== before) bells.signed.ring();
        else if (!first) await clock.sleep(LEAST, ending.signal);
      }
      offer();
      if (newest !== null) void stamping?.attempt(own, newest);
      changed();
    }
  }

  /** Somebody waits, or has put right what was wrong. */
  function hurry(): void {
    offer();
    for (const bell of Object.values(bells)) bell.ring();
    witnessing?.urge();
  }

  const unsubscribe = log.onState(() => {
    changed();
    bells.recorded.ring();
  });
  const running = Promise.allSettled([
    sign(),
    ...(uploads === null
      ? []
      : [
          keepCopying({
            uploads,
            newest: () => newest,
            clock,
            bells,
            signal,
            ending: ending.signal,
            tried(trouble) {
              troubles.store = trouble;
              changed();
            },
            inVain: (trouble, before) => waiters.refuse(() => unreached(trouble), { level: 'uploaded', before }),
            report: (what, code) => note(uploadState(what, code)),
          }),
        ]),
    ...(witnessing === null ? [] : [witnessing.run()]),
  ]);

  return {
    state,
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: hurry,
    async reach(receipt, level, asked) {
      if (level === 'local') return;
      const missing =
        level === 'uploaded' ? uploads === null : witnesses.length < options.quorum || witnesses.length === 0;
      if (missing) throw notConfigured(level);
      if (receipt.log !== own.id) throw unreached('Its log was given up.', 'Run the statement again.');
      if (closed !== undefined) throw unreached('This program is ending.');
      const waiting = waiters.add(
        receipt,
        level,
        settings.reachSeconds * 1000,
        () => unreached(state().trouble ?? `It took longer than ${settings.reachSeconds} seconds.`),
        asked,
      );
      changed();
      hurry();
      await waiting;
    },
    close(within) {
      closed ??= finish(within);
      return closed;
    },
  };

  async function finish(within: number): Promise<void> {
    const done = new AbortController();
    const everything = head()
      .catch(() => undefined)
      .then(() => {
        ending.abort();
        if (newest !== null) witnessing?.finish(newest);
        hurry();
        return running;
      })
      .finally(() => done.abort());
    // Counted in rounds: a clock that is set meanwhile makes nobody wait.
    for (let waited = 0, known = -1; waited < within && known !== answers && !done.signal.aborted; waited += SILENCE) {
      known = answers;
      await Promise.race([everything, clock.sleep(Math.min(SILENCE, within - waited), done.signal, 'awake')]);
    }
    done.abort();
    ending.abort();
    stopped.abort();
    await running;
    unsubscribe();
    waiters.refuse(() => unreached('This program is ending.'), {});
    changed();
  }
}

function openOwn(log: AuditLog): LocalLog {
  const own = openLocalLog(log.path);
  if (own === null)
    throw new CountersignError('upload-damaged', `The directory of the log ${log.id} does not say which log it is.`, {
      next: 'Start the program again: it then begins a new log.',
    });
  return own;
}
