/** An event as its log has it: the leaf, and what it keeps sealed. */
import { z } from 'zod';
import { type EntryRun, logsBelow, openJournalReader } from '../../audit/journal/reader.ts';
import { blobsOf, type Opened, openSealed, wholeLeaf } from './sealed.ts';

export { type Opened };

export interface RecordedEvent {
  /** Directory of its log. */
  readonly directory: string;
  readonly leaf: Buffer;
  readonly parts: LeafParts;
  open(what: 'text' | 'params'): Opened;
}

const commitment = z.object({ ref: z.string() }).optional().catch(undefined);
const texts = z.array(z.string()).catch([]);
const leafParts = z.object({
  actor: z
    .object({ user: z.object({ iss: z.string(), sub: z.string() }), agent: z.unknown().optional() })
    .optional()
    .catch(undefined),
  op: z
    .object({
      text: commitment,
      params: commitment,
      objects: z.array(z.object({ name: z.string(), access: z.string(), via: z.string().optional() })).catch([]),
      columns: z.array(z.object({ name: z.string(), place: z.string(), class: z.string().optional() })).catch([]),
    })
    .optional()
    .catch(undefined),
  pol: z
    .object({
      hash: z.string(),
      rules: texts,
      obligations: texts,
      reasons: z.array(z.object({ sentence: z.string() })).catch([]),
      approvals: z.array(z.number()).catch([]),
    })
    .optional()
    .catch(undefined),
});
type LeafParts = z.infer<typeof leafParts>;

/** Null where the log, or this event of it, is not on this machine. @param directory holds all logs of the profile */
export function recordedEvent(
  directory: string,
  blobKey: Uint8Array,
  log: string,
  index: number,
): RecordedEvent | null {
  const path = logsBelow(directory).find(({ id }) => id === log)?.path;
  const run = path === undefined ? null : readRun(path, index);
  const [leaf] = run?.entries ?? [];
  if (path === undefined || run === null || leaf === undefined || run.first !== index) return null;
  const blobs = blobsOf(run);
  const opened = (ref: string | undefined): Opened => openSealed(ref, blobs, blobKey, log);
  const parts = leafParts.catch({}).parse(wholeLeaf(leaf, opened));
  return { directory: path, leaf, parts, open: (what) => opened(parts.op?.[what]?.ref) };
}

function readRun(path: string, index: number): EntryRun | null {
  const reader = openJournalReader(path, index);
  try {
    return reader.next({ bytes: 1 });
  } catch {
    // A log that cannot be read there has nothing to show; `countersign verify` says what is wrong with it.
    return null;
  } finally {
    reader.close();
  }
}
