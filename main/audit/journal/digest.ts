import { sha256 } from '../merkle.ts';

/** Do the bytes have this SHA-256: what tells a whole write from a torn one. */
export const hasDigest = (bytes: Uint8Array, digest: Uint8Array): boolean => sha256(bytes).equals(digest);
