import { CountersignError } from '../../errors.ts';

/** Why a store did not do what was asked; see `ObjectStore.create`. */
export type StoreTrouble = 'store-unreachable' | 'store-refused' | 'store-full';

/** Largest object that is read back, bytes: more than any part of a record has, less than would fill the memory. */
export const LARGEST_OBJECT = 256 * 1024 * 1024;

export const storeError = (code: StoreTrouble, message: string, next: string, cause?: unknown): CountersignError =>
  new CountersignError(code, message, { next, ...(cause === undefined ? {} : { cause }) });

export const tooLarge = (store: string, key: string): CountersignError =>
  storeError(
    'store-refused',
    `${key} in ${store} is larger than any object of a record.`,
    'Somebody else put it there: look who may write to this place.',
  );
