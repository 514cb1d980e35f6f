/** What a store does not promise, asked once a day and kept beside the logs: `store.json`. */
import { join } from 'node:path';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { type ObjectStore, type StoreWeakness } from '../store/store.ts';
import { type AnchorClock } from './clock.ts';
import { putLocal } from './files.ts';
import { readFile } from './local-log.ts';

const DAY = 24 * 60 * 60_000;
const FILE = 'store.json';
const examined = z.strictObject({
  store: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  weaknesses: z.array(z.strictObject({ code: z.string(), sentence: z.string(), mend: z.string() })),
});

export class Weaknesses {
  readonly #store: ObjectStore;
  readonly #path: string;
  readonly #clock: AnchorClock;
  #known: z.infer<typeof examined>;

  /** @param directory that holds the logs of the profile */
  constructor(store: ObjectStore, directory: string, clock: AnchorClock) {
    this.#store = store;
    this.#path = join(directory, FILE);
    this.#clock = clock;
    this.#known = this.#read() ?? { store: store.name, at: -Infinity, weaknesses: [] };
  }

  get known(): readonly StoreWeakness[] {
    return this.#known.weaknesses;
  }

  /** Looks at the store unless it was looked at within a day. Gives the codes of new weaknesses. @throws CountersignError */
  async examine(signal: AbortSignal): Promise<readonly string[]> {
    const now = this.#clock.now();
    if (Math.abs(now - this.#known.at) >= DAY || this.#overwrites()) {
      const before = new Set(this.known.map(({ code }) => code));
      const weaknesses = (await this.#store.examine(signal)).map(({ code, sentence, mend }) => ({
        code,
        sentence,
        mend,
      }));
      this.#known = { store: this.#store.name, at: now, weaknesses };
      this.#write();
      if (!this.#overwrites()) return weaknesses.map(({ code }) => code).filter((code) => !before.has(code));
    }
    const worst = this.#overwrites();
    if (worst) throw new CountersignError('store-overwrites', worst.sentence, { next: worst.mend });
    return [];
  }

  /** A place where what is written can be replaced keeps no record. */
  #overwrites(): StoreWeakness | undefined {
    return this.known.find(({ code }) => code === 'may-overwrite');
  }

  #read(): z.infer<typeof examined> | undefined {
    try {
      const found = examined.safeParse(JSON.parse(readFile(this.#path)?.toString() ?? 'null'));
      return found.success && found.data.store === this.#store.name ? found.data : undefined;
    } catch {
      return undefined;
    }
  }

  #write(): void {
    try {
      putLocal(this.#path, Buffer.from(`${JSON.stringify(this.#known, null, 2)}\n`), { durable: false });
    } catch {
      // Asked again at the next start.
      return;
    }
  }
}
