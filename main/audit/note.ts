/** C2SP signed-note and tlog-checkpoint with Ed25519 (signature type 0x01). */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { sha256 } from './merkle.ts';

const ED25519 = 0x01;

export interface Signer {
  /** Name of the key: the log's origin. */
  readonly name: string;
  /** The verifier key: `name+hash+base64(type, public key)`. */
  readonly vkey: string;
  signNote(text: string): string;
  /** Is `note` one that this key signed? Gives its text. */
  openNote(note: string): string | null;
}

/** @param key an Ed25519 private key. */
export function signer(name: string, key: KeyObject): Signer {
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  const typed = Buffer.concat([Buffer.from([ED25519]), raw]);
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).subarray(0, 4);
  const publicKey = createPublicKey(key);
  const prefix = `\u2014 ${name} `;
  return {
    name,
    vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
    signNote: (text) =>
      `${text}\n${prefix}${Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString('base64')}\n`,
    openNote(note) {
      const split = note.indexOf('\n\n');
      if (split < 0) return null;
      const text = note.slice(0, split + 1);
      for (const line of note.slice(split + 2).split('\n')) {
        if (!line.startsWith(prefix)) continue;
        const signature = Buffer.from(line.slice(prefix.length), 'base64');
        if (signature.subarray(0, 4).equals(id) && verify(null, Buffer.from(text), publicKey, signature.subarray(4)))
          return text;
      }
      return null;
    },
  };
}

export const checkpointText = (origin: string, size: number, root: Buffer): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;
