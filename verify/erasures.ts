/** What the logs of one verification say of erased blobs, against what is there (docs/log-format.md, "What a good log obeys", 6). */
import { type Reporter } from './report.ts';

/** Why a blob that an event names cannot be read, in words. */
const GONE = {
  zeros: 'is overwritten with zeros',
  broken: 'was changed',
  absent: 'is not there',
  hidden: 'was deleted, so that it seems not to be there',
} as const;

/** Where the blobs of one log lie. */
export interface BlobPlace {
  /** Directory or store, for people. */
  readonly source: string;
  /** Which of these blobs are whole at this moment; null for a store, whose rights and retention may forbid erasing. */
  readonly lookAgain: ((addresses: ReadonlySet<string>) => ReadonlySet<string>) | null;
}

/** Of each address this many bytes are kept: nobody makes another blob with the same 128 bits. */
const KEPT = 16;
const IN_ROOM = 1 << 14;

/** Addresses of the blobs that one log has in one place, in 16 bytes each. */
export class KeptBlobs {
  readonly #rooms: Buffer[] = [];
  #count = 0;

  push(address: string): void {
    const at = this.#count % IN_ROOM;
    if (at === 0) this.#rooms.push(Buffer.allocUnsafe(KEPT * IN_ROOM));
    this.#rooms.at(-1)?.write(address, at * KEPT, KEPT, 'hex');
    this.#count++;
  }

  /** Those of the addresses that are here. */
  among(addresses: Iterable<string>): ReadonlySet<string> {
    const wanted = new Map(Array.from(addresses, (address) => [address.slice(0, 2 * KEPT), address]));
    const found = new Set<string>();
    for (let index = 0; wanted.size > 0 && index < this.#count; index++) {
      const at = (index % IN_ROOM) * KEPT;
      const address = wanted.get(this.#rooms[Math.floor(index / IN_ROOM)]?.toString('hex', at, at + KEPT) ?? '');
      if (address !== undefined) found.add(address);
    }
    return found;
  }
}

/** An erasure may be recorded in a later log than the blob: it is judged after the last of them. */
export class Erasures {
  /** By log and address. */
  readonly #gone = new Map<
    string,
    { readonly address: string; readonly how: keyof typeof GONE; readonly where: string }
  >();
  /** By log: addresses, each with its event. */
  readonly #erased = new Map<string, Map<string, string>>();
  /** Events of erasures after which their log was closed or opened again. */
  readonly #over = new Set<string>();
  readonly #kept: { readonly log: string; readonly place: BlobPlace; readonly blobs: KeptBlobs }[] = [];

  /** Takes the blobs that are there of a log. */
  keptOf(log: string, place: BlobPlace): KeptBlobs {
    const blobs = new KeptBlobs();
    this.#kept.push({ log, place, blobs });
    return blobs;
  }

  /** The blob of an event of `log` cannot be read. */
  gone(log: string, address: string, how: keyof typeof GONE, where: string): void {
    this.#gone.set(`${log} ${address}`, { address, how, where });
  }

  /** The event `where` says that the blob was erased. */
  erased(log: string, address: string, where: string): void {
    this.#erased.set(log, (this.#erased.get(log) ?? new Map<string, string>()).set(address, where));
  }

  /** The writer has come further: a crash between the event `where` and the zeros is made good by now. */
  over(where: string): void {
    this.#over.add(where);
  }

  end(report: Reporter): void {
    let erased = 0;
    for (const [key, { address, how, where }] of this.#gone) {
      const [log = ''] = key.split(' ');
      if (this.#erased.get(log)?.has(address) === true) erased++;
      else
        report.finding(
          how === 'broken' ? 'blob-changed' : 'blob-missing',
          `The blob ${address} ${GONE[how]}, and no event says it was erased.`,
          where,
        );
    }
    if (erased > 0) report.checked('encrypted blobs erased', erased, 'the event that says so');
    for (const { log, place, blobs } of this.#kept) {
      const said = this.#erased.get(log);
      if (said !== undefined) this.#notErased(log, place, blobs.among(said.keys()), said, report);
    }
  }

  #notErased(
    log: string,
    { source, lookAgain }: BlobPlace,
    kept: ReadonlySet<string>,
    said: ReadonlyMap<string, string>,
    report: Reporter,
  ): void {
    if (lookAgain === null) {
      if (kept.size > 0)
        report.notChecked(
          `Why ${kept.size} blobs of ${log} that events say were erased are still in ${source}: the rights of the writer there, or a retention, may forbid it, or it comes later.`,
        );
      return;
    }
    const overdue = new Set([...kept].filter((address) => this.#over.has(said.get(address) ?? '')));
    if (overdue.size === 0) return;
    // The log may be in use: what was there when its segment was read may have been erased before its end was.
    for (const address of lookAgain(overdue))
      report.finding(
        'blob-not-erased',
        `It says that the blob ${address} of ${log} was erased, and the blob is still there.`,
        said.get(address) ?? null,
      );
  }
}
