/**
 * Asks the witnesses of a log to cosign its checkpoints. All are offered the same checkpoint before any is offered the next,
 * so that the lines that make a quorum are found under one; none waits for another longer than that one takes to answer.
 */
import { CountersignError } from '../../errors.ts';
import { consistencyProof, rootAt } from '../proofs.ts';
import { parseNote, parseSignatureLine } from '../witness/signed-note.ts';
import { parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from '../witness/verifier-key.ts';
import { isConsistent } from '../witness/consistency.ts';
import { cosignedAt } from '../witness/cosignature.ts';
import { type CosignAnswer, type MonitoredWitness } from '../witness/client.ts';
import { backoff, Bell, type AnchorClock } from './clock.ts';
import { cosignedSizes, keepCosignature, readCosignature } from './late.ts';
import { readSigned, signedCheckpoint, type LocalLog, type Signed } from './local-log.ts';
import { type LogState } from './survey.ts';
import { inWords } from './words.ts';

/** A witness has shown a checkpoint signed by this log that the log here does not lead to. */
export interface WitnessConflict {
  readonly witness: string;
  readonly kind: 'ahead' | 'forked';
  /** Entries that the witness knows. */
  readonly size: number;
  /** The greatest checkpoint of the log here that this witness has cosigned. */
  readonly agreed: LogState;
}

export interface WitnessingOptions {
  readonly witnesses: readonly MonitoredWitness[];
  readonly quorum: number;
  readonly clock: AnchorClock;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Signs what is recorded now. */
  readonly head: () => Promise<Signed>;
  /** A cosignature of this checkpoint is about to be kept. */
  readonly expect: (size: number) => void;
  /** Something changed: another cosignature, a trouble, a round that ended. */
  readonly changed: () => void;
  readonly conflict: (found: WitnessConflict) => Promise<void>;
  /** A witness knows less of the log than it has cosigned: `size` entries. Told once for each time it is found. */
  readonly forgot: (witness: string, size: number) => void;
}

interface Seat {
  readonly witness: MonitoredWitness;
  readonly key: VerifierKey | null;
  readonly bell: Bell;
  /** Size of the newest checkpoint it is known to have cosigned. */
  size: number;
  busy: boolean;
  /** What kept it from the last cosignature. */
  trouble: string | null;
  /** It knew less than it had cosigned: what it says is worth less, however it goes on. */
  forgetful: string | null;
}

interface Round {
  readonly log: LocalLog;
  readonly target: Signed;
  /** Seats that have cosigned it, and those that have at least been asked. */
  readonly signed: Set<Seat>;
  readonly asked: Set<Seat>;
}

/** Times that a witness's size may surprise within one request. */
const CORRECTIONS = 4;
const IDLE = 60_000;
/** Checkpoints looked through at a start for the newest with a quorum. */
const LOOKED_THROUGH = 200;

export class Witnessing {
  readonly #options: WitnessingOptions;
  readonly #seats: readonly Seat[];
  /** Seats by the size that they have cosigned, for sizes above `#witnessed`. */
  readonly #cosigned = new Map<number, Set<Seat>>();
  #log: LocalLog;
  #round: Round | undefined;
  #witnessed = 0;
  #ending = false;

  constructor(options: WitnessingOptions, log: LocalLog) {
    this.#options = options;
    this.#log = log;
    this.#seats = options.witnesses.map((witness) => ({
      witness,
      key: parseVerifierKey(witness.key, SIGNATURE_TYPE.cosignature),
      bell: new Bell(),
      size: 0,
      busy: false,
      trouble: null,
      forgetful: null,
    }));
    this.begin(log);
  }

  /** Entries under a checkpoint that a quorum has cosigned. */
  get witnessed(): number {
    return this.#witnessed;
  }

  /** What keeps the quorum from being reached, or else what a witness has lost; null where neither. */
  get trouble(): string | null {
    const round = this.#round;
    const behind = round !== undefined && this.#witnessed < round.target.size;
    const hindered = behind ? this.#seats.find((seat) => seat.trouble !== null && !round.signed.has(seat)) : undefined;
    return hindered?.trouble ?? this.#seats.find((seat) => seat.forgetful !== null)?.forgetful ?? null;
  }

  /** From here on it is about this log. What its directory has of cosignatures counts. */
  begin(log: LocalLog): void {
    this.#log = log;
    this.#round = undefined;
    this.#witnessed = 0;
    this.#cosigned.clear();
    for (const seat of this.#seats) seat.size = 0;
    for (const size of cosignedSizes(log.path).slice(0, LOOKED_THROUGH)) {
      const signed = readSigned(log, size);
      if (signed === null) continue;
      for (const seat of this.#seats) if (this.#hasCosigned(seat, signed)) this.#count(seat, size);
      if (this.#witnessed > 0) break;
    }
  }

  /** Offers a checkpoint, unless the round before is still going on. */
  offer(newest: Signed): boolean {
    const round = this.#round;
    if (newest.size <= (round?.target.size ?? this.#witnessed)) return false;
    if (round !== undefined && !this.#isOver(round)) return false;
    this.#round = { log: this.#log, target: newest, signed: new Set(), asked: new Set() };
    this.urge();
    return true;
  }

  /** Offers the last checkpoint. `run` ends when every witness that is not busy has been asked once more. */
  finish(newest: Signed): void {
    this.#ending = true;
    if (newest.size > (this.#round?.target.size ?? this.#witnessed)) this.#round = undefined;
    if (!this.offer(newest) && this.#round !== undefined) this.#round.asked.clear();
    this.urge();
  }

  /** Asks those again at once that are in trouble. */
  urge(): void {
    for (const seat of this.#seats) seat.bell.ring();
  }

  /** Serves until the signal aborts, or, once `finish` was called, until what was offered has been tried. */
  async run(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => this.#serve(seat)));
  }

  #isOver(round: Round): boolean {
    return this.#witnessed >= round.target.size || this.#seats.every((seat) => round.asked.has(seat) && !seat.busy);
  }

  async #serve(seat: Seat): Promise<void> {
    const { clock, signal, changed } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const round = this.#round;
      if (round === undefined || round.signed.has(seat) || (this.#ending && round.asked.has(seat))) {
        if (this.#ending) return;
        await seat.bell.wait(clock, IDLE, signal);
        continue;
      }
      seat.busy = true;
      try {
        await this.#ask(seat, round);
        seat.trouble = null;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        seat.trouble = inWords(error);
        failures++;
      }
      seat.busy = false;
      round.asked.add(seat);
      changed();
      if (failures > 0 && !this.#ending) await seat.bell.wait(clock, backoff(failures), signal);
    }
  }

  async #ask(seat: Seat, round: Round): Promise<void> {
    const { signal, head } = this.#options;
    const { log } = round;
    let { target } = round;
    for (let tries = 0; tries < CORRECTIONS; tries++) {
      if (seat.size > target.size) target = await head();
      const oldSize = seat.size;
      const proof = consistencyProof(log.path, oldSize, target.size);
      const answer = await seat.witness.cosign({ checkpoint: target.note, oldSize, proof }, signal);
      if (this.#log !== log) return;
      if (answer.kind === 'cosigned') {
        this.#keep(seat, log, target, answer.line);
        round.signed.add(seat);
        return;
      }
      if (answer.kind === 'conflict') {
        if (answer.size > target.size && answer.size > (target = await head()).size)
          return this.#prove(seat, log, answer);
        this.#remember(seat, log, answer.size);
        seat.size = answer.size;
      } else {
        const own = isConsistent({ size: oldSize, root: rootAt(log.path, oldSize) }, target, proof);
        if (answer.code === 'inconsistent' && own) return this.#prove(seat, log, answer);
        throw new CountersignError('witness-refused', answer.reason, { next: 'Ask who runs it.' });
      }
    }
    throw new CountersignError(
      'witness-unavailable',
      `The witness ${seat.witness.name} keeps changing what it knows.`,
      {
        next: 'It is asked again. Ask who runs it, if it stays so.',
      },
    );
  }

  /**
   * What a witness answers is not signed: a faulty one, or whoever stands before it, could end every log by it. The
   * checkpoint it shows is signed by the log's own key, and is what ends a log.
   * @throws CountersignError `witness-unproven`
   */
  async #prove(seat: Seat, log: LocalLog, said: WitnessSaid): Promise<void> {
    const { signal, head, conflict } = this.#options;
    const shown = await seat.witness.newest(log.key.text, signal);
    const signed = shown === null ? null : signedCheckpoint(log, shown.note);
    // Signed after the witness was asked: what is here may have grown as well.
    const own = await head();
    if (this.#log !== log) return;
    const kind = signed === null ? null : departure(signed, own, log);
    if (signed === null || kind === null) throw unproven(seat.witness.name, said, own.size);
    await conflict({ witness: seat.witness.name, kind, size: signed.size, agreed: this.#agreed(seat, log) });
  }

  /** A witness whose memory was put back could cosign another history: that it forgot must not pass in silence. */
  #remember(seat: Seat, log: LocalLog, size: number): void {
    const { size: cosigned } = this.#agreed(seat, log);
    if (size >= cosigned) return;
    seat.forgetful = `The witness ${seat.witness.name} has cosigned ${cosigned} events of this log and now knows ${size}: it has lost its memory. Ask who runs it; a witness that forgot needs a new key.`;
    this.#options.forgot(seat.witness.name, size);
  }

  #keep(seat: Seat, log: LocalLog, { size }: Signed, line: string): void {
    this.#options.expect(size);
    if (seat.key !== null) keepCosignature(log.path, size, seat.key.id.toString('hex'), line);
    this.#count(seat, size);
  }

  #count(seat: Seat, size: number): void {
    seat.size = Math.max(seat.size, size);
    const seats = this.#cosigned.get(size) ?? new Set();
    this.#cosigned.set(size, seats.add(seat));
    if (seats.size < this.#options.quorum) return;
    this.#witnessed = Math.max(this.#witnessed, size);
    for (const covered of this.#cosigned.keys()) if (covered <= this.#witnessed) this.#cosigned.delete(covered);
  }

  #hasCosigned({ key }: Seat, { size, note }: Signed): boolean {
    const line = key === null ? null : readCosignature(this.#log.path, size, key.id.toString('hex'));
    const signature = line === null ? null : parseSignatureLine(line);
    const text = parseNote(note)?.text;
    return key !== null && signature !== null && text !== undefined && cosignedAt(signature, key, text) !== null;
  }

  #agreed(seat: Seat, log: LocalLog): LogState {
    const size = cosignedSizes(log.path).find((candidate) => {
      const signed = readSigned(log, candidate);
      return signed !== null && this.#hasCosigned(seat, signed);
    });
    return { size: size ?? 0, root: rootAt(log.path, size ?? 0).toString('hex') };
  }
}

/** What a witness gave as the reason not to cosign. */
type WitnessSaid = Exclude<CosignAnswer, { readonly kind: 'cosigned' }>;

/** How a checkpoint signed by the log's key departs from the log here; null where it is one of it. */
function departure(shown: Signed, own: Signed, log: LocalLog): WitnessConflict['kind'] | null {
  if (shown.size > own.size) return 'ahead';
  return rootAt(log.path, shown.size).equals(shown.root) ? null : 'forked';
}

function unproven(witness: string, said: WitnessSaid, size: number): CountersignError {
  const what =
    said.kind === 'conflict'
      ? `knows ${said.size} events of this log, of which there are ${size} here,`
      : 'has cosigned a history that this log does not continue,';
  return new CountersignError('witness-unproven', `The witness ${witness} says that it ${what} and shows no proof.`, {
    next: 'Ask who runs it to show the checkpoint that it knows; until then it cosigns nothing here, and organisation.yaml (record.witnesses) may do without it.',
  });
}
