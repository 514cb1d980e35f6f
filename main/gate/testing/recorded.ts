/** Decisions as the record has them, made without a database, and what the verifier finds in them. */
import { createHash, createSecretKey } from 'node:crypto';
import { openBlob } from '../../audit/blob.ts';
import { openJournalReader } from '../../audit/journal/reader.ts';
import { encodeLeaf } from '../../audit/leaf.ts';
import { type RecordedEvent, type StatementIntent } from '../../audit/events.ts';
import { type Principal } from '../../identity/principal.ts';
import { type Connection } from '../../profile/types.ts';
import { type CheckedEvent, type EventCheck, type NewEventCheck } from '../../../verify/event-check.ts';
import { Reporter, type Report } from '../../../verify/report.ts';
import { decide, type DecideInput } from '../decide.ts';
import { judgeAccess } from '../decide-access.ts';
import { type InForce } from '../in-force.ts';
import { type CatalogIndex } from '../lineage/catalog-index.ts';
import { trace } from '../lineage/trace.ts';
import { decisionInput } from '../record-decision.ts';
import { intentOf } from '../record.ts';
import { type Verdict } from '../verdict.ts';
import { understand } from '../understand/postgres/understand.ts';

const NOW = new Date('2026-03-02T10:00:00Z');
const LOG = '0190f1a0-0000-7000-8000-000000000000';

/** A text judged for somebody, and the event that the record has of it. `more`: what else the decision was made from. */
export async function recordedDecision(
  text: string,
  index: CatalogIndex,
  inForce: InForce,
  principal: Principal,
  connection: Connection,
  more: Partial<DecideInput> = {},
): Promise<{ readonly verdict: Verdict; readonly intent: StatementIntent; readonly input: DecideInput }> {
  const understood = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
  const { tree } = understood;
  const lineage = tree === undefined || understood.facts.hazards.length > 0 ? undefined : trace(tree, index);
  const relations = lineage?.relations ?? [];
  const facts = relations.length === 0 ? understood.facts : { ...understood.facts, relations };
  const classification = inForce.columnsOf(connection, undefined);
  const { policy } = inForce;
  const known = { facts, lineage, principal, connection, policy, classification, now: NOW, grants: [] };
  const input: DecideInput = { ...known, ...more };
  const verdict = decide(input);
  const session = { id: 'login' as never, principal, expiresAt: '2099-01-01T00:00:00Z' };
  const request = { session, connection: connection.name, text, params: [], origin: 'cli' as const };
  const judged = {
    judgement: { facts, lineage, verdict },
    connection,
    policyHash: policy.hash,
    classOf: (column: Parameters<typeof classification.of>[0]) => classification.of(column)?.class,
    decidedFrom: () => decisionInput(input, judgeAccess(input), verdict, inForce.classificationHash),
  };
  return { verdict, intent: intentOf({ id: 's' }, request, judged, () => ''), input };
}

/** Hands events to a check as the verifier does, one second after another. */
export function checkedEvents(check: NewEventCheck, events: readonly RecordedEvent[], key = true): Report {
  const report = new Reporter();
  const checking: EventCheck = check(report, LOG);
  const blobs = new Map<string, Buffer>();
  events.forEach((event, index) => {
    const leaf = encodeLeaf(
      event,
      { id: 'e', t: (NOW.getTime() + index) * 1000, m: index, b: 'b', n: index },
      (content) => {
        const ref = createHash('sha256').update(String(blobs.size)).digest('hex');
        blobs.set(ref, Buffer.from(content));
        return { h: ref, len: content.length, ref };
      },
    );
    const checked: CheckedEvent = {
      index,
      where: `event ${index}`,
      kind: event.k,
      leaf: JSON.parse(leaf.toString()) as CheckedEvent['leaf'],
      hash: Buffer.alloc(32),
      open: (sealed) => (key ? (blobs.get(String((sealed as { ref?: unknown }).ref)) ?? 'unreadable') : 'no-key'),
    };
    checking.event(checked);
  });
  checking.end();
  return report.report('test');
}

/** The events of a log as the verifier sees them. */
export function eventsOf(directory: string, logId: string, blobKey: Uint8Array): readonly CheckedEvent[] {
  const events: CheckedEvent[] = [];
  const key = createSecretKey(blobKey);
  const reader = openJournalReader(directory, 0);
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 })) {
    const { first, entries } = run;
    const blobs = new Map(run.blobs.map(({ address, bytes }) => [address, bytes]));
    entries.forEach((entry, i) => {
      const leaf = JSON.parse(entry.toString()) as CheckedEvent['leaf'];
      events.push({
        index: first + i,
        where: `event ${first + i}`,
        kind: String(leaf.k),
        leaf,
        hash: Buffer.alloc(32),
        open(sealed) {
          const bytes = blobs.get(String((sealed as { ref?: unknown }).ref));
          return bytes === undefined ? 'unreadable' : openBlob(bytes, key, logId);
        },
      });
    });
  }
  reader.close();
  return events;
}

/** What a check says of a log. */
export function checkedLog(check: NewEventCheck, directory: string, logId: string, blobKey: Uint8Array): Report {
  const report = new Reporter();
  const checking = check(report, logId);
  for (const event of eventsOf(directory, logId, blobKey)) checking.event(event);
  checking.end();
  return report.report(directory);
}
