import { CountersignError } from '../../errors.ts';

/**
 * Keys are names that mean the same in a bucket and on every file system: lower-case ASCII (macOS and Windows do not tell
 * cases apart), parts between single slashes, no part that a path could climb by, that Windows keeps for devices or would
 * shorten, or that is hidden. Parts that begin with a dot are the store's own.
 */
const PART = /^[a-z0-9_-](?:[a-z0-9._-]*[a-z0-9_-])?$/;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;
/** What S3 allows is 1,024 bytes with the prefix; what Windows opens without a special form is 260 with the directory. */
const LONGEST_KEY = 200;
const LONGEST_PART = 100;

/** Where a store tries what it promises; no key of the record. */
export const PROBES = '.probe';

export const isKey = (key: string): boolean =>
  key.length <= LONGEST_KEY &&
  key.split('/').every((part) => part.length <= LONGEST_PART && PART.test(part) && !DEVICE.test(part));

/** @throws CountersignError `store-key-invalid` */
export function checkKey(key: string): void {
  if (isKey(key)) return;
  throw new CountersignError(
    'store-key-invalid',
    `${JSON.stringify(key.slice(0, 80))} is no name for an object of a record.`,
    {
      next: 'Names are made of a-z, 0-9, ".", "_" and "-" between single slashes, 200 characters at most.',
    },
  );
}

/** A prefix to list: the beginning of a key, which may end within a part. @throws CountersignError `store-key-invalid` */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(/[/.]$/.test(prefix) ? `${prefix}0` : prefix);
}

/** Blobs are what may be erased: encrypted texts, named by their SHA-256. Everything else of a record only grows. */
const isErasable = (key: string): boolean => isKey(key) && /(?:^|\/)blob\/[0-9a-f]{64}$/.test(key);

/** @throws CountersignError `store-key-invalid` */
export function checkErasable(key: string): void {
  checkKey(key);
  if (isErasable(key)) return;
  throw new CountersignError('store-key-invalid', `${key} is no blob: nothing else of a record is ever removed.`);
}
