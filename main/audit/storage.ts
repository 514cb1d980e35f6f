/**
 * Disks that are not this machine's alone: no log may lie on one, and a copy there is weak. Network file systems may call
 * durable what is not, and lock nothing; folders that are synchronised bring two machines' files together behind both
 * their backs.
 */
import { existsSync, realpathSync, statfsSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CountersignError } from '../errors.ts';

/** `f_type` of statfs(2) on Linux. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x786f4256, 'VirtualBox shared folders'],
  [0xbacbacbc, 'VMware shared folders'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** Folders that are kept the same on several machines, as their programs call them on disk. */
const SYNCHRONISED: readonly (readonly [RegExp, string])[] = [
  [/^Dropbox( \(.+\))?$/, 'Dropbox'],
  [/^OneDrive( - .+)?$/, 'OneDrive'],
  [/^(iCloudDrive|iCloud Drive|Mobile Documents|com~apple~CloudDocs)$/, 'iCloud Drive'],
  [/^(Google Drive|GoogleDrive-.+|My Drive)$/, 'Google Drive'],
  [/^(Nextcloud|ownCloud)$/, 'Nextcloud or ownCloud'],
  [/^Syncthing$/, 'Syncthing'],
  [/^(Box Sync|pCloudDrive|pCloud Drive|MEGA|MEGAsync)$/, 'a program that synchronises folders'],
];
/** What such programs leave in the topmost folder. */
const MARKS: readonly (readonly [string, string])[] = [
  ['.stfolder', 'Syncthing'],
  ['.dropbox.cache', 'Dropbox'],
  ['.owncloudsync.log', 'Nextcloud or ownCloud'],
];

/**
 * Checks that a directory of logs lies on a disk of this machine.
 * @throws CountersignError `audit-shared-storage`
 */
export function refuseSharedStorage(directory: string): void {
  const real = realPath(resolve(directory));
  const file = sharedFileSystemOf(real);
  if (file !== undefined) throw shared(`${directory} lies on a network or shared file system (${file})`);
  const program = synchroniserOf(real);
  if (program !== undefined) throw shared(`${directory} lies in a folder that is synchronised (${program})`);
}

/** The path with its links resolved, as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (path === dirname(path)) throw error;
    return join(realPath(dirname(path)), basename(path));
  }
}

/** What kind of network or shared file system the path is on; undefined where it is on none, or the system does not say. */
export function sharedFileSystemOf(path: string): string | undefined {
  if (process.platform === 'win32') return path.startsWith('\\\\') ? 'UNC path' : undefined;
  // The numbers are those of Linux; other systems number theirs as they were loaded.
  if (process.platform !== 'linux') return undefined;
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  return NETWORK.get(statfsSync(existing).type >>> 0);
}

/** The program that keeps a folder above the path the same elsewhere, judged by names and by what it leaves there. */
export function synchroniserOf(path: string): string | undefined {
  for (const name of path.split(sep)) {
    const known = SYNCHRONISED.find(([pattern]) => pattern.test(name));
    if (known !== undefined) return known[1];
  }
  for (let folder = path; ; folder = dirname(folder)) {
    const mark = MARKS.find(([name]) => existsSync(join(folder, name)));
    if (mark !== undefined) return mark[1];
    if (folder === dirname(folder)) return undefined;
  }
}

const shared = (what: string): CountersignError =>
  new CountersignError('audit-shared-storage', `${what}: the record is not safe there, so nothing can run.`, {
    next: 'Keep the profile on a local disk, outside such folders; copies of the record go where organisation.yaml says (record.store). Where there is no other disk, record.acceptSharedDisk takes what it is worth.',
  });
