import { describe, expect, it } from 'vitest';
import { Reporter, type Report } from './report.ts';
import { Timeline } from './timeline.ts';

const START = 1_790_000_000_000_000;

interface Said {
  readonly k: string;
  /** Seconds of the wall clock and of the monotonic clock. */
  readonly t: number;
  readonly m: number;
  readonly b?: string;
  readonly more?: object;
}

/** Judges events; ids grow with them. */
function judged(events: readonly Said[]): Report {
  const report = new Reporter();
  const timeline = new Timeline(report, 'log');
  events.forEach(({ k, t, m, b = 'b1', more = {} }, i) => {
    const id = `01a1fe84-${String(7000 + i)}-7000-8000-000000000000`;
    timeline.event(`event ${i}`, k, { id, k, t: START + t * 1e6, m: m * 1e9, b, ...more });
  });
  timeline.end();
  return report.report('test');
}

const open = (t: number, m: number, b = 'b1', every = 900): Said => ({
  k: 'log.open',
  t,
  m,
  b,
  more: { beat: { every } },
});
const jump = (t: number, m: number, by: number, b = 'b1'): Said => ({
  k: 'clock.jump',
  t,
  m,
  b,
  more: { clock: { by } },
});
const beat = (t: number, m: number, every = 900): Said => ({ k: 'heartbeat', t, m, more: { beat: { every } } });
const event = (t: number, m: number, b = 'b1'): Said => ({ k: 'auth.ok', t, m, b });

describe('the times of a log', () => {
  it.each<readonly [string, readonly Said[], readonly string[]]>([
    ['that run alike are good', [open(0, 0), event(5, 5), event(6.9, 6)], []],
    ['may be of several openings', [open(0, 0), event(5, 5), open(9, 0, 'b2'), event(10, 1, 'b2')], []],
    ['of which the wall clock jumps unsaid are not', [open(0, 0), event(3605, 5)], ['clock']],
    ['of which the wall clock goes back unsaid are not', [open(0, 0), event(-31_536_000, 5)], ['clock']],
    ['with a jump that is said are good', [open(0, 0), jump(3605, 5, 3_600_000), event(3606, 6)], []],
    ['with a jump back a year that is said are good', [open(0, 0), jump(-31_536_000, 5, -31_536_005_000)], []],
    ['with a jump of another length are not', [open(0, 0), jump(3605, 5, 60_000)], ['clock']],
    ['with a jump that nothing shows are not', [open(0, 0), jump(5, 5, 60_000)], ['clock']],
    ['with a jump that says nothing are not', [open(0, 0), { k: 'clock.jump', t: 3605, m: 5 }], ['clock']],
    ['of which the monotonic clock goes back are not', [open(0, 5), event(0, 4)], ['clock']],
    [
      'of an opening behind the newest event are good with a jump right after',
      [open(0, 0), event(100, 100), open(50, 0, 'b2'), jump(50, 0, -50_000, 'b2'), event(51, 1, 'b2')],
      [],
    ],
    [
      'of an opening behind the newest event are not without it',
      [open(0, 0), event(100, 100), open(50, 0, 'b2'), event(51, 1, 'b2')],
      ['clock'],
    ],
    [
      'of what recovery writes are of the opening that follows',
      [open(0, 0), event(1, 1), { k: 'log.recovered', t: 9, m: 0, b: 'b2' }, open(9, 0, 'b2')],
      [],
    ],
    ['of an opening without log.open are not', [open(0, 0), event(1, 0, 'b2')], ['opening']],
    ['of an opening that was over are not', [open(0, 0), open(1, 0, 'b2'), open(2, 2)], ['opening']],
    ['of an opening with two log.open are not', [open(0, 0), open(1, 1)], ['opening']],
    ['with heartbeats in silence are good', [open(0, 0), beat(900, 900), beat(1800, 1800)], []],
    ['with a heartbeat that proves no silence are not', [open(0, 0), event(800, 800), beat(900, 900)], ['heartbeat']],
    ['with a heartbeat of another measure are not', [open(0, 0), beat(900, 900, 60)], ['heartbeat']],
  ])('%s', (_case, events, codes) => {
    expect([...new Set(judged(events).findings.map(({ code }) => code))]).toEqual(codes);
  });

  it('that are silent for too long are named, and no finding', () => {
    const report = judged([open(0, 0), event(2000, 2000)]);
    expect(report.good).toBe(true);
    expect(report.notChecked.join(' ')).toContain('silent 1 times');
  });

  it('are in every event, and ids never go back', () => {
    const report = new Reporter();
    const timeline = new Timeline(report, 'log');
    timeline.event('event 0', 'auth.ok', { id: '01a1fe84-7001-7', t: 'now', m: 0, b: 'b' });
    timeline.event('event 1', 'log.open', { id: '01a1fe84-7001-7', t: 0, m: 0, b: 'b' });
    timeline.event('event 2', 'auth.ok', { id: '01a1fe84-7000-7', t: 0, m: 0, b: 'b' });
    expect(report.report('test').findings.map(({ code }) => code)).toEqual(['event-form', 'event-id']);
  });
});
