import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RecordedEvent } from './events.ts';
import { nodeIo } from './journal/io.ts';
import { recordedGrants } from './recorded-grants.ts';
import { appended, writeLog } from './testing/finished-log.ts';
import { simulatedOptions } from './testing/lives.ts';
import { Writer } from './writer.ts';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'countersign-recorded-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const actor = { user: { iss: 'https://idp.example', sub: 'ana', verified: false } };
const grant = (id: string) => ({ id, name: 'unmask', connection: 'shop', until: 1_790_000_000 });
const start = (id: string): RecordedEvent => ({ k: 'grant.start', actor, grant: grant(id) });
const end = (id: string): RecordedEvent => ({ k: 'grant.end', grant: grant(id), why: { reason: 'time' } });
const log = (n: number): string => `0190f1a0-0000-7000-8000-00000000000${String(n)}`;

/** Writes a log that is left open, as one in use is. */
function write(n: number, ...events: readonly RecordedEvent[]): Writer {
  const writer = new Writer(simulatedOptions(nodeIo(join(directory, log(n))), { id: log(n), segmentBytes: 64 * 1024 }));
  appended(writer, events);
  return writer;
}

describe('what the record says of grants', () => {
  it('is of every log of the profile, also of those in use', async () => {
    write(1, start('a'), start('b'), end('a'));
    write(2, end('b'), start('c')).close();
    const found = await recordedGrants(directory, 0);
    expect([[...found.started.keys()].sort(), [...found.ended].sort()]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
    ]);
    expect(found.newest).toBeGreaterThan(0);
    for (const at of found.started.values()) expect(Math.abs(at - found.newest)).toBeLessThan(60_000);
  });

  it('is nothing where there is no log', async () => {
    expect(await recordedGrants(join(directory, 'none'), 0)).toEqual({
      started: new Map(),
      ended: new Set(),
      newest: 0,
    });
  });

  it('is found behind many segments, and events of other kinds that speak of it are not', async () => {
    const writer = write(1, start('old'));
    for (let i = 0; i < 40; i++)
      appended(writer, [{ k: 'config.change', change: { what: `"k":"grant.start" ${'x'.repeat(8_000)}` } }]);
    appended(writer, [start('new'), end('new')]);
    const { newest } = await recordedGrants(directory, 0);
    const found = await recordedGrants(directory, newest);
    expect(found.started.has('new') && found.ended.has('new')).toBe(true);
    expect(found.started.has('old')).toBe(false);
  });

  it('is as much as can be read of a log that is damaged', async () => {
    write(1, start('a'));
    cpSync(join(directory, log(1)), join(directory, log(2)), { recursive: true });
    truncateSync(join(directory, log(2), 'journal', '00000000.seg'), 100);
    expect([...(await recordedGrants(directory, 0)).started.keys()]).toEqual(['a']);
    writeLog(directory, 1, { id: log(3) });
    expect([...(await recordedGrants(directory, 0)).started.keys()]).toEqual(['a']);
  });
});
