import { type Readable, type Writable } from 'node:stream';
import { CountersignError } from '../../errors.ts';

/** What a command may touch of the process: given, so that tests run commands in this process. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person wants the command to end (Ctrl+C). */
  readonly signal: AbortSignal;
}

/** Exit codes (docs/cli.md). */
export const DONE = 0 as const;
export const REFUSED = 1 as const;
export const CANNOT = 2 as const;
export type ExitCode = typeof DONE | typeof REFUSED | typeof CANNOT;

/** Whoever read the output has gone away: what is left to say interests nobody. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Writes and waits while the reader is slow. @throws ReaderGone, which ends the command quietly, as it does `cat` */
export async function write(stream: Writable, text: string): Promise<void> {
  if (stream.destroyed) throw new ReaderGone();
  if (stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      stream.off('drain', goOn).off('close', goOn);
      resolve();
    };
    stream.on('drain', goOn).on('close', goOn);
  });
  if (stream.destroyed) throw new ReaderGone();
}

export function printError(io: CliIo, error: unknown): void {
  if (error instanceof CountersignError) {
    io.stderr.write(`countersign: ${error.message}${error.next === undefined ? '' : `\n${error.next}`}\n`);
    return;
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
  io.stderr.write(
    `countersign: something went wrong inside Countersign${code}. Run it with COUNTERSIGN_DEBUG=1 to see where.\n`,
  );
  if (io.environment['COUNTERSIGN_DEBUG'] === '1' && error instanceof Error)
    io.stderr.write(`${error.stack ?? error.message}\n`);
}
