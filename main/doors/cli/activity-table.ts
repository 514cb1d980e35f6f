/** Events as a table for a terminal. */
import { type ActivityRowView } from '../../../shared/views.ts';
import { displayWidth, formatTable, visible } from '../format/rows.ts';

/** Columns of the terminal that a line takes at most. */
const WIDTH = 160;
const SEPARATOR = 3;
/** Most of a person, and of a connection, that is shown. */
const WHO = 28;
const CONNECTION = 20;
/** What was done keeps this much, however long the others are. */
const WHAT = 20;

/** Newest first, as they come. Where all are of one log it is named once, below. */
export function activityTable(events: readonly ActivityRowView[]): string {
  const logs = new Set(events.map(({ log }) => log));
  const [only] = logs;
  const before = ['time', 'who', 'connection', 'result'];
  const after = logs.size > 1 ? ['log', 'index'] : ['index'];
  const rows = events.map((event) => ({
    before: [
      `${new Date(event.at).toISOString().slice(0, 19)}Z`,
      fit(whoOf(event), WHO),
      fit(event.connection ?? '', CONNECTION),
      resultOf(event),
    ],
    what: whatOf(event),
    after: logs.size > 1 ? [event.log, String(event.index)] : [String(event.index)],
  }));
  const widest = (cells: readonly string[]): number => Math.max(...cells.map(displayWidth));
  const others = [
    ...before.map((name, i) => widest([name, ...rows.map((row) => row.before[i] ?? '')])),
    ...after.map((name, i) => widest([name, ...rows.map((row) => row.after[i] ?? '')])),
  ];
  const room = Math.max(WHAT, WIDTH - others.reduce((sum, width) => sum + width + SEPARATOR, 0));
  const table = formatTable(
    [...before, 'what', ...after].map((name) => ({ name, numeric: name === 'index' })),
    rows.map((row) => [...row.before, fit(row.what, room), ...row.after]),
  );
  return logs.size === 1 && only !== undefined ? `${table}All of the log ${only}.\n` : table;
}

/** The verdict of what was not allowed, else how it ended. */
export function resultOf({ verdict, status }: ActivityRowView): string {
  return verdict !== null && verdict !== 'allow' ? verdict : (status ?? '');
}

const whoOf = ({ personName, person, agent }: ActivityRowView): string =>
  [personName ?? person ?? '', agent === null ? '' : `via ${agent}`].filter((one) => one !== '').join(' ');

const STATEMENTS: ReadonlySet<string> = new Set(['stmt.intent', 'stmt.denied']);

/** A statement by its text, whose first word is its title; anything else by both. */
function whatOf({ kind, title, summary }: ActivityRowView): string {
  if (summary === '') return title;
  return STATEMENTS.has(kind) ? summary : `${title}: ${summary}`;
}

/** A text on one line of `width` columns, cut where it is longer. */
function fit(text: string, width: number): string {
  const line = visible(text.replaceAll(/\s+/g, ' '));
  if (displayWidth(line) <= width) return line;
  let kept = '';
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    used += displayWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}
