/** What keeps an operation on files from working: in words, by the system's error code. */
import { storeError, type StoreTrouble } from './trouble.ts';

/** The system's code of an error, `ENOENT` and so on; empty where it is no error of the system's. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** Passes over errors of this code. */
export const unless =
  (code: string) =>
  (error: unknown): void => {
    if (errorCode(error) !== code) throw error;
  };

/** Gives `value` for a name that is not there. */
export const absent =
  <T>(value: T) =>
  (error: unknown): T => {
    if (errorCode(error) !== 'ENOENT') throw error;
    return value;
  };

/** Something has the name of a file or directory of ours, and is none. */
export const wrongKind = (code: 'EISDIR' | 'ENOTDIR'): Error =>
  Object.assign(new Error('something else has this name'), { code });

interface Words {
  readonly codes: readonly string[];
  readonly trouble: StoreTrouble;
  readonly why: string;
  readonly next: string;
}

const WORDS: readonly Words[] = [
  {
    codes: ['ENOENT'],
    trouble: 'store-unreachable',
    why: 'the directory is not there',
    next: 'Mount the disk it is on, or make the directory.',
  },
  {
    codes: ['EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ETIMEDOUT'],
    trouble: 'store-unreachable',
    why: 'the disk or share does not answer',
    next: 'Connect it again; what waits is uploaded then.',
  },
  {
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    trouble: 'store-full',
    why: 'there is no room left',
    next: 'Make room on that disk; what waits is uploaded then.',
  },
  {
    codes: ['EROFS'],
    trouble: 'store-refused',
    why: 'the disk is mounted read-only',
    next: 'Mount it for writing.',
  },
  {
    codes: ['EACCES', 'EPERM'],
    trouble: 'store-refused',
    why: 'this account may not, or the file system has no hard links',
    next: 'Give the account that runs Countersign the right to write there, on a file system with hard links.',
  },
  {
    codes: ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'],
    trouble: 'store-refused',
    why: 'this file system cannot make a name that never replaces another (a hard link)',
    next: 'Take one that can (ext4, XFS, APFS, NTFS, NFS), or S3-compatible storage.',
  },
  {
    codes: ['ENOTDIR', 'EISDIR', 'ELOOP'],
    trouble: 'store-refused',
    why: 'something other than a plain file or directory has its name',
    next: 'Look who else writes to this directory; a record has it for itself.',
  },
];

/** @param what what was tried: "log.json could not be written" */
export function explain(root: string, what: string, error: unknown): unknown {
  const code = errorCode(error);
  const known = WORDS.find(({ codes }) => codes.includes(code));
  if (known !== undefined) return storeError(known.trouble, `${root}: ${what}: ${known.why}.`, known.next, error);
  // What is no error of the system's (an abort, one of ours) has its own words.
  if (!(error instanceof Error && 'syscall' in error)) return error;
  return storeError('store-unreachable', `${root}: ${what} (${code}).`, 'Look after that disk or share.', error);
}
