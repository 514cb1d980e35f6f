import { type ActivityRowView } from '../../../shared/views.ts';
import { type ActivityFilter, type ActivityStore, type Viewer } from '../../audit/search/index.ts';
import { formatRows, type Row } from '../format/rows.ts';

/** Events of one export. */
export const MOST_EXPORTED = 100_000;
const PAGE = 1_000;
/** What the column `kind` has in the row that says that more events match: no event is of this kind. */
const CUT = 'export.cut';

export type ExportFormat = 'csv' | 'jsonl';

const COLUMNS = [
  'time',
  'person',
  'person_name',
  'agent',
  'connection',
  'environment',
  'kind',
  'title',
  'summary',
  'verdict',
  'status',
  'rows',
  'changed',
  'milliseconds',
  'masked_cells',
  'classes',
  'log',
  'index',
] as const;

/**
 * Selected events, newest first, as text in pieces: CSV (RFC 4180, safe for spreadsheets) or one JSON object a line. Where
 * more are selected than `limit` the last line says so: a file is handed on to people who did not see what was asked.
 */
export async function* exportEvents(
  store: ActivityStore,
  filter: ActivityFilter,
  viewer: Viewer,
  options: { readonly format: ExportFormat; readonly limit?: number; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { format, limit = MOST_EXPORTED, signal } = options;
  if (format === 'csv') yield csv([], true);
  let left = limit;
  let before: string | null | undefined;
  let oldest: number | null = null;
  while (left > 0 && before !== null) {
    signal.throwIfAborted();
    const page = await store.events(filter, viewer, {
      limit: Math.min(PAGE, left),
      ...(before === undefined ? {} : { before }),
    });
    left -= page.events.length;
    before = page.next;
    oldest = page.events.at(-1)?.at ?? oldest;
    if (page.events.length === 0) return;
    yield format === 'csv'
      ? csv(page.events.map(rowOf), false)
      : page.events.map((event) => `${jsonLine(event)}\n`).join('');
  }
  if (oldest !== null && typeof before === 'string')
    yield format === 'csv' ? csv([cutRow(limit, oldest)], false) : `${JSON.stringify({ cut: cutAt(limit, oldest) })}\n`;
}

/** Times are whole milliseconds: what is asked for next begins with the one that the last event is of. */
const cutAt = (
  events: number,
  oldest: number,
): { readonly events: number; readonly oldest: string; readonly next: string } => ({
  events,
  oldest: isoTime(oldest),
  next: `More events match than the newest ${events.toLocaleString('en')} that are here. For the others export again with times that end at ${isoTime(oldest + 1)}.`,
});

/** A row like the others, so that whatever reads the table reads it; with the time of the oldest event it stays last when sorted. */
function cutRow(events: number, oldest: number): Row {
  const cut = cutAt(events, oldest);
  const cells: Partial<Record<(typeof COLUMNS)[number], string>> = {
    time: cut.oldest,
    kind: CUT,
    title: 'Not everything',
    summary: cut.next,
  };
  return COLUMNS.map((name) => cells[name] ?? null);
}

const csv = (rows: readonly Row[], headers: boolean): string =>
  [
    ...formatRows(
      'csv',
      COLUMNS.map((name) => ({ name, numeric: false })),
      rows,
      { headers },
    ),
  ].join('');

const number = (value: number | null): string | null => (value === null ? null : String(value));

const rowOf = (event: ActivityRowView): Row => [
  isoTime(event.at),
  event.person,
  event.personName,
  event.agent,
  event.connection,
  event.environment,
  event.kind,
  event.title,
  event.summary,
  event.verdict,
  event.status,
  number(event.rows),
  number(event.changed),
  number(event.milliseconds),
  number(event.maskedCells),
  event.classes.join(' '),
  event.log,
  String(event.index),
];

/** One event as `--json` and JSONL have it: as the window is told, with the time as people and other programs read it. */
export const jsonLine = ({ at, ...event }: ActivityRowView): string => JSON.stringify({ time: isoTime(at), ...event });

export const isoTime = (ms: number): string => new Date(ms).toISOString();
