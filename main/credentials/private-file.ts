import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CountersignError } from '../errors.ts';

/** POSIX permission bits and owners mean nothing on Windows, where the profile directory inherits the person's own access list. */
const posix = process.platform !== 'win32';

/** Largest secret read from a file, bytes: a path that points at something else must not fill memory. */
const MAX_BYTES = 1024 * 1024;

function refuse(path: string, why: string, next: string): never {
  throw new CountersignError('secret-permissions', `${path} ${why}, so its content is not trusted as a secret.`, {
    next,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Creates a directory only its owner may enter, or checks that an existing one is such.
 * @throws CountersignError `disk-full`, `file-not-written`, `secret-permissions`
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritten(path, error);
  }
  const found = await lstat(path);
  if (!found.isDirectory()) refuse(path, 'is not a directory', `Remove ${path}.`);
  if (!posix) return;
  if (found.uid !== process.getuid?.()) refuse(path, 'belongs to another user', `Change the owner of ${path}.`);
  if ((found.mode & 0o077) !== 0) refuse(path, 'is open to other users', `Run chmod 700 ${path}`);
}

/**
 * Reads a file that only its owner may read or write, never through a symbolic link. Undefined where it is absent; throws
 * CountersignError `secret-permissions` where anybody else could have read or placed it.
 */
export async function readPrivateFile(path: string): Promise<Uint8Array | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | (posix ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    if (hasCode(error, 'ELOOP')) refuse(path, 'is a symbolic link', 'Put the file itself there.');
    if (hasCode(error, 'EACCES')) refuse(path, 'cannot be read by this user', `Change the owner of ${path}.`);
    throw error;
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) refuse(path, 'is not a regular file', 'Put a file there.');
    if (posix) {
      if (found.uid !== process.getuid?.()) refuse(path, 'belongs to another user', `Change the owner of ${path}.`);
      if ((found.mode & 0o077) !== 0) refuse(path, 'is open to other users', `Run chmod 600 ${path}`);
    }
    if (found.size > MAX_BYTES)
      refuse(path, 'is larger than 1 MB', 'Point the reference at a file that holds only the secret.');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * Writes 0600 beside the target, syncs, then renames: a reader or a crash sees the old content or the new, never a part.
 * @throws CountersignError `disk-full`, `file-not-written`
 */
export async function writePrivateFile(path: string, content: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritten(path, error);
  }
  await syncDirectory(dirname(path));
}

function notWritten(path: string, cause: unknown): CountersignError {
  const full = hasCode(cause, 'ENOSPC') || hasCode(cause, 'EDQUOT');
  return new CountersignError(
    full ? 'disk-full' : 'file-not-written',
    full ? `The disk is full: ${path} could not be written.` : `${path} could not be written.`,
    {
      next: full
        ? 'Free some space, then try again.'
        : 'Make sure that the directory is there and that this account may write in it.',
      cause,
    },
  );
}

async function syncDirectory(path: string): Promise<void> {
  if (!posix) return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
