/**
 * A record's copy in S3-compatible storage. The first version of an object is the object: reads give it, lists name every
 * key that has one, whatever deletions and later versions were laid over it, and a writer has created an object when the
 * first version is its own. `If-None-Match: *` keeps others from coming to be. Servers that ignore it are told by trying:
 * with versioning they still serve, since the first version decides; without it they replace, and are refused.
 */
import { checkErasable, checkKey, checkPrefix, isKey } from './key.ts';
import { connectTo, openBucket, type Put, type S3Settings } from './s3-bucket.ts';
import { explain, failureOf } from './s3-errors.ts';
import { findGuard, type Guard } from './s3-guard.ts';
import { aborted, createRequests, type Patience } from './s3-requests.ts';
import { versionPage, type VersionPage } from './s3-versions.ts';
import { examineBucket } from './s3-weaknesses.ts';
import { type ObjectStore } from './store.ts';
import { LARGEST_OBJECT, storeError, tooLarge } from './trouble.ts';

export { type S3Settings } from './s3-bucket.ts';

export function createS3Store(settings: S3Settings, patience?: Patience): ObjectStore {
  const bucket = openBucket(settings);
  const { name } = bucket;
  const requests = createRequests(name, (sdk) => connectTo(sdk, settings, { anonymous: false }), patience);
  let trial: Promise<Guard> | undefined;
  let known: Guard | undefined;

  /**
   * Tried once for all callers: that one of them gives up ends it for none of the others. A server that replaces is tried
   * again by the next write, since somebody may have mended it.
   */
  const guardedBy = async (signal: AbortSignal | undefined): Promise<Guard> => {
    if (known !== undefined) return known;
    trial ??= requests
      .run('could not be tried', undefined, async (once) => findGuard(once, bucket))
      .then((guard) => {
        if (guard !== 'nobody') known = guard;
        return guard;
      })
      .finally(() => (trial = undefined));
    return signal === undefined ? trial : Promise.race([trial, aborted(signal)]);
  };

  return {
    name,
    async create(key, bytes, { retainUntil, signal }) {
      checkKey(key);
      const by = await guardedBy(signal);
      if (by === 'nobody') throw replaces(name);
      const what = `${key} could not be written`;
      const outcome = await requests.run(what, signal, async (once): Promise<Put> => {
        // An answer that was lost on the way must not make a second version.
        if (by === 'versions' && (await bucket.oldest(once, key)) !== null) return { exists: true };
        return bucket.put(once, key, bytes, retainUntil);
      });
      if (outcome.exists) return 'exists';
      if (outcome.version === undefined) return 'created';
      // A deletion laid over an object makes room for a second one, as does a server that ignores the condition.
      const first = await requests.run(what, signal, async (once) => bucket.oldest(once, key));
      return first?.id === outcome.version ? 'created' : 'exists';
    },
    async read(key, signal) {
      checkKey(key);
      return requests.run(`${key} could not be read`, signal, async (once) => {
        const first = await bucket.oldest(once, key);
        if (first === null) return null;
        if (first.size > LARGEST_OBJECT) throw tooLarge(name, key);
        return bucket.get(once, key, first);
      });
    },
    async *list(prefix, { after = '', signal } = {}) {
      checkPrefix(prefix);
      const above = bucket.full('').length;
      let last = after;
      let from: VersionPage['next'] = after === '' ? null : { key: bucket.full(after), id: undefined };
      do {
        const page: VersionPage = await requests.run('could not be listed', signal, async (once) =>
          versionPage(once, settings.bucket, bucket.full(prefix), from),
        );
        for (const version of page.versions) {
          const key = version.key.slice(above);
          if (version.marker || key === last || !isKey(key)) continue;
          if (key < last) throw unordered(name);
          last = key;
          yield key;
        }
        from = page.next;
      } while (from !== null);
    },
    async erase(key, signal) {
      checkErasable(key);
      const kept = await requests.run(`${key} could not be removed`, signal, async (once) => {
        const versions = await bucket.versions(once, key);
        let refusal: unknown;
        for (const id of versions === 'unknown' ? [undefined] : versions.map((version) => version.id)) {
          await bucket.remove(once, key, id).catch((error: unknown) => {
            if (failureOf(error).status !== 403) throw error;
            refusal = error;
          });
        }
        return refusal;
      });
      if (kept !== undefined) throw explain(name, `${key} could not be removed in every version`, kept);
    },
    async examine(signal) {
      const { weaknesses, replaced } = await examineBucket(requests, bucket, await guardedBy(signal), signal);
      if (replaced) known = 'nobody';
      return weaknesses;
    },
    close: () => requests.close(),
  };
}

const replaces = (name: string): Error =>
  storeError(
    'store-refused',
    `${name}: this server replaces an object where it is asked to create one only where none is.`,
    'Turn on versioning for the bucket, or take a server that honours If-None-Match.',
  );

const unordered = (name: string): Error =>
  storeError(
    'store-refused',
    `${name}: this server lists objects in an order that is not that of their names.`,
    'Take a general purpose bucket, or another server.',
  );
