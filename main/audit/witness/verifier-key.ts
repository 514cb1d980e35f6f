/** Verifier and signer keys of C2SP signed-note, for the Ed25519 signature types that witnesses meet. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { sha256 } from '../merkle.ts';

/** Signature type identifier bytes (C2SP signed-note, "Signature types"). */
export const SIGNATURE_TYPE = {
  /** A signature over the text of a note: how a log signs its checkpoints. */
  note: 0x01,
  /** A timestamped cosignature over a checkpoint: how a witness signs. */
  cosignature: 0x04,
} as const;
export type SignatureType = (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE];

export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** First four bytes of SHA-256(name, newline, type byte, public key). */
  readonly id: Buffer;
  /** 32 bytes (RFC 8032 §5.1.5). */
  readonly publicKey: Buffer;
  readonly key: KeyObject;
  /** `name+hex(id)+base64(type, public key)`. */
  readonly text: string;
}

const ED25519_BYTES = 32;
/** No Unicode space, no plus; NEL is a space to Unicode but not to `\s`, and control characters have no place in a note. */
// eslint-disable-next-line no-control-regex -- the specification names these characters
const KEY_NAME = /^[^\s+\u0000-\u001f\u007f-\u009f]+$/u;

export const isKeyName = (name: string): boolean => KEY_NAME.test(name) && name.isWellFormed();

/** The bytes of base64 (RFC 4648 §4) that is written as its bytes would be encoded, or null. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** @param publicKey 32 bytes */
export function verifierKey(name: string, type: SignatureType, publicKey: Buffer): VerifierKey {
  const typed = Buffer.concat([Buffer.of(type), publicKey]);
  const id = keyId(name, typed);
  return {
    name,
    type,
    id,
    publicKey,
    key: createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
      format: 'jwk',
    }),
    text: keyText(name, id, typed),
  };
}

/** The same public key under another name: what it is called when it signs for another log. */
export function renamed(key: VerifierKey, name: string): VerifierKey {
  const typed = Buffer.concat([Buffer.of(key.type), key.publicKey]);
  const id = keyId(name, typed);
  return { ...key, name, id, text: keyText(name, id, typed) };
}

/** Reads a verifier key of exactly this signature type; null for anything else, a wrong hash included. */
export function parseVerifierKey(text: string, type: SignatureType): VerifierKey | null {
  const parts = readKey(/^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u, text, type);
  if (parts === null) return null;
  const key = verifierKey(parts.name, type, parts.material);
  return key.text === text ? key : null;
}

/** Of a witness: kept secret, and holds its name, so that neither can be taken for another's. */
export interface SignerKey {
  readonly verifier: VerifierKey;
  readonly privateKey: KeyObject;
  /** `PRIVATE+KEY+name+hex(id)+base64(type, seed)`: the form that Go's `note` package reads. */
  readonly text: string;
}

/** A fresh Ed25519 key. */
export function generateSignerKey(name: string, type: SignatureType): SignerKey {
  return signerKey(name, type, generateKeyPairSync('ed25519').privateKey);
}

/** Reads what `SignerKey.text` holds; null for anything else. */
export function parseSignerKey(text: string, type: SignatureType): SignerKey | null {
  const parts = readKey(/^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u, text, type);
  if (parts === null) return null;
  const privateKey = createPrivateKey({
    // PrivateKeyInfo of RFC 8410 §7: everything before the seed is the same for every key.
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), parts.material]),
    format: 'der',
    type: 'pkcs8',
  });
  const key = signerKey(parts.name, type, privateKey);
  return key.text === text ? key : null;
}

function signerKey(name: string, type: SignatureType, privateKey: KeyObject): SignerKey {
  const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
  const verifier = verifierKey(name, type, Buffer.from(x, 'base64url'));
  const secret = Buffer.concat([Buffer.of(type), Buffer.from(d, 'base64url')]);
  return {
    verifier,
    privateKey,
    text: `PRIVATE+KEY+${name}+${verifier.id.toString('hex')}+${secret.toString('base64')}`,
  };
}

function readKey(form: RegExp, text: string, type: SignatureType): { name: string; material: Buffer } | null {
  const [, name = '', , encoded = ''] = form.exec(text) ?? [];
  const typed = strictBase64(encoded);
  if (!isKeyName(name) || typed?.length !== 1 + ED25519_BYTES || typed[0] !== type) return null;
  return { name, material: typed.subarray(1) };
}

const keyText = (name: string, id: Buffer, typed: Buffer): string =>
  `${name}+${id.toString('hex')}+${typed.toString('base64')}`;

const keyId = (name: string, typed: Buffer): Buffer =>
  sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).subarray(0, 4);
