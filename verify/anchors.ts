/**
 * What others say of a log's checkpoints: cosignatures of witnesses and time stamps. They count for a checkpoint whose root
 * the events have; what they say of time is compared with the times of the events they cover.
 */
import { namedSigner, openCosignature, type Checkpoint } from './note.ts';
import { type Reporter } from './report.ts';
import { openStamp, type StampTrust } from './stamp.ts';
import { identityOf, type Trust } from './trust.ts';

/** Signatures over checkpoints that lie beside a log, by the size of the checkpoint. */
export interface AnchorFiles {
  readonly cosignatures: ReadonlyMap<number, readonly { readonly name: string; readonly bytes: Buffer }[]>;
  readonly stamps: ReadonlyMap<number, Buffer>;
}

export interface AnchorOptions {
  readonly trust: Trust;
  /** What it is when too few of the trusted witnesses have cosigned a log. */
  readonly unwitnessed: 'finding' | 'said';
  readonly authorities: StampTrust;
}

/** Clocks of two machines may differ by so much, µs. */
const CLOCKS = 5 * 60 * 1_000_000;

const padded = (size: number): string => String(size).padStart(20, '0');

export class AnchorCheck {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #files: AnchorFiles;
  readonly #options: AnchorOptions;
  readonly #left: { readonly cosignatures: Set<number>; readonly stamps: Set<number> };
  readonly #count = { cosignatures: 0, strangers: 0, stamps: 0, untrusted: 0 };
  #witnessed = 0;

  constructor(report: Reporter, logId: string, files: AnchorFiles, options: AnchorOptions) {
    this.#report = report;
    this.#logId = logId;
    this.#files = files;
    this.#options = options;
    this.#left = { cosignatures: new Set(files.cosignatures.keys()), stamps: new Set(files.stamps.keys()) };
  }

  /** A checkpoint of the log's key that the events confirm; `newest` is the time of the last event it covers, µs. */
  covered(checkpoint: Checkpoint, note: Buffer, newest: number): void {
    const { size, body } = checkpoint;
    const lines = this.#files.cosignatures.get(size) ?? [];
    if (lines.length > 0) this.#cosigned(size, body, newest, lines);
    this.#left.cosignatures.delete(size);
    const stamp = this.#files.stamps.get(size);
    if (stamp !== undefined) this.#stamped(size, note, newest, stamp);
    this.#left.stamps.delete(size);
  }

  /** @returns entries under a checkpoint that enough of the trusted witnesses have cosigned; null where none is trusted. */
  end(size: number): number | null {
    for (const [kind, left] of [
      ['cosig', this.#left.cosignatures],
      ['stamp', this.#left.stamps],
    ] as const)
      for (const at of left)
        this.#report.finding(
          'anchor',
          'There is no good checkpoint of this size that it could be a signature over.',
          `${this.#logId}/${kind}/${padded(at)}`,
        );
    const { cosignatures, strangers, stamps, untrusted } = this.#count;
    if (this.#files.cosignatures.size > 0)
      this.#report.checked('cosignatures of witnesses', cosignatures, "the witnesses' Ed25519 keys");
    if (strangers > 0)
      this.#report.notChecked(
        `${strangers} cosignatures over ${this.#logId} by witnesses that were not named: give their keys by --witness or --policy.`,
      );
    if (this.#files.stamps.size > 0)
      this.#report.checked('time stamps (RFC 3161)', stamps, 'the signature of the time stamping authority');
    if (untrusted > 0)
      this.#report.notChecked(
        `Who made ${untrusted} time stamps over ${this.#logId}: give the root certificate of the authority by --tsa-ca.`,
      );
    if (!this.#options.trust.witnessed) return null;
    if (this.#witnessed === 0 && size > 0 && this.#options.unwitnessed === 'finding')
      this.#report.finding('unwitnessed', 'No checkpoint of it was cosigned by enough of the witnesses.', this.#logId);
    else if (this.#witnessed < size)
      this.#report.notChecked(
        `A cosignature over the newest ${size - this.#witnessed} events of ${this.#logId}: enough witnesses have seen ${this.#witnessed}.`,
      );
    return this.#witnessed;
  }

  #cosigned(
    size: number,
    body: string,
    newest: number,
    lines: readonly { readonly name: string; readonly bytes: Buffer }[],
  ): void {
    const good = new Set<string>();
    for (const { name, bytes } of lines) {
      const where = `${this.#logId}/cosig/${padded(size)}/${name}`;
      const signer = namedSigner(bytes);
      if (signer === null || signer.id !== name) {
        this.#report.finding('cosignature', 'It is not one signature line of the witness that its name says.', where);
        continue;
      }
      const witness = this.#options.trust.witnesses.find(
        ({ key }) => key.name === signer.name && key.id.toString('hex') === name,
      );
      if (witness === undefined) {
        this.#count.strangers++;
        continue;
      }
      const seconds = openCosignature(bytes, body, witness.key);
      if (seconds === null) {
        this.#report.finding('cosignature', `It is not a cosignature of ${signer.name} over this checkpoint.`, where);
        continue;
      }
      this.#count.cosignatures++;
      good.add(identityOf(witness.key));
      this.#vouches('witness', signer.name, true, size, seconds * 1000, newest, where);
    }
    if (this.#options.trust.witnessed && this.#options.trust.quorum(good)) this.#witnessed = size;
  }

  #stamped(size: number, note: Buffer, newest: number, stamp: Buffer): void {
    const where = `${this.#logId}/stamp/${padded(size)}`;
    const opened = openStamp(stamp, note, this.#options.authorities);
    if ('problem' in opened) return this.#report.finding('stamp', opened.problem, where);
    this.#count.stamps++;
    if (!opened.trusted) this.#count.untrusted++;
    this.#vouches('time-stamp', opened.authority, opened.trusted, size, opened.time, newest, where);
  }

  #vouches(
    kind: 'witness' | 'time-stamp',
    name: string,
    trusted: boolean,
    size: number,
    ms: number,
    newest: number,
    where: string,
  ): void {
    const at = Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null;
    if (at === null || newest > ms * 1000 + CLOCKS)
      this.#report.finding(
        'time',
        `It is of ${at ?? 'no time there is'}, but covers events that are said to be later: a clock was wrong, or their times are.`,
        where,
      );
    this.#report.vouches({ kind, name, trusted, log: this.#logId, size, at });
  }
}
