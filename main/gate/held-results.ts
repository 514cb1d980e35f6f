import { type ExportRecord, type Outcome } from '../audit/events.ts';
import { type AuditLog, type Receipt } from '../audit/index.ts';
import { type ResultStore, type StoredResult } from '../databases/result/index.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';

/** Whose a result is, and the intent it came from. */
export interface Owner {
  readonly session: Session['id'];
  readonly intent: Receipt;
  readonly workingSession: string;
}

/** How a result left: what was written of it, and whether all of it was. */
export interface Left extends Required<Pick<ExportRecord, 'rows' | 'bytes' | 'sha256'>> {
  readonly status: Outcome['status'];
}

/** Results by the login they belong to: nobody else can reach them, whatever id they name. */
export interface HeldResults {
  own(result: StoredResult, owner: Owner): void;
  /** @throws CountersignError result-gone */
  get(session: Session['id'], id: string): StoredResult;
  release(session: Session['id'], id: string): void;
  releaseAll(session: Session['id']): void;
  /** Records that cells of a result went to the clipboard. */
  recordCopy(session: Session['id'], id: string, cells: number): Promise<void>;
  /** Records that rows of a result, from the first on, were shown on a screen. */
  recordShown(session: Session['id'], id: string, rows: number): Promise<void>;
  /** Records that a result is about to leave; gives what records how that ended. */
  recordLeaving(
    session: Session['id'],
    id: string,
    how: Pick<ExportRecord, 'format' | 'to'>,
  ): Promise<(left: Left) => Promise<void>>;
}

export function createHeldResults(results: ResultStore, audit: AuditLog): HeldResults {
  const owners = new Map<string, Owner>();

  function release(session: Session['id'], id: string): void {
    if (owners.get(id)?.session !== session) return;
    owners.delete(id);
    results.release(id);
  }

  const referenceTo = ({ index, hash }: Receipt): { readonly i: number; readonly h: string } => ({ i: index, h: hash });

  return {
    own: (result, owner) => void owners.set(result.id, owner),
    get(session, id) {
      const found = owners.get(id)?.session === session ? results.get(id) : undefined;
      if (found !== undefined) return found;
      throw new CountersignError('result-gone', 'This result is no longer held.', { next: 'Run the statement again.' });
    },
    release,
    releaseAll(session) {
      for (const id of [...owners.keys()]) release(session, id);
    },
    async recordCopy(session, id, cells) {
      const owner = owners.get(id);
      if (owner?.session !== session) return;
      const ref = referenceTo(owner.intent);
      await audit.append({ k: 'clipboard.copy', s: owner.workingSession, ref, view: { cells } });
    },
    async recordShown(session, id, rows) {
      const owner = owners.get(id);
      const columns = results.get(id)?.columns;
      if (owner?.session !== session || columns === undefined) return;
      const ref = referenceTo(owner.intent);
      await audit.append({ k: 'view.result', s: owner.workingSession, ref, view: { first: 0, rows, columns } });
    },
    async recordLeaving(session, id, how) {
      const owner = owners.get(id);
      const result = results.get(id);
      if (owner?.session !== session || result === undefined)
        throw new CountersignError('result-gone', 'This result is no longer held.', {
          next: 'Run the statement again.',
        });
      const { workingSession: s } = owner;
      const leaving = { ...how, columns: result.columns };
      const intent = { ...leaving, rows: result.rows, bytes: result.bytes };
      const begun = await audit.append({ k: 'export.intent', s, ref: referenceTo(owner.intent), export: intent });
      return async ({ status, ...left }) => {
        const out: Outcome = { status, rows: left.rows, bytes: left.bytes };
        await audit.append({ k: 'export.outcome', s, ref: referenceTo(begun), export: { ...leaving, ...left }, out });
      };
    },
  };
}
