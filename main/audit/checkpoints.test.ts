import { describe, expect, it } from 'vitest';
import { putFile } from './journal/io.ts';
import { simulatedOptions, verifySimulated } from './testing/lives.ts';
import { SimulatedDisk } from './testing/simulated-disk.ts';
import { Writer } from './writer.ts';

const name = (size: number): string => `checkpoints/${String(size).padStart(20, '0')}`;
const sizes = (disk: SimulatedDisk): readonly number[] =>
  [...disk.files().keys()]
    .filter((path) => path.startsWith('checkpoints/'))
    .map((path) => Number(path.split('/')[1]))
    .sort((a, b) => a - b);

describe('the checkpoints that a log has signed', () => {
  it('stay: the newest, one of the older ones for every 4,096 entries, and those that others speak of', () => {
    const disk = new SimulatedDisk(1);
    const io = disk.io();
    const open = (): Writer => new Writer(simulatedOptions(io, { checkpointsKept: 10, segmentBytes: 1 << 20 }));
    let writer = open();
    const sign = (): void => {
      writer.append(Array.from({ length: 200 }, () => ({ k: 'config.change', change: { what: 'x' } }) as const));
      writer.checkpoint();
    };
    sign();
    writer.publish();
    sign();
    sign();
    putFile(io, `cosig/${String(401).padStart(20, '0')}/0a0b0c0d`, Buffer.from('a line'), { durable: true });
    putFile(io, `stamp/${String(601).padStart(20, '0')}`, Buffer.from('a stamp'), { durable: true });
    for (let i = 0; i < 60; i++) sign();
    writer.close();
    writer = open();
    for (let i = 0; i < 30; i++) sign();
    const left = sizes(disk);
    expect(left.length).toBeLessThanOrEqual(4 + 5 + 20);
    expect(left).toEqual(expect.arrayContaining([201, 401, 601]));
    for (let span = 0; span < writer.size; span += 4096)
      expect(left.some((size) => size >= span && size < span + 4096)).toBe(true);
    expect(left.at(-1)).toBe(writer.size);
    expect(disk.files().has(name(1001))).toBe(false);
    writer.close();
    expect(verifySimulated(disk).findings.filter(({ where }) => !/cosig|stamp/.test(where ?? ''))).toEqual([]);
  });
});
