/** The request of C2SP tlog-witness `add-checkpoint`, both ways. */
import { parseCheckpoint, parseSize, type Checkpoint } from './checkpoint.ts';
import { decodeUtf8, parseNote, type SignedNote } from './signed-note.ts';
import { strictBase64 } from './verifier-key.ts';

export const MAX_PROOF_HASHES = 63;
/** Room for a proof and for a note with its 32 signatures, long post-quantum ones among them. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Media type of the size in a 409. */
export const SIZE_TYPE = 'text/x.tlog.size';

export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

/** Reads a request body, or says what is wrong with it. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | { readonly malformed: string } {
  const text = decodeUtf8(body);
  if (text === null) return { malformed: 'The request is not UTF-8.' };
  const end = text.indexOf('\n\n');
  if (end < 0) return { malformed: 'No empty line ends the consistency proof.' };
  const [old = '', ...hashes] = text.slice(0, end).split('\n');
  const oldSize = old.startsWith('old ') ? parseSize(old.slice(4)) : null;
  if (oldSize === null) return { malformed: 'The first line is not "old" and a size.' };
  if (hashes.length > MAX_PROOF_HASHES)
    return { malformed: `The consistency proof has more than ${MAX_PROOF_HASHES} hashes.` };
  const proof: Buffer[] = [];
  for (const line of hashes) {
    const hash = strictBase64(line);
    if (hash?.length !== 32) return { malformed: 'A line of the consistency proof is not a SHA-256 hash in base64.' };
    proof.push(hash);
  }
  const note = parseNote(text.slice(end + 2));
  const checkpoint = note === null ? null : parseCheckpoint(note.text);
  if (note === null || checkpoint === null)
    return { malformed: 'What follows the empty line is not a signed checkpoint.' };
  return { oldSize, proof, note, checkpoint };
}

/** @param checkpoint a signed note */
export function addCheckpointBody(oldSize: number, proof: readonly Buffer[], checkpoint: string): string {
  return `old ${oldSize}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${checkpoint}`;
}
