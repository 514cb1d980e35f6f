import { describe, expect, it } from 'vitest';
import { Writer } from '../writer.ts';
import { livesThrough } from '../testing/lives.ts';

/** `SEEDS=100000` for a long run before a release. */
const SEEDS = Number(process.env.SEEDS ?? 2000);

describe('a log on a disk that forgets', () => {
  it(
    'keeps every acknowledged event, ends every intent once, erases what it says and verifies, wherever it is stopped',
    { timeout: SEEDS * 200 },
    () => {
      for (let seed = 1; seed <= SEEDS; seed++)
        expect(livesThrough(seed, { open: (options) => new Writer(options), verified: seed % 20 === 0 })).toBeNull();
    },
  );
});
