/** The statements of a profile's logs, each with how it was decided and what that was made from. */
import { z } from 'zod';
import { logsBelow, openJournalReader } from '../../audit/journal/reader.ts';
import { type RecordedVerdict } from '../../policy/tools/replay.ts';
import { blobsOf, type Opened, openSealed, wholeLeaf } from '../activity/sealed.ts';

export interface RecordedStatement {
  readonly log: string;
  readonly index: number;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** E-mail address or name, or the service's. */
  readonly person: string;
  readonly agent: string | null;
  readonly connection: string;
  readonly title: string;
  readonly verdict: RecordedVerdict;
  /** `pol.input`. */
  readonly input: Opened;
}

export interface WhichStatements {
  /** Holds all logs of the profile. */
  readonly directory: string;
  readonly blobKey: Uint8Array;
  /** Milliseconds since 1970 UTC. */
  readonly since: number;
  /** Issuer and subject of those whose statements are wanted; everybody's where null. */
  readonly person: string | null;
}

/** Bytes of a log read together. */
const PIECE = 4 * 1024 * 1024;
/** What the leaf of a statement holds, before it is parsed. */
const KINDS = [Buffer.from('"k":"stmt.intent"'), Buffer.from('"k":"stmt.denied"')];

const leaf = z.object({
  k: z.enum(['stmt.intent', 'stmt.denied']),
  t: z.number().nonnegative(),
  actor: z.object({
    user: z.object({ iss: z.string(), sub: z.string(), name: z.string().optional(), email: z.string().optional() }),
    agent: z.object({ id: z.string() }).optional(),
    service: z.string().optional(),
  }),
  db: z.object({ id: z.string() }),
  op: z.object({ title: z.string() }),
  pol: z.object({
    decision: z.enum(['allow', 'refuse', 'ask']),
    reasons: z.array(z.object({ code: z.string() })).catch([]),
    permits: z.array(z.object({ form: z.string(), columns: z.array(z.string()) })).catch([]),
    input: z.object({ ref: z.string() }).optional(),
  }),
});

/** A log that cannot be read on ends there: `countersign verify` says what is wrong with it. */
export function* recordedStatements(which: WhichStatements): Generator<RecordedStatement> {
  for (const { id, path } of logsBelow(which.directory)) {
    const reader = openJournalReader(path, 0);
    try {
      for (let run = readOn(reader); run !== null; run = readOn(reader)) {
        const blobs = blobsOf(run);
        for (const [at, entry] of run.entries.entries()) {
          const found = KINDS.some((kind) => entry.includes(kind))
            ? statementOf(entry, (ref) => openSealed(ref, blobs, which.blobKey, id), which)
            : undefined;
          if (found !== undefined) yield { ...found, log: id, index: run.first + at };
        }
      }
    } finally {
      reader.close();
    }
  }
}

function readOn(reader: ReturnType<typeof openJournalReader>): ReturnType<typeof reader.next> {
  try {
    return reader.next({ bytes: PIECE });
  } catch {
    return null;
  }
}

function statementOf(
  entry: Buffer,
  opened: (ref: string | undefined) => Opened,
  { since, person }: WhichStatements,
): Omit<RecordedStatement, 'log' | 'index'> | undefined {
  const read = leaf.safeParse(wholeLeaf(entry, opened));
  if (!read.success) return undefined;
  const { t, actor, db, op, pol } = read.data;
  const at = t / 1000;
  const { iss, sub, name, email } = actor.user;
  if (at < since || (person !== null && person !== `${iss} ${sub}`)) return undefined;
  return {
    at,
    person: actor.service ?? email ?? name ?? sub,
    agent: actor.agent?.id ?? null,
    connection: db.id,
    title: op.title,
    verdict: {
      decision: pol.decision === 'allow' ? 'allow' : 'refuse',
      codes: pol.reasons.map(({ code }) => code),
      cleared: pol.permits.flatMap(({ form, columns }) => (form === 'clear' ? columns : [])),
    },
    input: opened(pol.input?.ref),
  };
}
