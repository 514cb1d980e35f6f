import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RecordedEvent } from '../events.ts';
import { LOG, simulatedOptions, statement } from '../testing/lives.ts';
import { SimulatedDisk } from '../testing/simulated-disk.ts';
import { Writer } from '../writer.ts';
import { nodeIo } from './io.ts';
import { journalReader, logsBelow, openJournalReader, readEvent, type JournalReader } from './reader.ts';

const { actor } = statement('s', '');
const start: RecordedEvent = { k: 'session.start', s: 's', actor };
const intent = (text: string): RecordedEvent => ({ k: 'stmt.intent', ...statement('s', text) });

function all(reader: JournalReader, bytes = 4000): readonly string[] {
  const leaves: string[] = [];
  for (let run = reader.next({ bytes }); run !== null; run = reader.next({ bytes }))
    leaves.push(...run.entries.map((entry) => entry.toString()));
  return leaves;
}

function begun(): { readonly disk: SimulatedDisk; readonly writer: Writer } {
  const disk = new SimulatedDisk(1);
  const writer = new Writer(simulatedOptions(disk.io()));
  writer.append([start]);
  for (let i = 0; i < 60; i++) writer.append([intent(`select ${i}`.padEnd(600)), intent('b'), intent('c')]);
  return { disk, writer };
}

describe('a reader of a journal', () => {
  it('gives every event once, in order, over segments, from any index and in pieces of any size', () => {
    const { disk, writer } = begun();
    const whole = all(journalReader(disk.io(), LOG, 0), 1);
    expect(whole).toHaveLength(writer.size);
    expect([...disk.files().keys()]).toContain('journal/00000002.seg');
    for (const from of [0, 1, 2, 3, 50, 101, 102, 180, 181, 182])
      for (const bytes of [1, 5000, 1 << 20])
        expect(all(journalReader(disk.io(), LOG, from), bytes)).toEqual(whole.slice(from));
  });

  it('goes on where it stood when more was written, also in a new segment behind a torn write', () => {
    const { disk, writer } = begun();
    const reader = journalReader(disk.io(), LOG, 0);
    const seen = [...all(reader)];
    expect(reader.next({ bytes: 1 })).toBeNull();
    writer.append([intent('more')]);
    seen.push(...all(reader));
    const last =
      [...disk.files().keys()]
        .filter((path) => path.endsWith('.seg'))
        .sort()
        .at(-1) ?? '';
    const end = (disk.files().get(last) ?? Buffer.alloc(0)).findLastIndex((byte) => byte !== 0) + 1;
    disk.tamper(last, (bytes) => bytes.write('CSFRtorn', end + 100));
    expect(reader.next({ bytes: 1 })).toBeNull();
    disk.restart('kill');
    const next = new Writer(simulatedOptions(disk.io()));
    seen.push(...all(reader));
    expect(seen).toEqual(all(journalReader(disk.io(), LOG, 0)));
    expect(seen).toHaveLength(next.size);
  });

  it('waits for an event that is not there yet', () => {
    const { disk, writer } = begun();
    const reader = journalReader(disk.io(), LOG, writer.size + 1);
    expect(reader.next({ bytes: 1 })).toBeNull();
    writer.append([intent('one')]);
    expect(reader.next({ bytes: 1 })).toBeNull();
    writer.append([intent('two')]);
    expect(reader.next({ bytes: 1 })?.first).toBe(writer.size - 1);
    const early = new SimulatedDisk(2);
    const before = journalReader(early.io(), LOG, 0);
    expect(before.next({ bytes: 1 })).toBeNull();
    new Writer(simulatedOptions(early.io()));
    expect(before.next({ bytes: 1 })?.first).toBe(0);
  });

  it('gives nothing beyond the size it is told', () => {
    const { disk } = begun();
    const reader = journalReader(disk.io(), LOG, 0);
    let seen = 0;
    for (
      let run = reader.next({ bytes: 1 << 20, until: 50 });
      run !== null;
      run = reader.next({ bytes: 1 << 20, until: 50 })
    )
      seen += run.entries.length;
    expect(seen).toBe(50);
    expect(reader.next({ bytes: 1, until: 51 })).toBeNull();
    expect(reader.next({ bytes: 1, until: 53 })?.first).toBe(50);
  });

  it('says of each blob whether it has been erased', () => {
    const { disk } = begun();
    const first = journalReader(disk.io(), LOG, 2);
    const blob = first.next({ bytes: 1 })?.blobs[0];
    expect(blob?.erased).toBe(false);
    disk.tamper('journal/00000000.seg', (bytes) => {
      const at = bytes.indexOf(blob?.bytes ?? 'absent');
      bytes.fill(0, at, at + (blob?.bytes.length ?? 0));
    });
    expect(journalReader(disk.io(), LOG, 2).next({ bytes: 1 })?.blobs[0]).toMatchObject({
      address: blob?.address,
      erased: true,
    });
  });

  it('does not read on over a changed event, and says so', () => {
    const { disk } = begun();
    disk.tamper('journal/00000000.seg', (bytes) => bytes.write('X', bytes.indexOf('stmt.intent')));
    expect(() => all(journalReader(disk.io(), LOG, 0))).toThrow(expect.objectContaining({ code: 'audit-unreadable' }));
  });

  it('finds logs, and single events with their blobs, in a real directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-reader-'));
    try {
      expect(logsBelow(join(directory, 'absent'))).toEqual([]);
      const path = join(directory, LOG);
      const writer = new Writer(simulatedOptions(nodeIo(path)));
      writer.append([start, intent('select 1')]);
      expect(logsBelow(directory)).toEqual([{ id: LOG, path }]);
      const event = readEvent(path, 2);
      expect(event?.leaf.toString()).toContain('stmt.intent');
      expect([...(event?.blobs.keys() ?? [])].every((address) => event?.leaf.includes(address))).toBe(true);
      expect(readEvent(path, 3)).toBeNull();
      expect(openJournalReader(join(directory, 'absent'), 0).next({ bytes: 1 })).toBeNull();
      writer.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
