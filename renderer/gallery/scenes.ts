import { type RunEvent } from '../../shared/views.ts';
import { type FakeGate } from './fake-client.ts';
import { allowed, asked, deleteText, judged, refused, selectText } from './sample-verdicts.ts';
import { CELL_KINDS, cellKinds, customers, type SampleTable, wideTable } from './sample-rows.ts';

/** What a panel of the gallery shows: a statement and the gate that answers it. */
export interface Scene {
  readonly title: string;
  readonly text: string;
  readonly gate: FakeGate;
}

const begin = (table: SampleTable): RunEvent[] => [
  judged(allowed, selectText.length),
  { kind: 'recorded', index: 18_204 },
  { kind: 'columns', result: 'result-1', columns: table.columns },
];

const done = (rows: number, more: Partial<Extract<RunEvent, { kind: 'done' }>> = {}): RunEvent => ({
  kind: 'done',
  tag: `SELECT ${rows}`,
  rows,
  bytes: rows * 180,
  milliseconds: 41,
  cut: null,
  maskedCells: rows * 2,
  ...more,
});

const whole = (title: string, table: SampleTable, rows: number, more?: Parameters<typeof done>[1]): Scene => ({
  title,
  text: selectText,
  gate: { table, events: [...begin(table), done(rows, more)] },
});

const progress = (rows: number): RunEvent => ({ kind: 'progress', rows, bytes: rows * 180 });

/** A million rows arriving over a second, as a fast server sends them. */
const arriving = (rows: number): readonly (RunEvent | number)[] =>
  Array.from({ length: 20 }, (_, i) => [progress(Math.round((rows * (i + 1)) / 20)), 50]).flat();

export const scenes: Readonly<Record<string, Scene>> = {
  rows: whole('A result', customers, 100_214),
  cells: whole('Every kind of cell', cellKinds, CELL_KINDS, { maskedCells: CELL_KINDS }),
  cut: whole('Cut by a limit', customers, 10_000, {
    cut: 'Cut at 10,000 rows: the row limit of rule analysts-read-shop.',
  }),
  none: whole('No rows', customers, 0, { maskedCells: 0 }),
  pending: {
    ...whole('Rows on their way', customers, 5000),
    gate: { table: customers, events: [...begin(customers), progress(5000)], open: true, windows: 'never' },
  },
  unreadable: {
    ...whole('Rows that cannot be read', customers, 5000),
    gate: { table: customers, events: [...begin(customers), done(5000)], windows: 'failing' },
  },
  running: {
    title: 'Running, nothing yet',
    text: selectText,
    gate: { table: customers, events: [judged(allowed, selectText.length)], open: true },
  },
  refused: {
    title: 'Refused',
    text: deleteText,
    gate: { table: customers, events: [judged(refused, deleteText.length), { kind: 'recorded', index: 18_205 }] },
  },
  asked: {
    title: 'Needs approval',
    text: deleteText,
    gate: { table: customers, events: [{ kind: 'recorded', index: 18_206 }, judged(asked, deleteText.length)] },
  },
  failed: {
    title: 'Failed',
    text: selectText.replace('c.city', 'c.cty'),
    gate: {
      table: customers,
      events: [
        judged(allowed, selectText.length),
        { kind: 'recorded', index: 18_207 },
        {
          kind: 'failed',
          error: {
            code: '42703',
            message: 'Column c.cty does not exist.',
            next: 'There is a column city in public.customers.',
            span: { start: 39, end: 44 },
          },
        },
      ],
    },
  },
  broken: {
    title: 'Failed after rows had come',
    text: selectText,
    gate: {
      table: customers,
      events: [
        ...begin(customers),
        progress(1200),
        {
          kind: 'failed',
          error: {
            code: '57014',
            message: 'The statement took longer than 30 s.',
            next: 'Narrow it, or ask for more time.',
            span: null,
          },
        },
      ],
    },
  },
  cancelled: {
    title: 'Cancelled',
    text: selectText,
    gate: {
      table: customers,
      events: [...begin(customers), progress(48_000), { kind: 'cancelled', milliseconds: 2310 }],
    },
  },
  notices: {
    title: 'Messages',
    text: selectText,
    gate: {
      table: customers,
      events: [
        ...begin(customers),
        { kind: 'notice', severity: 'NOTICE', text: 'table "order_totals" was refreshed 3 minutes ago' },
        { kind: 'notice', severity: 'WARNING', text: 'collation version mismatch\nHINT: rebuild the affected indexes' },
        done(100_214),
      ],
    },
  },
  million: {
    title: 'A million rows',
    text: selectText,
    gate: { table: customers, events: [...begin(customers), ...arriving(1_000_000), done(1_000_000)] },
  },
  'ten-million': whole('Ten million rows', customers, 10_000_000),
  wide: whole('Two thousand columns', wideTable(2000), 100_000, { maskedCells: 0 }),
};
