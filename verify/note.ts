/** C2SP signed-note and tlog-checkpoint, read strictly. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { sha256 } from './merkle.ts';

export interface VerifierKey {
  readonly name: string;
  readonly id: Buffer;
  /** Type byte and public key: the same for every log of one device key. */
  readonly typed: Buffer;
  readonly key: KeyObject;
}

const ED25519 = 0x01;

/** Base64 that is exactly what encoding its bytes gives, or null. */
function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** Reads `name+hash+base64(type, key)`; null when it is not an Ed25519 key or its hash is wrong. */
export function parseVerifierKey(vkey: string): VerifierKey | null {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
  if (parts === null) return null;
  const [, name = '', id = '', encoded = ''] = parts;
  const typed = strictBase64(encoded);
  if (typed?.length !== 33 || typed[0] !== ED25519) return null;
  const expected = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4);
  if (expected.toString('hex') !== id) return null;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') },
    format: 'jwk',
  });
  return { name, id: expected, typed, key };
}

export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
}

/**
 * The checkpoint in a note that is exactly: origin, size, root, blank line, one signature by `key`. Anything else, a
 * further line included, is null: this log writes nothing else.
 */
export function openCheckpoint(note: Buffer, key: VerifierKey): Checkpoint | null {
  const text = note.toString();
  if (!Buffer.from(text).equals(note)) return null;
  const parts = /^([^\n]+\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)\n$/u.exec(
    text,
  );
  if (parts === null) return null;
  const [, body = '', size = '', encoded = '', name = '', signed = ''] = parts;
  const signature = strictBase64(signed);
  const root = strictBase64(encoded);
  if (name !== key.name || !body.startsWith(`${key.name}\n`) || root?.length !== 32 || signature?.length !== 68)
    return null;
  if (!signature.subarray(0, 4).equals(key.id)) return null;
  return verify(null, Buffer.from(body), key.key, signature.subarray(4)) ? { size: Number(size), root } : null;
}
