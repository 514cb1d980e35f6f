import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { writePrivateFile } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { MAX_FILE_BYTES } from '../policy/yaml-file.ts';

const posix = process.platform !== 'win32';

/**
 * The text of one configuration file of the profile, which may have `most` bytes. A link may lead to another place of the
 * profile, never out of it; a file that every user of the machine can write decides nothing. Throws CountersignError `profile-file-missing` or
 * `profile-file-refused`.
 */
export async function readConfiguration(home: string, name: string, most = MAX_FILE_BYTES): Promise<string> {
  const path = join(home, name);
  const handle = await openInside(home, name);
  try {
    const found = await handle.stat();
    if (!found.isFile()) refuse(path, 'is not a regular file', 'Put the file itself there.');
    if (posix && (found.mode & 0o002) !== 0) refuse(path, 'can be written by every user', `Run chmod o-w ${path}.`);
    if (found.size > most) refuse(path, `is larger than ${most} bytes`, 'Split or shorten it.');
    const bytes = await handle.readFile();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return refuse(path, 'is not UTF-8 text', 'Save it as UTF-8.');
    }
  } finally {
    await handle.close();
  }
}

/** `readConfiguration` for a file that a profile need not have: undefined where it is not there. */
export async function readOptional(home: string, name: string, most?: number): Promise<string | undefined> {
  try {
    return await readConfiguration(home, name, most);
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'profile-file-missing') return undefined;
    throw error;
  }
}

/**
 * Puts a text in the place of a file of the profile as one step, or makes it. Where the file is a link to another place of the
 * profile, a checkout for example, it is written there and stays a link.
 * @throws CountersignError `profile-file-refused`, `disk-full`, `file-not-written`
 */
export async function writeConfiguration(home: string, name: string, text: string): Promise<void> {
  const target = await targetOf(home, name).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return join(home, name);
    throw error;
  });
  await writePrivateFile(target, new TextEncoder().encode(text));
}

/** Where the file lies, links followed. */
async function targetOf(home: string, name: string): Promise<string> {
  const path = join(home, name);
  const root = await realpath(home);
  const target = await realpath(path);
  if (target.startsWith(root.endsWith(sep) ? root : root + sep)) return target;
  return refuse(path, 'leads out of the profile', 'Keep the file inside the profile directory.');
}

async function openInside(home: string, name: string): Promise<FileHandle> {
  const path = join(home, name);
  try {
    return await open(
      await targetOf(home, name),
      constants.O_RDONLY | (posix ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0),
    );
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      throw new CountersignError('profile-file-missing', `There is no ${name} in ${home}.`, {
        next: 'Nothing can run without it: name another profile with --home DIR, or see docs/configuration.md for what the file holds.',
        cause: error,
      });
    }
    throw new CountersignError('profile-file-refused', `${path} cannot be read.`, {
      next: 'Nothing can run without it: check who owns the file and the directories above it.',
      cause: error,
    });
  }
}

function refuse(path: string, why: string, next: string): never {
  throw new CountersignError('profile-file-refused', `${path} ${why}.`, {
    next: `${next} Nothing can run without the file.`,
  });
}
