/** A log as its directory has it, whoever writes it: what it says it is, and what it has signed. Never takes its lock. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { type DeadLog } from '../events.ts';
import { errorCode } from '../journal/io.ts';
import { checkpointPath, NUMBERED } from '../paths.ts';
import { parseCheckpoint } from '../witness/checkpoint.ts';
import { parseNote, signedBy } from '../witness/signed-note.ts';
import { parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from '../witness/verifier-key.ts';

export interface LocalLog {
  readonly id: string;
  readonly path: string;
  /** The bytes of log.json. */
  readonly identity: Buffer;
  /** The key that signs its checkpoints; its name is the log's origin. */
  readonly key: VerifierKey;
  /** The log that could not be continued and that this one follows. */
  readonly after: DeadLog | undefined;
  /** Was it given up: then nothing is added to it any more. */
  readonly dead: boolean;
}

/** A checkpoint whose signature is the log's own. */
export interface Signed {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
  /** The signed note. */
  readonly note: string;
}

const deadLog = z.object({ log: z.string(), size: z.number(), root: z.string(), reason: z.string() });
const logIdentity = z.object({
  id: z.string(),
  origin: z.string(),
  key: z.string(),
  after: deadLog.optional(),
});

/** Reads what a log says it is; null where it does not say it in a way that could be checked. */
export function openLocalLog(path: string): LocalLog | null {
  const id = basename(path);
  const identity = readFile(join(path, 'log.json'));
  const said = logIdentity.safeParse(asJson(identity));
  if (identity === null || !said.success || said.data.id !== id) return null;
  const key = parseVerifierKey(said.data.key, SIGNATURE_TYPE.note);
  if (key?.name !== said.data.origin) return null;
  return { id, path, identity, key, after: said.data.after, dead: readFile(join(path, 'dead.json')) !== null };
}

/** Reads a checkpoint of this log; null when the log did not sign it. */
export function signedCheckpoint({ key }: Pick<LocalLog, 'key'>, note: string): Signed | null {
  const parsed = parseNote(note);
  if (parsed === null || (signedBy(parsed, key)?.length ?? 0) === 0) return null;
  const checkpoint = parseCheckpoint(parsed.text);
  return checkpoint?.origin === key.name ? { size: checkpoint.size, root: checkpoint.root, note } : null;
}

/** Sizes that the log has signed and that lie above `above`, ascending. */
export function signedSizes({ path }: Pick<LocalLog, 'path'>, above = 0): readonly number[] {
  return names(join(path, 'checkpoints'))
    .filter((name) => NUMBERED.test(name))
    .map(Number)
    .filter((size) => size > above)
    .sort((a, b) => a - b);
}

/** The checkpoint of this size; null where it is not there or not the log's own. */
export function readSigned(log: LocalLog, size: number): Signed | null {
  const note = readFile(join(log.path, checkpointPath(size)));
  const signed = note === null ? null : signedCheckpoint(log, note.toString());
  return signed?.size === size ? signed : null;
}

/** The greatest checkpoint that the log has signed; null where there is none. */
export function newestSigned(log: LocalLog): Signed | null {
  for (const size of signedSizes(log).toReversed()) {
    const signed = readSigned(log, size);
    if (signed !== null) return signed;
  }
  return null;
}

/** Names in a directory; none where it does not exist. */
export function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
}

/** Bytes of a file, or null where it does not exist. */
export function readFile(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
}

function asJson(bytes: Buffer | null): unknown {
  try {
    return JSON.parse(bytes?.toString() ?? '');
  } catch {
    return undefined;
  }
}
