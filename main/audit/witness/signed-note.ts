/** C2SP signed-note, with any number of signatures, read strictly. */
import { sign, verify } from 'node:crypto';
import { isKeyName, type SignerKey, strictBase64, type VerifierKey } from './verifier-key.ts';

export interface NoteSignature {
  readonly name: string;
  /** Four bytes. */
  readonly id: Buffer;
  /** What follows the key id. */
  readonly signature: Buffer;
  /** The whole line, newline included. */
  readonly line: string;
}

export interface SignedNote {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The specification asks for 16 at least. */
const MAX_SIGNATURES = 32;
const DASH = '\u2014';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// eslint-disable-next-line no-control-regex -- the specification forbids these characters
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** The text of bytes that are UTF-8, or null. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Reads a note; null when it is not one. Who signed is another question: `signedBy`. */
export function parseNote(note: string): SignedNote | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || CONTROL.test(note) || !note.isWellFormed()) return null;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(`${line}\n`);
    if (signature === null) return null;
    signatures.push(signature);
  }
  return { text: note.slice(0, end + 1), signatures };
}

/** Reads one signature line, newline included; null when it is not one. */
export function parseSignatureLine(line: string): NoteSignature | null {
  const [, name = '', encoded = ''] = /^\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)\n$/u.exec(line) ?? [];
  const bytes = strictBase64(encoded);
  if (!isKeyName(name) || bytes === null || bytes.length < 5) return null;
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4), line };
}

export function signatureLine(key: VerifierKey, signature: Uint8Array): string {
  return `${DASH} ${key.name} ${Buffer.concat([key.id, signature]).toString('base64')}\n`;
}

/** Signs the text as a note. @param text ends in a newline */
export function signNote(text: string, { verifier, privateKey }: SignerKey): string {
  return `${text}\n${signatureLine(verifier, sign(null, Buffer.from(text), privateKey))}`;
}

/** Name and id are the key's; the specification has such a line checked, and every other one ignored. */
export const claims = (signature: NoteSignature, key: VerifierKey): boolean =>
  signature.name === key.name && signature.id.equals(key.id);

/**
 * The lines by which `key` (of a log, type 0x01) signed the note; none when it did not. Null when a line that claims to be
 * the key's does not verify: such a note is malformed and vouches for nothing.
 */
export function signedBy(note: SignedNote, key: VerifierKey): readonly NoteSignature[] | null {
  const lines = note.signatures.filter((signature) => claims(signature, key));
  const text = Buffer.from(note.text);
  return lines.every(({ signature }) => signature.length === 64 && verify(null, text, key.key, signature))
    ? lines
    : null;
}
