import { type Readable, type Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { CountersignError } from '../../errors.ts';
import { printable } from '../format/printable.ts';

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

/**
 * Writes and waits until it is written; then lets signals in, which a long run of writes to a pipe would keep out.
 * @throws ReaderGone, which ends the command quietly, as it does `cat`; CountersignError output-failed
 */
export async function write(stream: Writable, text: string): Promise<void> {
  const error = stream.destroyed
    ? new ReaderGone()
    : await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => stream.write(text, resolve));
  if (error instanceof ReaderGone || error?.code === 'EPIPE' || error?.code === 'ERR_STREAM_DESTROYED')
    throw new ReaderGone();
  if (error) {
    throw new CountersignError('output-failed', `The output could not be written (${error.code ?? error.name}).`, {
      next: 'Check where it goes to, and that the disk is not full.',
      cause: error,
    });
  }
  await setImmediate();
}

/** Says something to the person: on standard error, which carries no results. */
export function tell(io: CliIo, text: string): void {
  io.stderr.write(printable(text));
}

export function printError(io: CliIo, error: unknown): void {
  if (error instanceof CountersignError) {
    tell(io, `countersign: ${error.message}${error.next === undefined ? '' : `\n${error.next}`}\n`);
    return;
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
  io.stderr.write(
    `countersign: something went wrong inside Countersign${code}. Run it with COUNTERSIGN_DEBUG=1 to see where.\n`,
  );
  if (io.environment['COUNTERSIGN_DEBUG'] === '1' && error instanceof Error)
    io.stderr.write(`${error.stack ?? error.message}\n`);
}
