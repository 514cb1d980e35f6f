import { CountersignError } from '../../errors.ts';
import { MAX_REQUEST_BYTES, type AddCheckpoint, parseAddCheckpoint, SIZE_TYPE } from './add-checkpoint.ts';
import { isConsistent } from './consistency.ts';
import { cosign } from './cosignature.ts';
import { type ListedKey, type LogList } from './log-list.ts';
import { EMPTY_ROOT } from '../merkle.ts';
import { type NoteSignature, type SignedNote, signedBy } from './signed-note.ts';
import { type Contradiction, type Cosigned, type Decision, type WitnessState } from './state.ts';
import { type SignerKey } from './verifier-key.ts';

export interface WitnessOptions {
  /** Of type 0x04. */
  readonly key: SignerKey;
  readonly state: WitnessState;
  /** The logs to cosign, as they are listed now. */
  readonly logs: () => LogList;
  /** Told of what people should look at. */
  readonly report: (notice: WitnessNotice) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export type WitnessNotice =
  | { readonly kind: 'contradiction'; readonly contradiction: Contradiction }
  | { readonly kind: 'trouble'; readonly error: unknown };

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A step back of the clock that is taken for its correction, seconds. A greater one stops the witness. */
const CLOCK_STEP = 60;

const says = (status: number, sentence: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${sentence}\n`,
});

/**
 * Answers one `add-checkpoint` request (C2SP tlog-witness), checks in the order of the specification. The cosignature leaves
 * only after the checkpoint is on stable storage as the newest of its log.
 * @throws CountersignError what keeps the witness itself from working
 */
export function addCheckpoint(options: WitnessOptions, body: Uint8Array): Answer {
  if (body.length > MAX_REQUEST_BYTES) return says(413, 'The request is too large.');
  const request = parseAddCheckpoint(body);
  if ('malformed' in request) return says(400, request.malformed);
  const { checkpoint, note } = request;

  const listed = options.logs().keysFor(checkpoint.origin);
  if (listed.length === 0) return says(404, 'This witness does not know the log.');
  const signatures = trustedSignatures(note, listed);
  if (typeof signatures === 'string') return says(403, signatures);
  if (request.oldSize > checkpoint.size) return says(400, 'The old size is greater than that of the checkpoint.');

  const time = Math.floor((options.now ?? Date.now)() / 1000);
  let contradiction: Contradiction | undefined;
  const answer = options.state.decide(checkpoint.origin, (known, newest) => {
    const decision = decide(options.key, request, signatures, known, signingTime(time, newest));
    contradiction = decision.contradiction;
    return decision;
  });
  if (contradiction !== undefined) options.report({ kind: 'contradiction', contradiction });
  return answer;
}

/** A key of the log that signed the checkpoint, with its lines. */
interface Trusted extends ListedKey {
  readonly lines: readonly NoteSignature[];
}

/** The good signatures by listed keys that are not revoked, at least one; or why there is none. */
function trustedSignatures(note: SignedNote, listed: readonly ListedKey[]): readonly Trusted[] | string {
  const trusted: Trusted[] = [];
  let revoked = false;
  for (const entry of listed) {
    const lines = signedBy(note, entry.key);
    if (lines === null) return 'A signature of the log does not verify.';
    if (lines.length === 0) continue;
    if (entry.revoked) revoked = true;
    else trusted.push({ ...entry, lines });
  }
  if (trusted.length > 0) return trusted;
  return revoked ? 'The key of the log is revoked.' : 'The checkpoint is not signed by a key of the log.';
}

/** The rule itself: what is known of the log and what is asked, to what is answered and kept. */
function decide(
  key: SignerKey,
  { checkpoint, note, oldSize, proof }: AddCheckpoint,
  signatures: readonly Trusted[],
  known: Cosigned | null,
  time: number,
): Decision<Answer> {
  // Several keys may share the beginning of an origin; a log begun by one of them is not continued by another.
  const own = signatures.filter(({ key: of, exact }) => exact || known === null || hasSigned(known, of));
  if (own.length === 0) return { answer: says(403, 'Another key began this log.') };

  const older = known?.checkpoint ?? { size: 0, root: EMPTY_ROOT };
  const contradicts = known !== null && older.size === checkpoint.size && !older.root.equals(checkpoint.root);
  const contradiction =
    known !== null && contradicts
      ? {
          contradiction: {
            origin: checkpoint.origin,
            size: checkpoint.size,
            cosigned: noteOf(known.note.text, known.note.signatures),
            refused: noteOf(
              note.text,
              own.flatMap(({ lines }) => lines),
            ),
          },
        }
      : {};
  if (oldSize !== older.size)
    return { answer: { status: 409, type: SIZE_TYPE, body: `${older.size}\n` }, ...contradiction };
  if (contradicts)
    return { answer: says(422, 'A checkpoint of this size with another root was cosigned.'), ...contradiction };
  if (!isConsistent(older, checkpoint, proof))
    return { answer: says(422, 'The proof does not show that the log only grew.') };

  const line = cosign(key, note.text, time);
  const lines = own.flatMap((signature) => signature.lines);
  return {
    answer: { status: 200, type: 'text/plain; charset=utf-8', body: line },
    cosigned: { note: `${noteOf(note.text, lines)}${line}`, time },
  };
}

const hasSigned = ({ note }: Cosigned, key: ListedKey['key']): boolean => (signedBy(note, key)?.length ?? 0) > 0;

const noteOf = (text: string, signatures: readonly NoteSignature[]): string =>
  `${text}\n${signatures.map(({ line }) => line).join('')}`;

/** Now; never before a time that was signed. @throws CountersignError `witness-clock-behind` */
function signingTime(now: number, newest: number): number {
  if (now + CLOCK_STEP < newest) {
    throw new CountersignError(
      'witness-clock-behind',
      `The clock of this witness stands ${newest - now} seconds before the newest time it signed.`,
      {
        next: 'Set the clock right. If it had run ahead and the time signed was wrong, wait until it is reached, or make a new witness with a new key.',
      },
    );
  }
  return Math.max(now, newest, 1);
}
