/**
 * Which logs of a profile are not continued: those with a mark of their own, and those that the first leaf of another one
 * names. The name comes first, so that a crash before the mark leaves nothing open.
 */
import { CountersignError } from '../errors.ts';
import { type DeadLog, type LogIdentity } from './events.ts';
import { putFile, type Io } from './journal/io.ts';
import { journalReader } from './journal/reader.ts';

/** The files of the logs of a profile. */
export interface ProfileLogs {
  readonly ids: readonly string[];
  files(log: string): Io;
}

const MARK = 'dead.json';

type SaidIdentity = Partial<LogIdentity> & { readonly key: string };

/**
 * What a log says it is: in its first leaf, or, while it has none, in log.json; undefined in one that has not begun, and
 * `key` empty where nothing can be made of it.
 */
export function readIdentity(io: Io, id: string): SaidIdentity | undefined {
  const [leaf] = firstEntries(io, id);
  if (leaf !== undefined) return objectIn(leaf, 'log') ?? NOBODY;
  const file = io.read('log.json');
  return file === null ? undefined : (objectIn(file) ?? NOBODY);
}

const NOBODY = { key: '' };

/** The entries of the first frame; none where it cannot be read, which is for recovery to judge. */
function firstEntries(io: Io, id: string): readonly Buffer[] {
  try {
    return journalReader(io, id, 0).next({ bytes: 1 })?.entries ?? [];
  } catch (error) {
    if (error instanceof CountersignError) return [];
    throw error;
  }
}

function objectIn(bytes: Buffer, key?: string): SaidIdentity | undefined {
  try {
    const whole = JSON.parse(bytes.toString()) as { readonly [key: string]: unknown } | null;
    const value: unknown = key === undefined ? whole : whole?.[key];
    return typeof value === 'object' && value !== null ? (value as SaidIdentity) : undefined;
  } catch {
    return undefined;
  }
}

export const isDead = (logs: ProfileLogs, id: string): boolean =>
  isMarked(logs.files(id)) || logs.ids.some((other) => readIdentity(logs.files(other), other)?.after?.log === id);

export const isMarked = (io: Io): boolean => io.size(MARK) !== null;

/** Marks a log as given up, durably; what a successor's first leaf says of it, indented. */
export const writeMark = (io: Io, dead: DeadLog): void =>
  putFile(io, MARK, Buffer.from(`${JSON.stringify(dead, null, 2)}\n`), { durable: true });
