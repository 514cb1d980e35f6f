/**
 * Which logs of a profile are not continued: those with a mark of their own, and those that the first leaf of another one
 * names. The name comes first, so that a crash before the mark leaves nothing open.
 */
import { type DeadLog, type LogIdentity } from './events.ts';
import { putFile, type Io } from './journal/io.ts';

/** The files of the logs of a profile. */
export interface ProfileLogs {
  readonly ids: readonly string[];
  files(log: string): Io;
}

const MARK = 'dead.json';

/** What log.json says; undefined in a log that has no entry yet, and `key` empty where nothing can be made of it. */
export function readIdentity(io: Io): (Partial<LogIdentity> & { readonly key: string }) | undefined {
  const bytes = io.read('log.json');
  if (bytes === null) return undefined;
  try {
    const identity: unknown = JSON.parse(bytes.toString());
    return typeof identity === 'object' && identity !== null ? (identity as LogIdentity) : { key: '' };
  } catch {
    return { key: '' };
  }
}

export const isDead = (logs: ProfileLogs, id: string): boolean =>
  isMarked(logs.files(id)) || logs.ids.some((other) => readIdentity(logs.files(other))?.after?.log === id);

export const isMarked = (io: Io): boolean => io.size(MARK) !== null;

/** Marks a log as given up, durably; what a successor's first leaf says of it, indented. */
export const writeMark = (io: Io, dead: DeadLog): void =>
  putFile(io, MARK, Buffer.from(`${JSON.stringify(dead, null, 2)}\n`), { durable: true });
