import { createCipheriv, createDecipheriv, hash, type KeyObject } from 'node:crypto';
import { randomSlice } from './random.ts';

/** Longest content of one blob, bytes. */
export const MAX_BLOB = 32 * 1024 * 1024;
const SALT = 32;
const IV = 12;
const TAG = 16;

/** What a leaf keeps of a blob. All hashes are hex. */
export interface Commitment {
  /** SHA-256 of salt + content: proves the content, and without the salt no dictionary finds it. */
  readonly h: string;
  /** Bytes of the content. */
  readonly len: number;
  /** SHA-256 of the sealed bytes: the blob's address. */
  readonly ref: string;
}

export interface SealedBlob {
  readonly commitment: Commitment;
  /** SHA-256 of `bytes`. */
  readonly address: Buffer;
  /** iv(12) + AES-256-GCM(salt(32) + content) + tag(16), the log id as additional data. */
  readonly bytes: Buffer;
}

/** Seals content under a fresh salt, so that equal contents have unequal commitments and addresses. */
export function sealBlob(content: Uint8Array, key: KeyObject, logId: string): SealedBlob {
  const plain = Buffer.allocUnsafe(SALT + content.length);
  const random = randomSlice(SALT + IV);
  random.copy(plain, 0, 0, SALT);
  plain.set(content, SALT);
  const iv = random.subarray(SALT);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(logId));
  const bytes = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const address = hash('sha256', bytes, 'buffer');
  return {
    bytes,
    address,
    commitment: { h: hash('sha256', plain, 'hex'), len: content.length, ref: address.toString('hex') },
  };
}

/** The content of sealed bytes. @throws when they were changed or sealed under another key or log. */
export function openBlob(bytes: Uint8Array, key: KeyObject, logId: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV)).setAAD(Buffer.from(logId));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  const plain = Buffer.concat([decipher.update(bytes.subarray(IV, bytes.length - TAG)), decipher.final()]);
  return plain.subarray(SALT);
}
