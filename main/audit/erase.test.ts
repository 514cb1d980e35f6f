/** Single contents are erased for good, say so first, and leave every proof good. */
import { cpSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyDirectory } from '../../verify/index.ts';
import { type AuditLog } from './log.ts';
import { journalReader, readEvent } from './journal/reader.ts';
import { rootAt } from './proofs.ts';
import { logsDirectory, type LogsDirectory } from './testing/directory.ts';
import { BLOB_KEY, LOG, simulatedOptions, statement, verifySimulated } from './testing/lives.ts';
import { SimulatedDisk } from './testing/simulated-disk.ts';
import { Writer, type Erasure } from './writer.ts';

const { actor } = statement('s', '');
const why = { reason: 'request 17' };

/** A log of three statements, and the address of the text of the second. */
function begun(seed = 1): { disk: SimulatedDisk; writer: Writer; erasure: Erasure } {
  const disk = new SimulatedDisk(seed);
  const writer = new Writer(simulatedOptions(disk.io()));
  writer.append([{ k: 'session.start', s: 's', actor }]);
  for (const text of ['one', 'two', 'three'])
    writer.append([{ k: 'stmt.intent', ...statement('s', text.padEnd(3000)) }]);
  writer.maintain();
  const blob = journalReader(disk.io(), LOG, 3).next({ bytes: 1 })?.blobs[0]?.address ?? '';
  return { disk, writer, erasure: { blob, actor, why } };
}
const erased = (disk: SimulatedDisk): readonly boolean[] => {
  const reader = journalReader(disk.io(), LOG, 0);
  const blobs: boolean[] = [];
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
    blobs.push(...run.blobs.map((blob) => blob.erased));
  return blobs;
};
const code = (reply: ReturnType<Writer['erase']>): string => ('problem' in reply ? reply.problem.code : 'recorded');

describe('the content of a blob', () => {
  it('in the open segment is erased behind a seal, and the log goes on', () => {
    const { disk, writer, erasure } = begun();
    expect(code(writer.erase(erasure))).toBe('recorded');
    expect(erased(disk)).toEqual([false, true, false]);
    expect([...disk.files().keys()]).toContain('journal/00000001.seg');
    writer.append([{ k: 'stmt.intent', ...statement('s', 'four') }]);
    writer.close();
    expect(verifySimulated(disk).findings).toEqual([]);
    new Writer(simulatedOptions(disk.io())).close();
    expect(verifySimulated(disk).findings).toEqual([]);
  });

  it('is gone only after the event that says so is durable', () => {
    const { disk, writer, erasure } = begun();
    disk.trace.length = 0;
    writer.erase(erasure);
    // The new segment's file is written under the name it was opened by: its header, then the event.
    const event = disk.trace.lastIndexOf('sync journal/spare');
    const zeros = disk.trace.indexOf('write journal/00000000.seg');
    expect(disk.trace.filter((step) => step === 'write journal/spare')).toHaveLength(2);
    expect(disk.trace.lastIndexOf('write journal/spare')).toBeLessThan(event);
    expect(event).toBeLessThan(zeros);
    expect(disk.trace.slice(zeros)).toEqual(['write journal/00000000.seg', 'sync journal/00000000.seg']);
  });

  it('is erased by the next opening when a crash came in between, wherever it came', () => {
    for (let step = 1; step < 40; step++)
      for (const how of ['power', 'kill'] as const) {
        const { disk, writer, erasure } = begun();
        disk.stopAfter = step;
        let stopped: boolean;
        try {
          writer.erase(erasure);
          stopped = writer.trouble !== null;
        } catch {
          stopped = true;
        }
        disk.restart(how);
        new Writer(simulatedOptions(disk.io())).close();
        const said = journalReader(disk.io(), LOG, 5)
          .next({ bytes: 1 << 20 })
          ?.entries.some((entry) => entry.includes('blob.erased'));
        expect({ step, how, erased: erased(disk)[1] }).toEqual({ step, how, erased: said });
        expect({ step, how, findings: verifySimulated(disk).findings }).toEqual({ step, how, findings: [] });
        if (!stopped) expect(said).toBe(true);
      }
  });

  it('is not there again after a failed sync that only the cache forgot', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { disk, writer, erasure } = begun(seed);
      // The syncs of the new segment's header and of the event succeed, that of the zeros fails.
      disk.failSyncAfter = 3;
      expect(code(writer.erase(erasure))).toBe('audit-failed');
      disk.restart('kill');
      new Writer(simulatedOptions(disk.io())).append([{ k: 'config.change', change: { what: 'x' } }]);
      disk.restart('power');
      new Writer(simulatedOptions(disk.io())).close();
      expect(erased(disk)).toEqual([false, true, false]);
    }
  });

  it('is erased once, and nothing else is by its address', () => {
    const { disk, writer, erasure } = begun();
    writer.erase(erasure);
    expect(code(writer.erase(erasure))).toBe('audit-blob-erased');
    expect(code(writer.erase({ ...erasure, blob: 'ab'.repeat(32) }))).toBe('audit-no-blob');
    expect(code(writer.erase({ ...erasure, blob: '' }))).toBe('audit-no-blob');
    const size = writer.size;
    expect(size).toBe(6);
    expect(erased(disk)).toEqual([false, true, false]);
  });

  it('stays while the disk is full, when it would need a new segment', () => {
    const { disk, writer, erasure } = begun();
    disk.capacity = 0;
    for (let i = 0; i < 20; i++) {
      writer.append([{ k: 'stmt.intent', ...statement('s', 'x'.repeat(2000)) }]);
      writer.maintain();
    }
    expect(code(writer.erase(erasure))).toBe('audit-disk-full');
    expect(erased(disk)[1]).toBe(false);
  });

  it('that was changed instead of erased is damage', () => {
    const { disk, writer, erasure } = begun();
    writer.erase(erasure);
    writer.append([{ k: 'config.change', change: { what: 'x' } }]);
    const { bytes } = journalReader(disk.io(), LOG, 2).next({ bytes: 1 })?.blobs[0] ?? { bytes: Buffer.alloc(1) };
    disk.tamper('journal/00000000.seg', (segment) => {
      const at = segment.indexOf(bytes) + 100;
      segment.writeUInt8(segment.readUInt8(at) ^ 1, at);
    });
    disk.restart('kill');
    expect(() => new Writer(simulatedOptions(disk.io()))).toThrow(/changed after it was sealed/);
  });
});

describe('erasing in the logs of a profile', { timeout: 60_000 }, () => {
  let here: LogsDirectory;
  beforeEach(() => {
    here = logsDirectory();
  });
  afterEach(() => here.remove());

  const findings = (): readonly string[] =>
    verifyDirectory(here.directory, { blobKey: BLOB_KEY }).findings.map(({ code: of }) => of);
  async function recorded(log: AuditLog): Promise<{ readonly index: number; readonly address: string }> {
    await log.append({ k: 'session.start', s: 's', actor });
    const intent = await log.recordIntent(statement('s', 'select 1'));
    await intent.end({ status: 'done' });
    const { index } = intent.receipt;
    return { index, address: [...(readEvent(log.path, index)?.blobs.keys() ?? [])][0] ?? '' };
  }
  const gone = (log: string, index: number): boolean => readEvent(join(here.directory, log), index)?.blobs.size === 0;

  it('works in the log that is written, and in one that nobody writes', async () => {
    await here.withLog(async (log) => {
      const { index, address } = await recorded(log);
      await here.withLog(async (other) => {
        const elsewhere = await recorded(other);
        const refused = log.eraseBlob(other.id, elsewhere.address, actor, 'request 17');
        await expect(refused).rejects.toMatchObject({ code: 'audit-log-in-use' });
        expect(gone(other.id, elsewhere.index)).toBe(false);
        await other.close();
        await log.eraseBlob(other.id, elsewhere.address, actor, 'request 17');
        expect(gone(other.id, elsewhere.index)).toBe(true);
      });
      await log.eraseBlob(log.id, address, actor, 'request 17');
      expect(gone(log.id, index)).toBe(true);
      for (const [id, blob, problem] of [
        [log.id, address, 'audit-blob-erased'],
        [log.id, 'cd'.repeat(32), 'audit-no-blob'],
        ['01f1fe84-7d22-709d-b559-0c8a4d77023d', address, 'audit-no-log'],
        ['../..', address, 'audit-no-log'],
      ] as const)
        await expect(log.eraseBlob(id, blob, actor, '')).rejects.toMatchObject({ code: problem });
    });
    expect(findings()).toEqual([]);
  });

  it('works in a log that was given up, and is said in the one that follows', async () => {
    await here.withLog(async (log) => {
      const { index, address } = await recorded(log);
      const old = log.id;
      await log.giveUp('fork', { size: 2, root: rootAt(log.path, 2).toString('hex') });
      await log.eraseBlob(old, address, actor, 'request 17');
      expect(gone(old, index)).toBe(true);
      expect(here.leaves(log.id).at(-1)).toMatchObject({ k: 'blob.erased', blob: address, of: { log: old } });
    });
    const bytes = readFileSync(join(here.directory, here.logs()[0] ?? '', 'journal/00000000.seg'));
    expect(bytes.includes('CSFR')).toBe(true);
    expect(findings().filter((of) => of !== 'log-dead')).toEqual([]);
  });

  it('works in a copied log that is not continued here', async () => {
    const { id, address, index } = await here.withLog(async (log) => ({ id: log.id, ...(await recorded(log)) }));
    const original = join(here.home, 'original');
    renameSync(join(here.directory, id), original);
    cpSync(original, join(here.directory, id), { recursive: true });
    await here.withLog(async (log) => {
      expect(log.state().dead).toMatchObject({ log: id, copied: true });
      await log.eraseBlob(id, address, actor, 'request 17');
    });
    expect(gone(id, index)).toBe(true);
    expect(here.leaves(id).at(-1)?.k).toBe('log.close');
    expect(findings()).toEqual([]);
  });
});
