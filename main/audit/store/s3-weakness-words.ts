import { type StoreWeakness } from './store.ts';

/** What a bucket does not promise, in words. `name` is the store's, `bucket` the bucket's, for commands. */
export interface Place {
  readonly name: string;
  readonly bucket: string;
}

const POLICY =
  'Give the writer the policy of docs/record-store.md, which has no right to delete or to change retention.';

const withoutDefault = (bucket: string): string =>
  `aws s3api put-object-lock-configuration --bucket ${bucket} --object-lock-configuration ObjectLockEnabled=Enabled`;

export const weakness = {
  mayOverwrite: ({ name, bucket }: Place): StoreWeakness => ({
    code: 'may-overwrite',
    sentence: `${name}: the server replaces objects that it was asked to create only where there are none, so nothing is written to it.`,
    mend: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled, or a server that honours If-None-Match.`,
  }),
  noConditionalCreate: ({ name }: Place): StoreWeakness => ({
    code: 'no-conditional-create',
    sentence: `${name}: where an object exists the server makes a second version instead of refusing; the first counts, and strangers must know that.`,
    mend: 'Take a server that honours If-None-Match for buckets with versioning.',
  }),
  noVersioning: ({ name, bucket }: Place): StoreWeakness => ({
    code: 'no-versioning',
    sentence: `${name}: the bucket keeps no versions, so what is deleted or replaced is gone.`,
    mend: `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
  }),
  noObjectLock: ({ name, bucket }: Place): StoreWeakness => ({
    code: 'no-object-lock',
    sentence: `${name}: retention is asked for and the bucket keeps none; whoever administers it can remove the record.`,
    mend: `aws s3api put-object-lock-configuration --bucket ${bucket} --object-lock-configuration ObjectLockEnabled=Enabled, or a new bucket with --object-lock-enabled-for-bucket.`,
  }),
  noRetention: ({ name }: Place): StoreWeakness => ({
    code: 'no-retention',
    sentence: `${name}: the settings ask for no retention; whoever administers the bucket can remove the record.`,
    mend: 'Set `record.store.s3.retainDays`, with a bucket that has Object Lock.',
  }),
  mayDelete: ({ name }: Place): StoreWeakness => ({
    code: 'may-delete',
    sentence: `${name}: the credentials of this program can remove what was uploaded, and so can whoever takes them.`,
    mend: POLICY,
  }),
  mayHide: ({ name }: Place): StoreWeakness => ({
    code: 'may-hide',
    sentence: `${name}: the credentials of this program can lay deletions over what was uploaded, which hides it from other programs.`,
    mend: POLICY,
  }),
  mayShorten: ({ name }: Place): StoreWeakness => ({
    code: 'may-shorten',
    sentence: `${name}: the server lets a retention be shortened, so it holds nobody.`,
    mend: 'Take a server with Object Lock in compliance mode.',
  }),
  shortDefault: ({ name, bucket }: Place, days: number, asked: number): StoreWeakness => ({
    code: 'short-default-retention',
    sentence: `${name}: what is put there without a date of its own is kept ${String(days)} days, less than the ${String(asked)} asked for.`,
    mend: withoutDefault(bucket),
  }),
  mayNotErase: ({ name, bucket }: Place, days: number): StoreWeakness => ({
    code: 'may-not-erase',
    sentence: `${name}: the bucket keeps everything ${String(days)} days by default, so texts that must be erased stay that long, sealed.`,
    mend: withoutDefault(bucket),
  }),
  public: ({ name, bucket }: Place, { written }: { readonly written: boolean }): StoreWeakness => ({
    code: 'public',
    sentence: `${name}: anybody on the network can ${written ? 'write to it' : 'read it'} without signing in.`,
    mend: `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
  }),
  noEncryption: ({ name }: Place): StoreWeakness => ({
    code: 'no-encryption-in-transit',
    sentence: `${name} is spoken to without encryption: whoever is between can read and change what goes there.`,
    mend: 'Write an https: address in `record.store.s3.endpoint`.',
  }),
} as const;
