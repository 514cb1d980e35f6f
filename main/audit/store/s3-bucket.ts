/** One bucket below one prefix, in single attempts: what the store and its examination are made of. */
// `import type` is erased whole: of `import { type … }` the loading of the SDK would be left.
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { hash } from 'node:crypto';
import { type Readable } from 'node:stream';
import { failureOf } from './s3-errors.ts';
import { NotS3, type Once, readBody, type Sdk } from './s3-requests.ts';
import { type Version, versionsOfObject } from './s3-versions.ts';

export interface S3Settings {
  readonly bucket: string;
  /** Without leading or trailing `/`; may be empty. */
  readonly prefix: string;
  readonly region: string;
  /** Amazon's own for the region where absent. */
  readonly endpoint?: string;
  /** Bucket in the path instead of the host name. */
  readonly pathStyle: boolean;
  /** Days that Object Lock is to keep each object; 0 = not asked for. Only `examine` looks at it: an object brings its date. */
  readonly retainDays: number;
  /** Both, or neither: then the SDK's chain (variables, profile, SSO, role). */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}

/** What an attempt to create an object gave; `version` is undefined where the bucket has no versioning. */
export type Put = { readonly exists: true } | { readonly exists: false; readonly version: string | undefined };

export interface Bucket {
  readonly settings: S3Settings;
  /** `s3://bucket/prefix` */
  readonly name: string;
  /** The key as S3 has it. */
  full(key: string): string;
  /** One conditional write. On a bucket without Object Lock nothing is retained, whatever was asked: `examine` says so. */
  put(once: Once, key: string, bytes: Uint8Array, retainUntil?: Date): Promise<Put>;
  /** All versions and markers of one object, newest first, markers last; `unknown` where the server cannot tell versions. */
  versions(once: Once, key: string): Promise<readonly Version[] | 'unknown'>;
  /** The first version; null where there is none but deletions. On a server that tells no versions, what it has. */
  oldest(once: Once, key: string): Promise<Oldest | null>;
  /** Null where it was removed in the meantime. */
  get(once: Once, key: string, version: Oldest): Promise<Buffer | null>;
  remove(once: Once, key: string, version: string | undefined): Promise<void>;
}

export interface Oldest {
  readonly id: string | undefined;
  /** Bytes. */
  readonly size: number;
}

export function openBucket(settings: S3Settings): Bucket {
  const { bucket: Bucket, prefix } = settings;
  const full = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
  const object = (key: string, version?: string): { Bucket: string; Key: string; VersionId?: string } => ({
    Bucket,
    Key: full(key),
    ...(version === undefined ? {} : { VersionId: version }),
  });
  let lockless = false;

  const put: Bucket['put'] = async (once, key, bytes, retainUntil) => {
    const locked = lockless ? undefined : retainUntil;
    try {
      const answer = await once(
        async (client, sdk, abortSignal) =>
          client.send(new sdk.PutObjectCommand({ ...object(key), ...contentOf(bytes, locked) }), { abortSignal }),
        bytes.length,
      );
      if (answer.ETag === undefined) throw new NotS3('an object without a tag');
      return { exists: false, version: answer.VersionId === 'null' ? undefined : answer.VersionId };
    } catch (error) {
      if (failureOf(error).status === 412) return { exists: true };
      if (locked === undefined || failureOf(error).status !== 400 || !(await hasNoLock(once, Bucket))) throw error;
      lockless = true;
      return put(once, key, bytes);
    }
  };

  const versions: Bucket['versions'] = async (once, key) => versionsOfObject(once, Bucket, full(key));

  return {
    settings,
    name: `s3://${Bucket}${prefix === '' ? '' : `/${prefix}`}`,
    full,
    put,
    versions,
    async oldest(once, key) {
      const known = await versions(once, key);
      if (known !== 'unknown') return known.findLast(({ marker }) => !marker) ?? null;
      try {
        const { ContentLength: size = 0 } = await once(async (client, sdk, abortSignal) =>
          client.send(new sdk.HeadObjectCommand(object(key)), { abortSignal }),
        );
        return { id: undefined, size };
      } catch (error) {
        if (failureOf(error).status === 404) return null;
        throw error;
      }
    },
    async get(once, key, { id, size }) {
      try {
        return await once(async (client, sdk, abortSignal) => {
          const answer = await client.send(new sdk.GetObjectCommand(object(key, id)), { abortSignal });
          const body = await readBody(answer.Body as Readable, size, abortSignal);
          if (body.length !== size) throw new NotS3('an object of another length');
          return body;
        }, size);
      } catch (error) {
        if (['NoSuchKey', 'NoSuchVersion'].includes(failureOf(error).code)) return null;
        throw error;
      }
    },
    async remove(once, key, version) {
      await once(async (client, sdk, abortSignal) =>
        client.send(new sdk.DeleteObjectCommand(object(key, version)), { abortSignal }),
      );
    },
  };
}

/** A client of the bucket's server; `anonymous` signs nothing. */
export function connectTo(sdk: Sdk, settings: S3Settings, { anonymous }: { readonly anonymous: boolean }): S3Client {
  const { region, endpoint, pathStyle: forcePathStyle, accessKeyId, secretAccessKey } = settings;
  const own =
    accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } };
  const nobody = {
    credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
    signer: { sign: async <T>(request: T): Promise<T> => Promise.resolve(request) },
  };
  const client = new sdk.S3Client({
    region,
    forcePathStyle,
    // Attempts and checksums are ours: older servers choke on the checksums that the SDK adds.
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(anonymous ? nobody : own),
  });
  // The SDK learns the server's time from a refusal and signs with that from then on. A clock that far off would also date
  // what is kept, for good: people must mend it first.
  Object.defineProperty(client.config, 'systemClockOffset', { get: () => 0, set: () => undefined });
  return client;
}

/** `If-None-Match: *` makes it a creation (RFC 9110 §13.1.2, S3 "conditional writes"). */
function contentOf(bytes: Uint8Array, retainUntil: Date | undefined): Omit<PutObjectCommandInput, 'Bucket' | 'Key'> {
  const content = {
    Body: bytes,
    ContentType: 'application/octet-stream',
    ChecksumSHA256: hash('sha256', bytes, 'base64'),
    IfNoneMatch: '*',
  };
  return retainUntil === undefined
    ? content
    : // Object Lock wants a checksum; MD5 is the one that every server knows.
      { ...content, ...md5(bytes), ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: retainUntil };
}

/** Where OpenSSL runs in FIPS mode there is no MD5; Amazon then takes the SHA-256. */
function md5(bytes: Uint8Array): { readonly ContentMD5?: string } {
  try {
    return { ContentMD5: hash('md5', bytes, 'base64') };
  } catch {
    return {};
  }
}

/** Servers word the refusal of a retention in many ways; whether the bucket could have kept it is asked for. */
async function hasNoLock(once: Once, bucket: string): Promise<boolean> {
  try {
    const { ObjectLockConfiguration: lock } = await once(async (client, sdk, abortSignal) =>
      client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal }),
    );
    return lock?.ObjectLockEnabled !== 'Enabled';
  } catch (error) {
    return ['ObjectLockConfigurationNotFoundError', 'NotImplemented'].includes(failureOf(error).code);
  }
}
