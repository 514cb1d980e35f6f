import { strictBase64 } from './verifier-key.ts';

/** The text of a C2SP tlog-checkpoint. Extension lines are signed with it and mean nothing here. */
export interface Checkpoint {
  readonly origin: string;
  /** Entries; at most 2^53 - 1, beyond which neither this program nor any log goes. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

/** Reads the text of a note as a checkpoint; null when it is not one. @param text ends in a newline */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin = '', digits = '', encoded = ''] =
    /^([^\n]+)\n([^\n]+)\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/u.exec(text) ?? [];
  const size = parseSize(digits);
  const root = strictBase64(encoded);
  return size === null || root?.length !== 32 ? null : { origin, size, root };
}

/** A size in decimal without leading zeros, or null. */
export function parseSize(digits: string): number | null {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(digits)) return null;
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : null;
}
