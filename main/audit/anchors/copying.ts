import { CountersignError } from '../../errors.ts';
import { backoff, type AnchorClock, type Bell } from './clock.ts';
import { type Signed } from './local-log.ts';
import { type Uploads } from './uploads.ts';
import { inWords } from './words.ts';

/** Without news the store is looked at again after this long, ms. */
const IDLE = 60_000;
/** Between two tries where people must act first, ms. */
const REFUSED = 5 * 60_000;
/** The least between two tries, whoever waits, ms. */
const LEAST = 1000;

/** Where another try without people's help is unlikely to do better. */
const NEEDS_PEOPLE = new Set(['store-refused', 'store-full', 'store-overwrites', 'upload-foreign', 'upload-damaged']);

export interface CopyingOptions {
  readonly uploads: Uploads;
  /** The greatest checkpoint of the own log; null while it has none. */
  readonly newest: () => Signed | null;
  readonly clock: AnchorClock;
  /** Something was signed; somebody waits. */
  readonly bells: { readonly signed: Bell; readonly copyNow: Bell };
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  /** Aborts when one last try shall be made. */
  readonly ending: AbortSignal;
  /** How the last try ended: null, or what keeps the store from having everything. */
  readonly tried: (trouble: string | null) => void;
  /** Those who have waited since before `before` (ms) wait in vain. */
  readonly inVain: (trouble: string, before: number) => void;
  /** The store cannot be had for longer than a moment, or can be again. */
  readonly report: (what: 'lost' | 'resumed', code?: string) => void;
}

/** Copies what was signed, for ever: soon after it was, and after a failure when it is likely to go better. */
export async function keepCopying(options: CopyingOptions): Promise<void> {
  const { uploads, newest, clock, bells, signal, ending, tried, inVain, report } = options;
  let failures = 0;
  for (let last = false; !signal.aborted && !last;) {
    last = ending.aborted;
    const started = clock.now();
    let pause = IDLE;
    try {
      await uploads.pass(newest, signal);
      // The first time may have been a hiccup.
      if (failures > 1) report('resumed');
      failures = 0;
      tried(null);
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof CountersignError ? error.code : 'internal-error';
      if (++failures === 2) report('lost', code);
      pause = NEEDS_PEOPLE.has(code) ? REFUSED : backoff(failures);
      if (NEEDS_PEOPLE.has(code)) inVain(inWords(error), started);
      tried(inWords(error));
    }
    if (ending.aborted) continue;
    if (failures === 0) await bells.signed.wait(clock, pause, signal);
    else {
      await clock.sleep(LEAST, ending);
      await bells.copyNow.wait(clock, pause, signal);
    }
  }
}
