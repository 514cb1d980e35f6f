/**
 * What the logs of a profile say of grants, so that a hub that was put back to an older state is not believed: it can be
 * replaced by a copy without a trace, a log cannot (docs/log-format.md).
 */
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { nodeIo } from './journal/io.ts';
import { type JournalReader, logsBelow, openJournalReader } from './journal/reader.ts';
import { SEGMENT_NAME, segmentHeader } from './journal/segment.ts';
import { timeOf } from './leaf.ts';

export interface RecordedGrants {
  /** Ids of grants that were taken, with when that was recorded (ms since 1970), and of those that were ended since then. */
  readonly started: ReadonlyMap<string, number>;
  readonly ended: ReadonlySet<string>;
  /** Time of the newest event, ms since 1970; 0 where there is none. */
  readonly newest: number;
}

/** Bytes read between two turns of the event loop. */
const AT_ONCE = 2 * 1024 * 1024;

const leafSchema = z.object({
  id: z.string(),
  k: z.string(),
  /** µs since 1970. */
  t: z.number(),
  grant: z.object({ id: z.string() }).optional().catch(undefined),
});

/**
 * Reads what was recorded since a time, of every log below a directory, also of those being written. A log that cannot be
 * read on counts as far as it can.
 * @param since ms since 1970
 */
export async function recordedGrants(directory: string, since: number): Promise<RecordedGrants> {
  const started = new Map<string, number>();
  const ended = new Set<string>();
  let newest = 0;
  for (const { id, path } of logsBelow(directory)) {
    for await (const entries of runsSince(id, path, since)) {
      for (const entry of entries) {
        if (!entry.includes('"k":"grant.')) continue;
        const { k, t = 0, grant } = partsOf(entry) ?? {};
        if (grant === undefined) continue;
        if (k === 'grant.start') started.set(grant.id, t / 1000);
        else if (k === 'grant.end') ended.add(grant.id);
      }
      const last = entries.at(-1);
      if (last !== undefined) newest = Math.max(newest, timeIn(last));
    }
  }
  return { started, ended, newest };
}

/** Entries from the segment on in which that time lies: the ids of a log never go back in time. */
async function* runsSince(id: string, path: string, since: number): AsyncGenerator<readonly Buffer[]> {
  let reader: JournalReader | undefined;
  try {
    reader = openJournalReader(path, beginningOf(id, path, since));
    for (let run = reader.next({ bytes: AT_ONCE }); run !== null; run = reader.next({ bytes: AT_ONCE })) {
      yield run.entries;
      await turn();
    }
  } catch {
    // What is wrong with it is told where the log is opened and verified.
  } finally {
    reader?.close();
  }
}

/** Index of the first entry of the newest segment that begins before that time; 0 where none does. */
function beginningOf(id: string, path: string, since: number): number {
  const io = nodeIo(path);
  const segments = io.list('journal').filter((name) => SEGMENT_NAME.test(name)).length;
  for (let ordinal = segments - 1; ordinal > 0; ordinal--) {
    const first = segmentHeader(io, ordinal, id)?.first;
    if (first === undefined) continue;
    const [entry] = openJournalReader(path, first).next({ bytes: 1 })?.entries ?? [];
    if (entry !== undefined && timeIn(entry) < since) return first;
  }
  return 0;
}

function partsOf(entry: Buffer): z.infer<typeof leafSchema> | undefined {
  try {
    return leafSchema.safeParse(JSON.parse(entry.toString())).data;
  } catch {
    return undefined;
  }
}

/** The time in an entry's id, ms since 1970; 0 where it has none. */
function timeIn(entry: Buffer): number {
  const time = timeOf(partsOf(entry)?.id ?? '');
  return Number.isFinite(time) ? time : 0;
}
