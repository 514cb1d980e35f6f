import { describe, expect, it } from 'vitest';
import { type ActivityRowView } from '../../../shared/views.ts';
import { displayWidth } from '../format/rows.ts';
import { activityTable } from './activity-table.ts';

const LOG = '01a1fe84-7d22-709d-b559-0c8a4d77023d';
const event = (more: Partial<ActivityRowView> = {}): ActivityRowView => ({
  log: LOG,
  index: 12,
  kind: 'stmt.intent',
  at: Date.UTC(2026, 10, 21, 9, 8, 7, 654),
  person: 'https://idp ana',
  personName: 'Ana Lima',
  agent: null,
  connection: 'shop',
  environment: 'production',
  title: 'SELECT',
  summary: 'select id from orders where id = $1',
  verdict: 'allow',
  status: 'done',
  rows: 1,
  changed: null,
  milliseconds: 3,
  maskedCells: null,
  classes: [],
  ...more,
});

describe('events as a table', () => {
  it('say what was done once: a statement by its text, anything else by what it is called and its account', () => {
    const table = activityTable([
      event(),
      event({ summary: '' }),
      event({ kind: 'conn.open', title: 'Connected', summary: 'shop' }),
    ]);
    expect(table.split('\n').slice(2, 5)).toEqual([
      '2026-11-21T09:08:07Z | Ana Lima | shop       | done   | select id from orders where id = $1 |    12',
      '2026-11-21T09:08:07Z | Ana Lima | shop       | done   | SELECT                              |    12',
      '2026-11-21T09:08:07Z | Ana Lima | shop       | done   | Connected: shop                     |    12',
    ]);
  });

  it('name a log once where all are of it, and each where they are not', () => {
    expect(activityTable([event()])).toContain(`All of the log ${LOG}.\n`);
    expect(activityTable([event(), event({ log: `${LOG}2` })])).toMatch(/\| log +\| index\n[^]*023d {2}\| +12\n/);
    expect(activityTable([])).not.toContain('log');
  });

  it.each([
    ['long', { summary: 'select '.repeat(200), personName: 'n'.repeat(300), connection: 'c'.repeat(300) }],
    ['wide', { summary: '选择'.repeat(200), personName: '中'.repeat(300), agent: '文'.repeat(90) }],
    ['of control characters', { summary: '\u001b[2J\u202e\n\t'.repeat(99), personName: '\u0007'.repeat(90) }],
    ['of refusals', { verdict: 'refuse', status: 'not_started', index: 123_456_789, summary: 'x'.repeat(400) }],
  ] as const)('fit a terminal of 160 columns where they are %s', (_, more) => {
    for (const others of [[], [event({ log: `${LOG.slice(0, -1)}0` })]])
      for (const line of activityTable([event(more), ...others]).split('\n')) {
        expect(displayWidth(line)).toBeLessThanOrEqual(160);
        expect(line).not.toMatch(/\p{Cc}|\p{Cf}/u);
      }
  });
});
