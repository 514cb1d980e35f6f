/**
 * Takes the logs of a profile into an index, each from where the index stands. A log that has another event there than the
 * index has taken in (a copy put back, another disk) is forgotten and taken in anew; one that is gone stays searchable.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '../../errors.ts';
import { openBlob } from '../blob.ts';
import { type EntryRun, type JournalReader, logsBelow, openJournalReader, readEvent } from '../journal/reader.ts';
import { leafHash } from '../merkle.ts';
import { type ActivityStore, type IndexEntry } from './activity-store.ts';

export interface FollowerOptions {
  /** Holds the logs. */
  readonly directory: string;
  readonly store: ActivityStore;
  /** Opens the long parts of events; without it columns of very wide statements are not found. */
  readonly blobKey?: Uint8Array;
}

export interface Follower {
  /**
   * Takes in the next events of each log that has some. Gives whether any had.
   * @throws CountersignError what the store throws; what is wrong with one log is told by `trouble` and keeps no other back
   */
  step(): Promise<boolean>;
  /** Events of each log below the directory that the index has. */
  indexed(): ReadonlyMap<string, number>;
  trouble(): string | null;
}

/** Bytes of the journal in one change of the index. */
const BATCH = 4 * 1024 * 1024;
/** A log that could not be read is tried again after this. ms */
const AGAIN = 60_000;

interface Followed {
  readonly reader: JournalReader;
  indexed: number;
}

export function followLogs({ directory, store, blobKey }: FollowerOptions): Follower {
  const key = blobKey === undefined ? undefined : createSecretKey(blobKey);
  const followed = new Map<string, Followed>();
  const unreadable = new Map<string, { readonly why: string; readonly since: number }>();
  let known: Map<string, { readonly indexed: number; readonly hash: string }> | undefined;

  async function open(id: string, path: string): Promise<Followed> {
    known ??= new Map((await store.logs()).map(({ log, indexed, hash }) => [log, { indexed, hash }]));
    const { indexed, hash } = known.get(id) ?? { indexed: 0, hash: '' };
    const newest = indexed === 0 ? null : readEvent(path, indexed - 1);
    const same = indexed === 0 || (newest !== null && leafHash(newest.leaf).toString('hex') === hash);
    if (!same) {
      await store.forget(id);
      known.delete(id);
    }
    const from = same ? indexed : 0;
    const opened = { reader: openJournalReader(path, from), indexed: from };
    followed.set(id, opened);
    return opened;
  }

  async function advance(id: string, path: string): Promise<boolean> {
    const log = followed.get(id) ?? (await open(id, path));
    const run = log.reader.next({ bytes: BATCH });
    if (run === null) return false;
    await store.add(id, entriesOf(id, run, key));
    log.indexed = run.first + run.entries.length;
    return true;
  }

  /** The next look at a log begins with what the index has of it. */
  function letGo(id: string): void {
    followed.get(id)?.reader.close();
    followed.delete(id);
    known = undefined;
  }

  return {
    async step() {
      const logs = logsBelow(directory);
      for (const id of [...followed.keys()]) if (!logs.some((log) => log.id === id)) letGo(id);
      let moved = false;
      for (const { id, path } of logs) {
        const failed = unreadable.get(id);
        if (failed !== undefined && Date.now() - failed.since < AGAIN) continue;
        try {
          moved = (await advance(id, path)) || moved;
          unreadable.delete(id);
        } catch (error) {
          letGo(id);
          if (!(error instanceof CountersignError) || error.code !== 'audit-unreadable') throw error;
          unreadable.set(id, { why: error.message, since: Date.now() });
        }
      }
      return moved;
    },
    indexed: () => new Map([...followed].map(([id, { indexed }]) => [id, indexed])),
    trouble: () => [...unreadable.values()][0]?.why ?? null,
  };
}

function entriesOf(log: string, run: EntryRun, key: KeyObject | undefined): readonly IndexEntry[] {
  return run.entries.map((leaf, i) => {
    const long = key === undefined ? undefined : longOf(log, leaf, run, key);
    return {
      index: run.first + i,
      hash: leafHash(leaf).toString('hex'),
      leaf,
      ...(long === undefined ? {} : { long }),
    };
  });
}

/** Content of the blob that holds the long parts of a leaf; undefined where it has none, or it is erased or does not open. */
function longOf(log: string, leaf: Buffer, { blobs }: EntryRun, key: KeyObject): Buffer | undefined {
  if (!leaf.includes('"long":')) return undefined;
  try {
    const { long } = JSON.parse(leaf.toString()) as { readonly long?: { readonly ref?: unknown } };
    const blob = blobs.find(({ address, erased }) => address === long?.ref && !erased);
    return blob === undefined ? undefined : openBlob(blob.bytes, key, log);
  } catch {
    return undefined;
  }
}
