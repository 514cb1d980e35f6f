import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sharedFileSystemOf, synchroniserOf } from '../storage.ts';
import { type StoreWeakness } from './store.ts';

/** What a directory does not promise. `root` exists; `profile` is where the record itself is written. */
export async function examineDirectory(root: string, profile: string | undefined): Promise<readonly StoreWeakness[]> {
  const real = await realpath(root);
  const found = await stat(real);
  const weaknesses: StoreWeakness[] = [
    {
      code: 'no-retention',
      sentence: `Whoever may write to ${root}, this program included, can also remove or replace what is there.`,
      mend: 'Keep the copy in S3-compatible storage with Object Lock, or on a share whose server takes snapshots.',
    },
  ];
  const own = profile === undefined ? undefined : await stat(profile).catch(() => undefined);
  if (own !== undefined && own.dev === found.dev) {
    weaknesses.push({
      code: 'same-disk',
      sentence: `${root} is on the same disk as the profile: what destroys one destroys the other.`,
      mend: 'Name a directory on another disk or machine.',
    });
  }
  if (process.platform !== 'win32') {
    const open = await writableByOthers(real);
    if (open !== undefined) {
      weaknesses.push({
        code: 'writable-by-others',
        sentence: `Other accounts of this machine may write to ${open}, and so remove or replace the copy.`,
        mend: `chmod go-w ${JSON.stringify(open)}`,
      });
    }
    if (process.getuid?.() !== found.uid) {
      weaknesses.push({
        code: 'not-owner',
        sentence: `${root} belongs to another account, which may remove or replace the copy.`,
        mend: 'Give the directory to the account that runs Countersign, or accept that the other one keeps the copy.',
      });
    }
  }
  const network = sharedFileSystemOf(real);
  if (network !== undefined) {
    weaknesses.push({
      code: 'network-folder',
      sentence: `${root} is on another machine (${network}): what is called written may still be in that machine's memory.`,
      mend: 'Mount it with synchronous writes, or see that its server writes before it answers.',
    });
  }
  const synced = synchroniserOf(real);
  if (synced !== undefined) {
    weaknesses.push({
      code: 'sync-folder',
      sentence: `${root} lies in a folder that is kept the same on several machines (${synced}): older files can come back and others go.`,
      mend: 'Name a directory that nothing synchronises.',
    });
  }
  return weaknesses;
}

/** The directory, or the nearest above it, in which accounts other than the owner may rename or remove names. */
async function writableByOthers(real: string): Promise<string | undefined> {
  for (let path = real; ; path = dirname(path)) {
    const { mode } = await stat(path);
    // In a sticky directory (/tmp) only a name's owner may remove it; the store itself has no such excuse.
    if ((mode & 0o022) !== 0 && (path === real || (mode & 0o1000) === 0)) return path;
    if (path === dirname(path)) return undefined;
  }
}
