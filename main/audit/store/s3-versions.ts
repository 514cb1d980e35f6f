// `import type` is erased whole: of `import { type … }` the loading of the SDK would be left.
import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { failureOf } from './s3-errors.ts';
import { NotS3, type Once } from './s3-requests.ts';

export interface Version {
  /** As S3 names the object, prefix included. */
  readonly key: string;
  /** `null` (the word) where the bucket has no versioning, or had none when it was written. */
  readonly id: string;
  readonly size: number;
  /** Laid over an object when it is deleted: it hides, and has no bytes. */
  readonly marker: boolean;
}

export interface VersionPage {
  /** Ordered by key, then newest first: S3 API reference, ListObjectVersions. Markers last. */
  readonly versions: readonly Version[];
  readonly next: { readonly key: string; readonly id: string | undefined } | null;
}

/** Names come URL-encoded, because XML has no room for some that S3 allows, and somebody may use those to stop our reading. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // A server that does not encode: then it is the name as it is, and none of ours.
    return name;
  }
}

/** One page of versions below `prefix`, from behind the place `from`. */
export async function versionPage(
  once: Once,
  bucket: string,
  prefix: string,
  from: VersionPage['next'],
): Promise<VersionPage> {
  const answer = await once(async (client, sdk, signal) =>
    client.send(
      new sdk.ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: prefix,
        EncodingType: 'url',
        ...(from === null ? {} : { KeyMarker: from.key }),
        ...(from?.id === undefined ? {} : { VersionIdMarker: from.id }),
      }),
      { abortSignal: signal },
    ),
  );
  // An empty list and a page of HTML parse alike: only the first repeats what was asked.
  if (answer.Name === undefined || answer.IsTruncated === undefined) throw new NotS3('no list of versions');
  return { versions: [...versionsOf(answer)], next: nextOf(answer, from) };
}

function* versionsOf({ Versions = [], DeleteMarkers = [] }: ListObjectVersionsCommandOutput): Generator<Version> {
  for (const { Key = '', VersionId = 'null', Size = 0 } of Versions)
    yield { key: decoded(Key), id: VersionId, size: Size, marker: false };
  for (const { Key = '', VersionId = 'null' } of DeleteMarkers)
    yield { key: decoded(Key), id: VersionId, size: 0, marker: true };
}

/**
 * Where to go on. The marker repeats the last name of the page; some servers encode it like the names, others (Ceph) do not.
 * Taken the wrong way, a name that somebody chose for that would skip those that follow it.
 */
function nextOf(answer: ListObjectVersionsCommandOutput, from: VersionPage['next']): VersionPage['next'] {
  if (!answer.IsTruncated) return null;
  const { NextKeyMarker: marker = '', NextVersionIdMarker: id, Versions = [], DeleteMarkers = [] } = answer;
  const lasts = [Versions.at(-1)?.Key, DeleteMarkers.at(-1)?.Key].filter((name) => name !== undefined);
  const key = decoded(lasts.find((name) => decoded(name) === marker) ?? marker);
  const moved = from === null ? key.length : Buffer.compare(Buffer.from(key), Buffer.from(from.key));
  // A list that does not move on would be read for ever.
  if (moved < 0 || (moved === 0 && id === from?.id)) throw new NotS3('a list without an end');
  return { key, id };
}

/** All versions and markers of one object, newest first, markers last; `unknown` where the server cannot tell versions. */
export async function versionsOfObject(
  once: Once,
  bucket: string,
  key: string,
): Promise<readonly Version[] | 'unknown'> {
  const found: Version[] = [];
  try {
    for (let from: VersionPage['next'] = null; ;) {
      const page: VersionPage = await versionPage(once, bucket, key, from);
      found.push(...page.versions.filter((version) => version.key === key));
      // Keys that only begin with this one come after it.
      if (page.next === null || page.next.key !== key) break;
      from = page.next;
    }
  } catch (error) {
    if (failureOf(error).status === 501 || failureOf(error).code === 'NotImplemented') return 'unknown';
    throw error;
  }
  return [...found.filter((version) => !version.marker), ...found.filter((version) => version.marker)];
}
