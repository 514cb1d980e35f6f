/** One event as the index keeps it, made from its leaf alone; who and where may be filled in from what it belongs to. */
import { type ActivityEvent, type IndexEntry } from './activity-store.ts';
import { accountOf } from './accounts.ts';
import { leafPartsOf, type LeafParts } from './leaf-parts.ts';
import { timeOf } from './sort-key.ts';
import { agentValue, all, clean, first, spaceOf, type Space, type Term, term } from './terms.ts';
import { searchLine } from './words.ts';

/** What a row shows and is counted by. */
export interface Row {
  /** sort-key.ts */
  readonly key: number;
  readonly log: string;
  readonly index: number;
  /** False for an end: it is part of what it ends, and found only by its kind. */
  readonly listed: boolean;
  /** Index of the event that this one ends, answers or is about. */
  readonly ref: number | null;
  readonly title: string;
  readonly summary: string;
  readonly rows: number | null;
  readonly changed: number | null;
  readonly milliseconds: number | null;
  readonly maskedCells: number | null;
  readonly terms: readonly Term[];
}

/** A row on its way in, with the line of words that it is found by. */
export interface NewRow extends Row {
  readonly words: string;
}

/** A leaf that has been read, not yet put into its place. */
export interface ReadEntry {
  readonly index: number;
  readonly hash: string;
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly leaf: LeafParts;
}

export function readEntry({ index, hash, leaf, long }: IndexEntry): ReadEntry {
  const parts = leafPartsOf(leaf, long);
  return { index, hash, at: Math.floor(parts.t / 1000), leaf: parts };
}

/** Kinds that end another event: they are not listed, and the row of what they end tells how it ended. */
export const END_KINDS: ReadonlySet<string> = new Set([
  'stmt.outcome',
  'stmt.closed',
  'export.outcome',
  'agent.result',
]);
/** Kinds that are ended by those. */
const BEGINNINGS: ReadonlySet<string> = new Set(['stmt.intent', 'export.intent', 'agent.call']);
export const RUNNING: Term = 'status:running';

/** UTF-16 units of a summary, and of a title. */
const SUMMARY = 400;
const TITLE = 200;

/** Who and where, from the session or the event that an event belongs to. */
export type Origin = readonly Term[];
const WHO: ReadonlySet<Space> = new Set(['person', 'name', 'email', 'agent', 'agent-id', 'agent-name']);
const WHERE: ReadonlySet<Space> = new Set(['connection', 'environment']);
export const whoOf = (terms: readonly Term[]): Origin => terms.filter((of) => WHO.has(spaceOf(of)));
export const whereOf = (terms: readonly Term[]): Origin => terms.filter((of) => WHERE.has(spaceOf(of)));

/** Who an event names itself. */
export function actorTerms({ actor, token }: LeafParts): Origin {
  // A token is found by the agent that it is for, and is no event of that agent's.
  const tokenOf = token === undefined ? [] : [term('agent-id', token.agent)];
  if (actor?.user === undefined) return tokenOf;
  const { iss, sub, name, email } = actor.user;
  const terms: Term[] = [term('person', `${iss} ${sub}`)];
  if (name !== undefined) terms.push(term('name', name));
  if (email !== undefined) terms.push(term('email', email.toLowerCase()));
  if (actor.agent === undefined) terms.push(...tokenOf);
  else {
    const { id, name: agentName } = actor.agent;
    terms.push(term('agent', agentValue(id, agentName)), term('agent-id', id));
    if (agentName !== undefined) terms.push(term('agent-name', agentName));
  }
  return terms;
}

export function databaseTerms({ db, grant }: LeafParts): Origin {
  if (db === undefined) return grant === undefined ? [] : [term('connection', grant.connection)];
  return [term('connection', db.id), ...(db.env === undefined ? [] : [term('environment', db.env)])];
}

export function rowOf(log: string, { index, leaf }: ReadEntry, key: number, origin: Origin): NewRow {
  const { op, pol, out } = leaf;
  const { title, line } = accountOf(leaf);
  const listed = !END_KINDS.has(leaf.k);
  const status = out?.status ?? (BEGINNINGS.has(leaf.k) ? 'running' : undefined);
  const terms: Term[] = [
    term('log', log),
    term('kind', leaf.k),
    ...origin,
    ...(pol?.decision === undefined ? [] : [term('verdict', pol.decision)]),
    ...(status === undefined ? [] : [term('status', status)]),
    ...(op?.objects ?? []).map(({ name }) => term('table', name)),
    ...(op?.columns ?? []).flatMap(({ name, class: columnClass }) => [
      term('column', name),
      ...(columnClass === undefined ? [] : [term('class', columnClass)]),
    ]),
  ];
  return {
    key,
    log,
    index,
    listed,
    ref: leaf.ref?.i ?? null,
    title: cut(title, TITLE),
    summary: cut(line, SUMMARY),
    ...figuresOf(leaf),
    terms: [...new Set(terms)],
    words: listed
      ? searchLine([
          title,
          line,
          ...all(origin, 'name'),
          ...all(origin, 'email'),
          ...all(origin, 'agent-name'),
          ...all(origin, 'agent-id'),
          leaf.actor?.service ?? '',
          ...(op?.objects ?? []).map(({ name }) => name),
          ...(op?.columns ?? []).map(({ name }) => name),
        ])
      : '',
  };
}

type Figures = Pick<Row, 'rows' | 'changed' | 'milliseconds' | 'maskedCells'>;

function figuresOf({ out, view, export: file }: LeafParts): Figures {
  const masked = out?.masked?.reduce((sum, { cells }) => sum + cells, 0);
  return {
    rows: whole(out?.rows ?? view?.rows ?? file?.rows),
    changed: whole(out?.changed),
    milliseconds: whole(out?.ms),
    maskedCells: whole(masked ?? view?.masked ?? file?.masked),
  };
}

/** What is more is a forgery, and sums of it would overflow. */
const GREATEST = 1e12;
const whole = (count: number | undefined): number | null =>
  count === undefined ? null : Math.min(Math.max(Math.round(count), 0), GREATEST);

/** An intent as it is once `end` is known. The first end counts; there is one in a log that is right. */
export function ended(row: Row, end: LeafParts): Row {
  if (!row.terms.includes(RUNNING) || end.out?.status === undefined) return row;
  const status = term('status', end.out.status);
  return { ...row, ...figuresOf(end), terms: row.terms.map((of) => (of === RUNNING ? status : of)) };
}

/** Under what a chart counts an event. */
export type Tally = 'allowed' | 'refused' | 'failed' | 'other';
export const TALLIES: readonly Tally[] = ['allowed', 'refused', 'failed', 'other'];

const TALLY_OF_STATUS: Readonly<Record<string, Tally>> = {
  running: 'allowed',
  done: 'allowed',
  failed: 'failed',
  refused: 'refused',
};

/** A statement by its verdict and its end; what has neither by its kind. */
export function tallyOf(terms: readonly Term[]): Tally {
  const verdict = first(terms, 'verdict');
  if (verdict === 'refuse') return 'refused';
  if (verdict === 'ask') return 'other';
  const status = first(terms, 'status');
  if (status !== null) return TALLY_OF_STATUS[status] ?? 'other';
  const kind = first(terms, 'kind');
  if (kind === 'conn.refused') return 'refused';
  return kind === 'auth.failed' ? 'failed' : verdict === 'allow' ? 'allowed' : 'other';
}

export function eventOf(row: Row): ActivityEvent {
  const { terms } = row;
  const verdict = first(terms, 'verdict');
  return {
    log: row.log,
    index: row.index,
    kind: first(terms, 'kind') ?? 'unknown',
    at: timeOf(row.key),
    person: first(terms, 'person'),
    personName: first(terms, 'name'),
    agent: first(terms, 'agent'),
    connection: first(terms, 'connection'),
    environment: first(terms, 'environment'),
    title: row.title,
    summary: row.summary,
    verdict: verdict === 'allow' || verdict === 'refuse' || verdict === 'ask' ? verdict : null,
    status: first(terms, 'status'),
    rows: row.rows,
    changed: row.changed,
    milliseconds: row.milliseconds,
    maskedCells: row.maskedCells,
    classes: all(terms, 'class').toSorted(),
  };
}

function cut(text: string, most: number): string {
  const line = clean(text);
  return line.length <= most ? line : `${clean(line.slice(0, most - 1)).replace(/\ufffd$/, '')}…`;
}
