import { describe, expect, it } from 'vitest';
import { type Io } from './journal/io.ts';
import { simulatedOptions, statement, verifySimulated } from './testing/lives.ts';
import { SimulatedDisk } from './testing/simulated-disk.ts';
import { type RecordedEvent } from './events.ts';
import { Writer, type Reply, type WriterOptions } from './writer.ts';

const { actor } = statement('s', '');
const start: RecordedEvent = { k: 'session.start', s: 's', actor };
const intent = (text = 'select 1'): RecordedEvent => ({ k: 'stmt.intent', ...statement('s', text) });
const code = (reply: Reply | undefined): string =>
  reply !== undefined && 'problem' in reply ? reply.problem.code : 'recorded';
const outcome = (reply: Reply | undefined): RecordedEvent => {
  if (reply === undefined || 'problem' in reply) throw new Error('the intent was not recorded');
  return { k: 'stmt.outcome', s: 's', ref: { i: reply.index, h: reply.hash }, out: { status: 'done', rows: 1 } };
};

function begun(
  more: Partial<WriterOptions> = {},
  wrap = (io: Io): Io => io,
): { readonly disk: SimulatedDisk; readonly writer: Writer } {
  const disk = new SimulatedDisk(1);
  const writer = new Writer(simulatedOptions(wrap(disk.io()), more));
  writer.append([start]);
  writer.maintain();
  return { disk, writer };
}

describe('the writer of a log', () => {
  it('syncs the frame after writing it and before it answers, and makes no file on the way', () => {
    const { disk, writer } = begun();
    disk.trace.length = 0;
    writer.append([intent()]);
    expect(disk.trace.map((step) => step.split(' ')[0])).toEqual(['write', 'sync']);
  });

  it('commits everything that waits with one write and one sync', () => {
    const { disk, writer } = begun();
    disk.trace.length = 0;
    expect(writer.append(Array.from({ length: 15 }, () => intent())).map(code)).toEqual(Array(15).fill('recorded'));
    expect(disk.trace).toHaveLength(2);
  });

  it('never writes again after a failed sync', () => {
    const { disk, writer } = begun();
    disk.failSyncAfter = 1;
    expect(code(writer.append([intent()])[0])).toBe('audit-failed');
    disk.trace.length = 0;
    expect(code(writer.append([intent()])[0])).toBe('audit-failed');
    writer.maintain();
    writer.close();
    expect(disk.trace).toEqual([]);
    expect(writer.trouble).toContain('EIO');
  });

  it('on a full disk refuses intents, records the ends of what runs, and goes on when there is room', () => {
    let now = 0n;
    const { disk, writer } = begun({ clock: { wall: () => 1_790_000_000_000, monotonic: () => now } });
    const running = [...writer.append(Array.from({ length: 8 }, () => intent()))];
    disk.capacity = 0;
    let refused: string | undefined;
    for (let i = 0; i < 60 && refused === undefined; i++) {
      const [reply] = writer.append([intent('x'.repeat(900))]);
      if (code(reply) === 'recorded') running.push(...(reply === undefined ? [] : [reply]));
      else refused = code(reply);
      writer.maintain();
    }
    expect(refused).toBe('audit-disk-full');
    expect(writer.trouble).toContain('disk is full');
    expect(writer.append(running.map(outcome)).map(code)).toEqual(running.map(() => 'recorded'));
    disk.capacity = Infinity;
    now += 2_000_000_000n;
    expect(code(writer.append([intent()])[0])).toBe('recorded');
    expect(writer.trouble).toBeNull();
    writer.close();
    expect(verifySimulated(disk).findings).toEqual([]);
  });

  it('ends an intent once, also when its session has ended before', () => {
    const { writer } = begun();
    const [one, two] = writer.append([intent(), intent()]);
    writer.append([{ k: 'session.end', s: 's', why: { reason: 'signed out' } }]);
    expect(writer.append([outcome(one), outcome(one), outcome(two)]).map(code)).toEqual([
      'recorded',
      'audit-intent-ended',
      'recorded',
    ]);
    expect(code(writer.append([intent()])[0])).toBe('audit-session');
  });

  it('refuses an event of a session that has not started, and starts none twice', () => {
    const { writer } = begun();
    expect(writer.append([start, { k: 'stmt.intent', ...statement('other', 'select 1') }]).map(code)).toEqual([
      'audit-session',
      'audit-session',
    ]);
  });

  it('records a statement longer than a segment', () => {
    const { disk, writer } = begun();
    writer.append([outcome(writer.append([intent('x'.repeat(200_000))])[0])]);
    writer.close();
    expect(verifySimulated(disk).findings).toEqual([]);
  });

  it('refuses what is longer than a blob may be, and leaves no gap', () => {
    const { disk, writer } = begun();
    const replies = writer.append([intent('x'.repeat(33 * 1024 * 1024)), intent()]);
    expect(replies.map(code)).toEqual(['audit-too-long', 'recorded']);
    writer.close();
    expect(verifySimulated(disk).findings).toEqual([]);
  });

  it('closes what a crash left open as unknown, in one frame with the opening', () => {
    const { disk, writer } = begun();
    writer.append([intent(), intent()]);
    disk.restart('kill');
    disk.trace.length = 0;
    const next = new Writer(simulatedOptions(disk.io()));
    // log.open, start, 2 intents; then 2 x stmt.closed, session.end, log.recovered, log.open.
    expect(next.size).toBe(9);
    next.close();
    const report = verifySimulated(disk);
    expect(report.findings).toEqual([]);
    expect(
      disk
        .files()
        .get('tile/entries/000.p/10')
        ?.toString()
        .match(/"status":"unknown"/g),
    ).toHaveLength(2);
  });

  it('goes on in a new segment behind a torn write, and keeps the torn bytes', () => {
    const { disk } = begun();
    const size = (disk.files().get('journal/00000000.seg') ?? Buffer.alloc(0)).findLastIndex((byte) => byte !== 0) + 1;
    disk.tamper('journal/00000000.seg', (bytes) => bytes.write('CSFRtorn', size + 100));
    disk.restart('kill');
    new Writer(simulatedOptions(disk.io())).close();
    expect([...disk.files().keys()]).toContain('journal/00000001.seg');
    expect(disk.files().get('journal/00000000.seg')?.includes('CSFRtorn')).toBe(true);
    expect(verifySimulated(disk).findings).toEqual([]);
  });
});
