/** Copies of the record outside its own directory: create-only, in a directory or in S3-compatible storage. */
export { createDirectoryStore } from './directory.ts';
export { createS3Store, type S3Settings } from './s3.ts';
export { openStore } from './open.ts';
export { type CreateOptions, type ObjectStore, type StoreWeakness } from './store.ts';
