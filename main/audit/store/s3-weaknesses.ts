/**
 * What a bucket does not promise, found out by trying rather than by reading its configuration: the writer should not have
 * the right to read that, and what counts is what the server does. All tries are objects below `.probe/`.
 */
import { randomUUID } from 'node:crypto';
import { PROBES } from './key.ts';
import { connectTo, type Bucket } from './s3-bucket.ts';
import { failureOf } from './s3-errors.ts';
import { type Guard } from './s3-guard.ts';
import { createRequests, type Once, type Requests } from './s3-requests.ts';
import { weakness } from './s3-weakness-words.ts';
import { type StoreWeakness } from './store.ts';

/** Shortest time a probe is locked for, ms: longer than clocks may differ before S3 refuses the request (15 minutes). */
const PROBE_LOCK = 60 * 60 * 1000;
const RACERS = 8;
const PROBE = Buffer.from('Countersign tries here what this bucket promises.\n');

interface Examination {
  readonly weaknesses: readonly StoreWeakness[];
  /** Two writers were both told that they created the object, and one of them is gone. */
  readonly replaced: boolean;
}

export async function examineBucket(
  requests: Requests,
  bucket: Bucket,
  guard: Guard,
  signal: AbortSignal | undefined,
): Promise<Examination> {
  const tried = async <T>(work: (once: Once) => Promise<T>): Promise<T> =>
    requests.run('could not be examined', signal, work);
  const { settings } = bucket;
  const place = placeOf(bucket);
  const found: StoreWeakness[] = [];
  const probe = `${PROBES}/${randomUUID()}`;

  const keys = { race: `${probe}/race`, plain: `${probe}/plain`, strange: `${probe}/of-nobody` };
  const race = await tried(async (once) => raceFor(once, bucket, keys.race));
  const versioned = await tried(async (once) => hasVersions(once, bucket, keys.plain));
  const replaced = guard === 'nobody' || (race === 'won by several' && !versioned);
  if (replaced) found.push(weakness.mayOverwrite(place));
  else if (guard === 'versions' || race === 'won by several') found.push(weakness.noConditionalCreate(place));
  if (!versioned) found.push(weakness.noVersioning(place));
  if (settings.endpoint !== undefined && isOpenWire(settings.endpoint)) found.push(weakness.noEncryption(place));

  const open = await exposure(bucket, keys, signal);
  if (open.read || open.written) found.push(weakness.public(place, open));
  const may = await tried(async (once) => removal(once, bucket, Object.values(keys)));
  if (may.hide && versioned) found.push(weakness.mayHide(place));
  // Where a retention is asked for, what counts is whether that holds.
  if (may.remove && !(versioned && settings.retainDays > 0)) found.push(weakness.mayDelete(place));
  if (settings.retainDays === 0) found.push(weakness.noRetention(place));
  else found.push(...(await tried(async (once) => retention(once, bucket, `${probe}/kept`))));
  return { weaknesses: unique(found), replaced };
}

/** Several at once create one object: exactly one may be told that it did. */
async function raceFor(once: Once, bucket: Bucket, key: string): Promise<'won by one' | 'won by several'> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: RACERS }, async (_, racer) => bucket.put(once, key, Buffer.from(`racer ${String(racer)}\n`))),
  );
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled' && !outcome.value.exists);
  // A conflict (409) is an honest answer to a race; that nobody got through for another reason shows in what follows.
  return winners.length > 1 ? 'won by several' : 'won by one';
}

async function hasVersions(once: Once, bucket: Bucket, key: string): Promise<boolean> {
  await bucket.put(once, key, PROBE);
  const versions = await bucket.versions(once, key);
  return versions !== 'unknown' && versions.some(({ id }) => id !== 'null');
}

/** What somebody without credentials may do: read or list what is there, and write. */
async function exposure(
  bucket: Bucket,
  { plain, strange }: { readonly plain: string; readonly strange: string },
  signal: AbortSignal | undefined,
): Promise<{ readonly read: boolean; readonly written: boolean }> {
  const anonymous = createRequests(bucket.name, (sdk) => connectTo(sdk, bucket.settings, { anonymous: true }));
  try {
    /** Whether the answer is none of those that say that nothing was done. */
    const may = async <T>(work: (once: Once) => Promise<T>, nothing: T): Promise<boolean> =>
      anonymous.run('could not be examined', signal, async (once) => {
        const answer = await answerOf(work(once));
        return answer.done && answer.value !== nothing;
      });
    const read = await may(async (once) => bucket.get(once, plain, { id: undefined, size: PROBE.length }), null);
    const listed = await may(async (once) => bucket.versions(once, plain), 'unknown');
    const written = await may(async (once) => (await bucket.put(once, strange, PROBE)).exists, true);
    return { read: read || listed, written };
  } finally {
    anonymous.close();
  }
}

/** Whether the credentials may hide or remove what has no retention. Ends with the probes gone, where they may. */
async function removal(
  once: Once,
  bucket: Bucket,
  keys: readonly string[],
): Promise<{ readonly hide: boolean; readonly remove: boolean }> {
  let [hide, remove] = [false, false];
  for (const key of keys) {
    const before = await bucket.versions(once, key);
    if (before !== 'unknown' && before.length === 0) continue;
    const hidden = await isDone(bucket.remove(once, key, undefined));
    hide ||= hidden;
    const versions = await bucket.versions(once, key);
    // Where there are no versions, what is hidden is removed.
    remove ||= hidden && (versions === 'unknown' || versions.length === 0);
    if (versions === 'unknown') continue;
    for (const { id } of versions) remove = (await isDone(bucket.remove(once, key, id))) || remove;
  }
  return { hide, remove };
}

/** Whether a retention is kept, cannot be shortened, and is not undercut by the bucket's own. */
async function retention(once: Once, bucket: Bucket, key: string): Promise<readonly StoreWeakness[]> {
  const until = new Date(Date.now() + PROBE_LOCK);
  await bucket.put(once, key, PROBE, until);
  const [version] = [...((await versionsKnown(once, bucket, key)) ?? [])].reverse();
  const of = {
    Bucket: bucket.settings.bucket,
    Key: bucket.full(key),
    ...(version === undefined ? {} : { VersionId: version }),
  };
  const kept = await answerOf(
    once(async (client, sdk, abortSignal) => client.send(new sdk.GetObjectRetentionCommand(of), { abortSignal })),
  );
  // Without the right to ask (403), deleting tells.
  const locked = kept.done ? kept.value.Retention?.Mode === 'COMPLIANCE' : kept.status === 403;
  if (!locked) {
    const removed = await isDone(bucket.remove(once, key, version));
    return [weakness.noObjectLock(placeOf(bucket)), ...(removed ? [weakness.mayDelete(placeOf(bucket))] : [])];
  }
  const sooner = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(until.getTime() - PROBE_LOCK / 2) };
  const shortened = await isDone(
    once(async (client, sdk, abortSignal) =>
      client.send(new sdk.PutObjectRetentionCommand({ ...of, Retention: sooner }), { abortSignal }),
    ),
  );
  const removed = await isDone(bucket.remove(once, key, version));
  const [days, asked] = [await defaultDays(once, bucket), bucket.settings.retainDays];
  return [
    ...(shortened ? [weakness.mayShorten(placeOf(bucket))] : []),
    ...(removed ? [weakness.mayDelete(placeOf(bucket))] : []),
    ...(days === undefined ? [] : [weakness.mayNotErase(placeOf(bucket), days)]),
    ...(days !== undefined && days < asked ? [weakness.shortDefault(placeOf(bucket), days, asked)] : []),
  ];
}

async function versionsKnown(once: Once, bucket: Bucket, key: string): Promise<readonly string[] | undefined> {
  const versions = await bucket.versions(once, key);
  return versions === 'unknown' ? undefined : versions.filter(({ marker }) => !marker).map(({ id }) => id);
}

/** Days of the bucket's default retention; undefined where it has none or the credentials may not ask. */
async function defaultDays(once: Once, bucket: Bucket): Promise<number | undefined> {
  const asked = await answerOf(
    once(async (client, sdk, abortSignal) =>
      client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket.settings.bucket }), { abortSignal }),
    ),
  );
  const rule = asked.done ? asked.value.ObjectLockConfiguration?.Rule?.DefaultRetention : undefined;
  return rule?.Days ?? (rule?.Years === undefined ? undefined : rule.Years * 365);
}

/** What the server did, or with which status it refused. @throws where another try may help */
async function answerOf<T>(
  request: Promise<T>,
): Promise<{ readonly done: true; readonly value: T } | { readonly done: false; readonly status: number }> {
  try {
    return { done: true, value: await request };
  } catch (error) {
    const { status, transient } = failureOf(error);
    if (transient || status === undefined) throw error;
    return { done: false, status };
  }
}

const isDone = async (request: Promise<unknown>): Promise<boolean> => (await answerOf(request)).done;

const placeOf = (bucket: Bucket): { readonly name: string; readonly bucket: string } => ({
  name: bucket.name,
  bucket: bucket.settings.bucket,
});

/** Anybody between can read along, unless nothing is between. */
function isOpenWire(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

const unique = (found: readonly StoreWeakness[]): readonly StoreWeakness[] =>
  found.filter(({ code }, n) => found.findIndex((other) => other.code === code) === n);
