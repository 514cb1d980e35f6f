/** What the files of a log are called, in its directory and in a store. */
import { TILE_WIDTH } from './merkle.ts';

/** A size or index of 20 digits: names in order are numbers in order. */
export const numbered = (n: number): string => String(n).padStart(20, '0');
export const NUMBERED = /^\d{20}$/;

/** Tile index in groups of three digits, all but the last with an `x` (C2SP tlog-tiles, "Merkle Tree"). */
export function tilePath(level: number | 'entries', index: number, width = TILE_WIDTH): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

export const checkpointPath = (size: number): string => `checkpoints/${numbered(size)}`;
