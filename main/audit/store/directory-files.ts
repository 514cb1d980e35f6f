/** The steps by which a file is created once and for all, and survives a power cut. */
import { randomUUID } from 'node:crypto';
import { link, lstat, open, readdir, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { absent, errorCode, wrongKind } from './directory-errors.ts';

/** A temporary file this much older than one made now belongs to nobody who still writes, milliseconds. */
const ABANDONED = 60 * 60 * 1000;

/** Whether a file of this name is there, and if so, durably: whoever made it may have died before it was. */
export async function isThere(file: string): Promise<boolean> {
  const found = await lstat(file).catch(absent(null));
  if (found === null) return false;
  if (!found.isFile()) throw wrongKind('EISDIR');
  await syncDirectory(dirname(file));
  return true;
}

export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o400);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncDirectory(path: string): Promise<void> {
  // Windows has no handle to a directory that could be flushed; NTFS journals its names itself.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Links a file, and then another to the same name: a file system on which the second succeeds, or the first fails, is no store. */
export async function tryLinks(directory: string): Promise<void> {
  const [one, other, name] = [
    join(directory, randomUUID()),
    join(directory, randomUUID()),
    join(directory, randomUUID()),
  ];
  try {
    await writeDurably(one, Buffer.from('one'));
    await writeDurably(other, Buffer.from('other'));
    await link(one, name);
    const again = await link(other, name).then(() => 'replaced', errorCode);
    if (again !== 'EEXIST') throw Object.assign(new Error('a second link was not refused'), { code: 'ENOTSUP' });
  } finally {
    for (const file of [one, other, name]) await unlink(file).catch(() => undefined);
  }
}

/** Removes temporary files that a crash left behind; of other processes that write here now, none. */
export async function sweep(directory: string): Promise<void> {
  // Ages go by the file system's own clock: a share's is not ours.
  const file = join(directory, randomUUID());
  await writeDurably(file, Buffer.alloc(0));
  const now = (await lstat(file)).mtimeMs;
  await unlink(file);
  for (const name of await readdir(directory)) {
    const found = await lstat(join(directory, name)).catch(absent(null));
    if (found !== null && now - found.mtimeMs > ABANDONED) await rm(join(directory, name), { force: true });
  }
}
