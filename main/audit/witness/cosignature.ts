/** C2SP tlog-cosignature v1: Ed25519 with the time, signature type 0x04. */
import { sign, verify } from 'node:crypto';
import { claims, type NoteSignature, signatureLine } from './signed-note.ts';
import { type SignerKey, type VerifierKey } from './verifier-key.ts';

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/**
 * Signs that the checkpoint was, at `time`, the largest consistent one of its log that the witness knew.
 * @param text of the checkpoint, ends in a newline
 * @param time seconds since 1970, not 0
 * @returns a signature line, newline included
 */
export function cosign(key: SignerKey, text: string, time: number): string {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeBigUInt64BE(BigInt(time));
  return signatureLine(key.verifier, Buffer.concat([bytes, sign(null, message(text, time), key.privateKey)]));
}

/**
 * The time (seconds since 1970) at which `key` cosigned exactly this checkpoint, or null when this line is not its
 * cosignature. A line without a time is none: a witness must not leave it out.
 */
export function cosignedAt(line: NoteSignature, key: VerifierKey, text: string): number | null {
  if (!claims(line, key) || line.signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
  const time = Number(line.signature.readBigUInt64BE());
  if (!Number.isSafeInteger(time) || time === 0) return null;
  return verify(null, message(text, time), key.key, line.signature.subarray(TIME_BYTES)) ? time : null;
}

const message = (text: string, time: number): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
