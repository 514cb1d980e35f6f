import { randomBytes } from 'node:crypto';
import { sha256 } from '../merkle.ts';

/** What is asked of a time stamping authority. */
export interface StampRequest {
  /** DER TimeStampReq (RFC 3161 §2.4.1). */
  readonly bytes: Buffer;
  /** Eight bytes, first one 0x40 to 0x7f: as DER writes the integer, and no shorter. */
  readonly nonce: Buffer;
}

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag, content.length), content]);
};
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const VERSION_1 = Buffer.from('020101', 'hex');
/** AlgorithmIdentifier of id-sha256 with absent parameters as NULL, which every authority takes. */
const SHA256 = Buffer.from('300d06096086480165030402010500', 'hex');
const CERTIFICATE_WANTED = Buffer.from('0101ff', 'hex');

/** Asks for a stamp over the SHA-256 of the note's bytes, with a fresh nonce and the authority's certificate. */
export function stampRequest(note: string): StampRequest {
  const nonce = randomBytes(8);
  nonce.writeUInt8((nonce.readUInt8() & 0x7f) | 0x40);
  const imprint = tlv(SEQUENCE, SHA256, tlv(OCTET_STRING, sha256(Buffer.from(note))));
  return { bytes: tlv(SEQUENCE, VERSION_1, imprint, tlv(INTEGER, nonce), CERTIFICATE_WANTED), nonce };
}
