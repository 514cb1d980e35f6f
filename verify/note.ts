/** C2SP signed-note, tlog-checkpoint and tlog-cosignature, read strictly. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { sha256, type Digest } from './merkle.ts';

export interface VerifierKey {
  readonly name: string;
  readonly id: Buffer;
  /** Type byte and public key: the same for every log of one device key. */
  readonly typed: Buffer;
  readonly key: KeyObject;
}

/** Signature types of C2SP signed-note. */
const ED25519 = 0x01;
const COSIGNATURE = 0x04;

/** Base64 that is exactly what encoding its bytes gives, or null. */
function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function parseKey(vkey: string, type: number): VerifierKey | null {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
  if (parts === null) return null;
  const [, name = '', id = '', encoded = ''] = parts;
  const typed = strictBase64(encoded);
  if (typed?.length !== 33 || typed[0] !== type) return null;
  const expected = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
  if (expected.toString('hex') !== id) return null;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') },
    format: 'jwk',
  });
  return { name, id: expected, typed, key };
}

/** Reads `name+hash+base64(type, key)` of a log; null when it is not an Ed25519 key or its hash is wrong. */
export const parseVerifierKey = (vkey: string): VerifierKey | null => parseKey(vkey, ED25519);

/** The same of a witness: an Ed25519 key for timestamped cosignatures. */
export const parseWitnessKey = (vkey: string): VerifierKey | null => parseKey(vkey, COSIGNATURE);

/** What the signature line of a note says; null when it is not one. */
function parseSignature(line: string): { readonly name: string; readonly id: Buffer; readonly bytes: Buffer } | null {
  const [, name = '', encoded = ''] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)\n$/u.exec(line) ?? [];
  const signature = strictBase64(encoded);
  return signature === null || signature.length < 5
    ? null
    : { name, id: signature.subarray(0, 4), bytes: signature.subarray(4) };
}

export interface Checkpoint {
  readonly size: number;
  readonly root: Digest;
  /** What is signed: origin, size and root, each a line. */
  readonly body: string;
}

/**
 * The checkpoint in a note that is exactly: origin, size, root, blank line, one signature by `key`. Anything else, a
 * further line included, is null: this log writes nothing else.
 */
export function openCheckpoint(note: Buffer, key: VerifierKey): Checkpoint | null {
  const text = note.toString();
  if (!Buffer.from(text).equals(note)) return null;
  const parts = /^([^\n]+\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n([^\n]+\n)$/u.exec(text);
  if (parts === null) return null;
  const [, body = '', size = '', encoded = '', line = ''] = parts;
  const signature = parseSignature(line);
  const root = strictBase64(encoded);
  if (signature?.name !== key.name || !body.startsWith(`${key.name}\n`) || root?.length !== 32) return null;
  if (!signature.id.equals(key.id) || !Number.isSafeInteger(Number(size))) return null;
  if (!verify(null, Buffer.from(body), key.key, signature.bytes)) return null;
  return { size: Number(size), root: root.toString('latin1'), body };
}

/**
 * When a witness cosigned the checkpoint (seconds since 1970), or null when the line is not its signature over it (C2SP
 * tlog-cosignature, "Ed25519": 8 bytes of time, then the signature over the time and the checkpoint's body).
 */
export function openCosignature(line: Buffer, body: string, witness: VerifierKey): number | null {
  const signature = parseSignature(line.toString());
  if (signature?.name !== witness.name || !signature.id.equals(witness.id) || signature.bytes.length !== 72)
    return null;
  const time = signature.bytes.readBigUInt64BE(0);
  const signed = Buffer.from(`cosignature/v1\ntime ${time}\n${body}`);
  return verify(null, signed, witness.key, signature.bytes.subarray(8)) ? Number(time) : null;
}

/** Name and key id (hex) that a signature line carries, whoever made it; null when it is no signature line. */
export function namedSigner(line: Buffer): { readonly name: string; readonly id: string } | null {
  const text = line.toString();
  const signature = Buffer.from(text).equals(line) ? parseSignature(text) : null;
  return signature === null ? null : { name: signature.name, id: signature.id.toString('hex') };
}
