import { type ExportRecord, type Outcome, type Why } from '../audit/events.ts';
import { CountersignError } from '../errors.ts';
import { type Principal, type Session } from '../identity/principal.ts';
import { countedAs } from './budgets/rows-per-hour.ts';
import { decideLeaving, type LeavingVerdict } from './decide-leaving.ts';
import { type HeldResults, type Owner, referenceTo } from './held-results.ts';
import { situationOf } from './judge.ts';
import { type GatePorts } from './ports.ts';
import { leavingInput } from './record-decision.ts';
import { actorOf } from './record.ts';
import { whyOf } from './record-why.ts';
import { countOf, type RowRange, type RowRanges, withRows } from './row-ranges.ts';

/** How a result left: what was written of it, and whether all of it was. */
export interface Left extends Required<Pick<ExportRecord, 'rows' | 'bytes' | 'sha256'>> {
  readonly status: Outcome['status'];
}

/** Rows that may leave now. */
export interface Departure {
  /** What has to stand beside every row of it; undefined where the policy asks for none. */
  readonly watermark: string | undefined;
}

export interface HowItLeaves {
  readonly format: string;
  readonly to: 'file' | 'stream';
  /** Why it is taken out; what was said when the statement ran where absent. */
  readonly reason?: string;
}

/**
 * Results on their way off the screen. Each asks the policy again, as of now: for what is copied, with all rows of the result
 * that were copied before, so that pieces count together. What may not leave is recorded as denied.
 *
 * All of these throw CountersignError: `result-gone`; `export-refused`, `export-needs-approval`, `reason-needed`,
 * `step-up-needed` or `rows-per-hour-spent` where it may not leave.
 */
export interface LeavingResults {
  /** Before text of these rows is made for the clipboard. */
  copy(session: Session, id: string, rows: RowRange): Promise<Departure>;
  /** Records that cells went to the clipboard; asks first where nothing of the result was given for it. */
  recordCopy(session: Session, id: string, cells: number): Promise<void>;
  /** Records that the whole result is about to leave; what it gives records how that ended. */
  depart(session: Session, id: string, how: HowItLeaves): Promise<Departure & { ended(left: Left): Promise<void> }>;
}

type Ports = Pick<GatePorts, 'audit' | 'elsewhere' | 'grants' | 'inForce' | 'now' | 'usage'>;

export function createLeavingResults(ports: Ports, held: HeldResults): LeavingResults {
  /** Rows that were copied of each result, and what is being asked about them: one after the other, so that none is missed. */
  const copied = new WeakMap<Owner, { rows: RowRanges; last: Promise<unknown> }>();

  async function ask(
    session: Session,
    owner: Owner,
    leaving: ExportRecord & { readonly rows: number },
    bytes: number,
    why: Why,
    /** Of the rows, those that have not left before. */
    added: number,
  ) {
    const inForce = ports.inForce();
    const connection = inForce.connection(owner.connection);
    const { facts, lineage, found, verdict: shown } = owner;
    const asking = { session, ...(why.reason === undefined ? {} : { reason: why.reason }) };
    const situation = await situationOf(ports, inForce, connection, asking, found);
    const input = { ...situation, facts, lineage };
    const decided = decideLeaving(input, shown, { rows: leaving.rows, bytes });
    const verdict = withinTheHour(decided, situation.principal, added);
    const hash = inForce.policy.hash;
    const decidedFrom = { text: leavingInput(input, verdict.exports, leaving.rows, inForce.classificationHash) };
    if (verdict.verdict === 'allow') {
      const rules = verdict.exports.flatMap(({ answer }) => answer.rules.map(({ id }) => id));
      return { ...verdict, pol: { hash, decision: 'allow', rules: [...new Set(rules)], input: decidedFrom } as const };
    }
    const { reasons, rules } = verdict;
    await ports.audit.append({
      k: 'export.denied',
      s: owner.workingSession,
      actor: actorOf(session, owner.bind),
      ref: referenceTo(owner.intent),
      export: leaving,
      pol: {
        hash,
        decision: 'refuse',
        rules: rules.map(({ id }) => id),
        reasons: reasons.slice(0, MOST_REASONS).map(({ code, sentence }) => ({ code, sentence })),
        input: decidedFrom,
      },
      ...(Object.keys(why).length === 0 ? {} : { why }),
    });
    const [{ code, sentence, next }] = reasons;
    throw new CountersignError(code, sentence, next === undefined ? {} : { next });
  }

  /** Rows that leave are counted as they do, and none leave where the hour has fewer: what is cut here would look whole. */
  function withinTheHour(verdict: LeavingVerdict, principal: Principal, added: number): LeavingVerdict {
    if (verdict.verdict !== 'allow' || verdict.rowsPerHour === undefined) return verdict;
    const { value, rule } = verdict.rowsPerHour;
    const now = ports.now();
    const aside = ports.usage.reserve(`${countedAs(principal)} leaving`, added, value, now);
    if (aside.rows >= added) return verdict;
    aside.settle(0, now);
    const reason = {
      code: 'rows-per-hour-spent',
      sentence: `Rule ${rule.id} lets ${value.toLocaleString('en')} rows leave the screen in any hour, and ${aside.rows.toLocaleString('en')} are left.`,
      next: 'Take fewer, or wait.',
    };
    return { verdict: 'refuse', reasons: [reason], rules: [rule], exports: verdict.exports };
  }

  async function askToCopy(session: Session, id: string, range: RowRange): Promise<Departure> {
    const owner = held.ownerOf(session.id, id);
    const result = held.get(session.id, id);
    const first = Math.min(range.first, result.rows);
    const wanted = { first, count: Math.min(range.count, result.rows - first) };
    const before = copied.get(owner) ?? { rows: [], last: Promise.resolve() };
    copied.set(owner, before);
    const asked = before.last.then(async () => {
      const rows = withRows(before.rows, wanted);
      const count = countOf(rows);
      const leaving = { format: 'text', to: 'clipboard', rows: count, columns: result.columns } as const;
      const bytes = Math.ceil((result.bytes * count) / Math.max(1, result.rows));
      const verdict = await ask(session, owner, leaving, bytes, owner.why, count - countOf(before.rows));
      before.rows = rows;
      return { watermark: verdict.watermark === undefined ? undefined : owner.watermark };
    });
    before.last = asked.catch(() => undefined);
    return asked;
  }

  return {
    copy: askToCopy,
    async recordCopy(session, id, cells) {
      const owner = held.ownerOf(session.id, id);
      // Nothing was given for it, so somebody took it off the screen; which rows is not known.
      if (countOf(copied.get(owner)?.rows ?? []) === 0) {
        const { rows } = held.get(session.id, id);
        await askToCopy(session, id, { first: 0, count: Math.min(rows, cells) });
      }
      const ref = referenceTo(owner.intent);
      await ports.audit.append({ k: 'clipboard.copy', s: owner.workingSession, ref, view: { cells } });
    },
    async depart(session, id, { reason, ...how }) {
      const owner = held.ownerOf(session.id, id);
      const { rows, bytes, columns } = held.get(session.id, id);
      const why = reason === undefined ? owner.why : { ...owner.why, ...whyOf({ reason }) };
      const leaving = { ...how, columns };
      const { watermark, demanded, pol } = await ask(session, owner, { ...leaving, rows }, bytes, why, rows);
      const s = owner.workingSession;
      const begun = await ports.audit.append({
        k: 'export.intent',
        s,
        actor: actorOf(session, owner.bind),
        ref: referenceTo(owner.intent),
        export: { ...leaving, rows, bytes },
        pol,
        ...(Object.keys(why).length === 0 ? {} : { why }),
      });
      const ended = async ({ status, ...left }: Left): Promise<void> => {
        const out: Outcome = { status, rows: left.rows, bytes: left.bytes };
        await ports.audit.append({
          k: 'export.outcome',
          s,
          ref: referenceTo(begun),
          export: { ...leaving, ...left },
          out,
        });
      };
      if (demanded !== undefined) {
        try {
          await ports.elsewhere.reach(begun, demanded.level, new AbortController().signal);
        } catch (error) {
          await ended({ status: 'refused', rows: 0, bytes: 0, sha256: EMPTY });
          throw error;
        }
      }
      return { watermark: watermark === undefined ? undefined : owner.watermark, ended };
    },
  };
}

/** Of a refusal, in the record. */
const MOST_REASONS = 10;

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
