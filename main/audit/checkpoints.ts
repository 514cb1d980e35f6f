import { type Io } from './journal/io.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { type Signer } from './note.ts';
import { checkpointPath, NUMBERED } from './paths.ts';

/** The checkpoints a log has signed, as its directory holds them. */
export interface SignedCheckpoints {
  /** Greatest size signed, 0 where none was. */
  readonly newest: number;
  /** Root of the greatest one, hex. */
  readonly newestRoot: string;
  /** Is there a checkpoint of this size that is not `text`, signed by this log. */
  contradicts(size: number, text: string): boolean;
  /** Is a log of this size shorter than one that was signed. */
  contradictsLength(size: number): boolean;
  has(size: number): boolean;
  /** Ascending. */
  readonly sizes: readonly number[];
}

export function signedCheckpoints(io: Io, signer: Signer): SignedCheckpoints {
  const sizes = new Set(
    io
      .list('checkpoints')
      .filter((name) => NUMBERED.test(name))
      .map(Number),
  );
  const text = (size: number): string | null =>
    signer.openNote((io.read(checkpointPath(size)) ?? Buffer.alloc(0)).toString());
  const newest = Math.max(0, ...sizes);
  const root = Buffer.from(text(newest)?.split('\n')[2] ?? '', 'base64');
  return {
    newest,
    newestRoot: (root.length === 32 ? root : EMPTY_ROOT).toString('hex'),
    contradicts: (size, own) => sizes.has(size) && text(size) !== own,
    contradictsLength: (size) => size < newest,
    has: (size) => sizes.has(size),
    sizes: [...sizes].sort((a, b) => a - b),
  };
}
