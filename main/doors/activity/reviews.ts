/** The record of looking at the record: what somebody searched, read or took out of it, never what they found. */
import { type ActivityQuery } from '../../../shared/views.ts';
import { type Actor, type AuditEvent, type AuditLog } from '../../audit/index.ts';
import { type Session, type SessionId } from '../../identity/principal.ts';

export interface Reviews {
  /** A search through what others did: recorded once for each query of a login, before it is answered. */
  searched(session: Session, query: ActivityQuery): Promise<void>;
  /** The sealed text of somebody else's event: recorded once for each event of a login, before it is opened. */
  read(session: Session, log: string, index: number): Promise<void>;
  /** Events that leave as a file: recorded each time, before the first of them. */
  exported(session: Session, query: ActivityQuery, format: string): Promise<void>;
}

type Review = Extract<AuditEvent, { readonly k: 'review.done' }>['review'];

/** Recorded queries and texts that are remembered of one login; what is forgotten is recorded again. */
const REMEMBERED = 2_000;
/** UTF-16 units of a query in the record. */
const LONGEST = 2_000;

/** @param actorOf who a login is in the record, with the proof of it there */
export function createReviews(audit: Pick<AuditLog, 'append'>, actorOf: (session: Session) => Promise<Actor>): Reviews {
  const done = new Map<SessionId, Map<string, Promise<unknown>>>();

  /** Whoever comes while it is being recorded waits for the same. What could not be recorded is tried again by the next. */
  async function once(session: Session, what: string, record: () => Promise<unknown>): Promise<void> {
    const known = done.get(session.id) ?? new Map<string, Promise<unknown>>();
    done.set(session.id, known);
    let recorded = known.get(what);
    if (recorded === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      recorded = record();
      known.set(what, recorded);
      recorded.catch(() => known.delete(what));
    }
    await recorded;
  }

  const record = async (session: Session, review: Review): Promise<void> => {
    await audit.append({ k: 'review.done', actor: await actorOf(session), review });
  };

  return {
    searched: (session, query) =>
      once(session, identityOf(query), () => record(session, { what: 'search', filter: wordsOf(query) })),
    read: (session, log, index) =>
      once(session, `${log} ${String(index)}`, () => record(session, { what: 'text', log, index })),
    exported: (session, query, format) => record(session, { what: 'export', filter: `${format}: ${wordsOf(query)}` }),
  };
}

const given = (query: ActivityQuery): [string, unknown][] =>
  Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** A beginning without an end moves on with the clock in a window that is left open: it is the same query all the time. */
const identityOf = (query: ActivityQuery): string =>
  JSON.stringify(given(query).filter(([name]) => name !== 'from' || query.to !== undefined));

/** A query as people write it: `person=ana@example.com from=2026-11-21T09:00:00.000Z`. */
function wordsOf(query: ActivityQuery): string {
  const words = given(query).map(
    ([name, value]) => `${name}=${name === 'from' || name === 'to' ? timeWord(value) : String(value)}`,
  );
  const text = words.length === 0 ? 'everything' : words.join(' ');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

const timeWord = (ms: unknown): string => new Date(Number(ms)).toISOString();
