import { type Why } from '../audit/events.ts';
import { type AuditLog, type Receipt } from '../audit/index.ts';
import { type ResultStore, type StoredResult } from '../databases/result/index.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Facts, type Lineage } from './facts.ts';
import { type FoundClasses } from './judge.ts';
import { type Allow } from './verdict.ts';

/** Whose a result is, and what it came from: enough to ask again whether it may leave. */
export interface Owner {
  readonly session: Session['id'];
  readonly intent: Receipt;
  readonly workingSession: string;
  /** Index of the leaf that ties the login's device key to the person, in the log of the intent. */
  readonly bind: number | undefined;
  /** Name of the connection. */
  readonly connection: string;
  readonly facts: Facts;
  readonly lineage: Lineage | undefined;
  readonly found: FoundClasses;
  readonly verdict: Allow;
  readonly why: Why;
  /** Who saw it, when, and where the record has it: for what leaves with a watermark. */
  readonly watermark: string;
}

/** Results by the login they belong to: nobody else can reach them, whatever id they name. */
export interface HeldResults {
  own(result: StoredResult, owner: Owner): void;
  /** @throws CountersignError result-gone */
  get(session: Session['id'], id: string): StoredResult;
  /** @throws CountersignError result-gone */
  ownerOf(session: Session['id'], id: string): Owner;
  release(session: Session['id'], id: string): void;
  releaseAll(session: Session['id']): void;
  /** Records that rows of a result, from the first on, were shown on a screen. */
  recordShown(session: Session['id'], id: string, rows: number): Promise<void>;
}

export function createHeldResults(results: ResultStore, audit: Pick<AuditLog, 'append'>): HeldResults {
  const owners = new Map<string, Owner>();

  function release(session: Session['id'], id: string): void {
    if (owners.get(id)?.session !== session) return;
    owners.delete(id);
    results.release(id);
  }

  function held(session: Session['id'], id: string): { readonly owner: Owner; readonly result: StoredResult } {
    const owner = owners.get(id);
    const result = owner?.session === session ? results.get(id) : undefined;
    if (owner !== undefined && result !== undefined) return { owner, result };
    throw new CountersignError('result-gone', 'This result is no longer held.', { next: 'Run the statement again.' });
  }

  return {
    own: (result, owner) => void owners.set(result.id, owner),
    get: (session, id) => held(session, id).result,
    ownerOf: (session, id) => held(session, id).owner,
    release,
    releaseAll(session) {
      for (const id of [...owners.keys()]) release(session, id);
    },
    async recordShown(session, id, rows) {
      const owner = owners.get(id);
      const columns = results.get(id)?.columns;
      if (owner?.session !== session || columns === undefined) return;
      const ref = referenceTo(owner.intent);
      await audit.append({ k: 'view.result', s: owner.workingSession, ref, view: { first: 0, rows, columns } });
    },
  };
}

export const referenceTo = ({ index, hash }: Receipt): { readonly i: number; readonly h: string } => ({
  i: index,
  h: hash,
});
