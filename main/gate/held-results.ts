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

/** Results by the login they belong to: nobody else can reach them, whatever id they name. */
export interface HeldResults {
  own(result: StoredResult, owner: Owner): void;
  /** @throws CountersignError result-gone */
  get(session: Session['id'], id: string): StoredResult;
  release(session: Session['id'], id: string): void;
  releaseAll(session: Session['id']): void;
  /** Records that cells of a result went to the clipboard. */
  recordCopy(session: Session['id'], id: string, cells: number): Promise<void>;
}

export function createHeldResults(results: ResultStore, audit: AuditLog): HeldResults {
  const owners = new Map<string, Owner>();

  function release(session: Session['id'], id: string): void {
    if (owners.get(id)?.session !== session) return;
    owners.delete(id);
    results.release(id);
  }

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
      const ref = { i: owner.intent.index, h: owner.intent.hash };
      await audit.append({ k: 'clipboard.copy', s: owner.workingSession, ref, view: { cells } });
    },
  };
}
