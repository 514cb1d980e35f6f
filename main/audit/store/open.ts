import { createDirectoryStore } from './directory.ts';
import { createS3Store } from './s3.ts';
import { type ObjectStore } from './store.ts';

/** What a profile says of its store (`record.store` of organisation.yaml); `Reference` names where a secret is. */
export type StoreDescription<Reference extends string> =
  | { readonly kind: 'directory'; readonly path: string; readonly retainDays: number }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly prefix: string;
      readonly region: string;
      readonly endpoint?: string;
      readonly pathStyle: boolean;
      readonly credentials: 'environment' | { readonly accessKeyId: Reference; readonly secretAccessKey: Reference };
      readonly retainDays: number;
    };

/**
 * Opens the store that a profile describes. Nothing is asked of it yet: trouble shows in the first request.
 * @param resolveSecret gives the secret that a reference names, or throws in words
 * @param profile the directory the record is written in; see `createDirectoryStore`
 */
export async function openStore<Reference extends string>(
  description: StoreDescription<Reference>,
  resolveSecret: (reference: Reference) => Promise<string>,
  profile?: string,
): Promise<ObjectStore> {
  if (description.kind === 'directory')
    return createDirectoryStore(description.path, profile === undefined ? {} : { profile });
  const { kind: _, credentials, ...settings } = description;
  if (credentials === 'environment') return createS3Store(settings);
  const accessKeyId = await resolveSecret(credentials.accessKeyId);
  const secretAccessKey = await resolveSecret(credentials.secretAccessKey);
  return createS3Store({ ...settings, accessKeyId, secretAccessKey });
}
