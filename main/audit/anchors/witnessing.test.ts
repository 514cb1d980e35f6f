import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { type CosignAnswer } from '../witness/client.ts';
import { keysOf } from './keys.ts';
import {
  anchor,
  backup,
  checkpointOfAnother,
  events,
  never,
  openLog,
  record,
  store,
  until,
  whileTimePasses,
  witness,
} from './testing/anchored.ts';

describe('the witnesses of a log', () => {
  it('cosign one checkpoint by quorum, and the lines are kept here and in the store', async () => {
    const log = await openLog();
    const witnesses = ['one', 'two', 'three'].map(witness);
    const anchors = anchor(log, { store, witnesses, quorum: 3 });
    const receipt = await record(log, 20);
    await anchors.reach(receipt, 'witnessed', never);
    const size = anchors.state().witnessed ?? 0;
    expect(size).toBeGreaterThan(receipt.index);
    const kept = join(log.path, 'cosig', String(size).padStart(20, '0'));
    expect(readdirSync(kept)).toHaveLength(3);
    await anchors.close(10_000);
    for (const name of readdirSync(kept))
      expect(store.objects.get(keysOf(log.id).cosignature(size, name))).toEqual(readFileSync(join(kept, name)));
    expect(store.objects.has(keysOf(log.id).checkpoint(size))).toBe(true);
  });

  it('do not wait for one that does not answer, nor does the upload', async () => {
    const log = await openLog();
    const [one, two, three] = [witness('one'), witness('two'), witness('three')];
    two.trouble = 'hang';
    const anchors = anchor(log, { store, witnesses: [one, two, three], quorum: 2 });
    for (let i = 0; i < 3; i++) {
      const receipt = await record(log);
      await Promise.all([anchors.reach(receipt, 'witnessed', never), anchors.reach(receipt, 'uploaded', never)]);
    }
    expect(two.asked).toHaveLength(1);
    expect(anchors.state().trouble).toBeNull();
  });

  it('leave a statement waiting where the quorum does not come together, and the words say who', async () => {
    const log = await openLog();
    const [one, two] = [witness('one'), witness('two')];
    two.trouble = new CountersignError('witness-unreachable', 'The witness two does not answer.');
    const anchors = anchor(log, { witnesses: [one, two], quorum: 2 });
    await expect(whileTimePasses(anchors.reach(await record(log), 'witnessed', never))).rejects.toMatchObject({
      message: expect.stringContaining('The witness two does not answer.'),
    });
    two.trouble = null;
    anchors.retry();
    await whileTimePasses(anchors.reach(await record(log), 'witnessed', never), 10);
  });

  it('that know an older state are given the proof from there, by a process that knows nothing of it', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 300), 'witnessed', never);
    await anchors.close(0);
    rmSync(join(log.path, 'cosig'), { recursive: true });
    const again = anchor(log, { witnesses: [one], quorum: 1 });
    expect(again.state().witnessed).toBe(0);
    await again.reach(await record(log, 300), 'witnessed', never);
  });

  it('are believed after a restart by their lines, and only by lines that verify', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log), 'witnessed', never);
    const { witnessed } = anchors.state();
    await anchors.close(0);
    expect(anchor(log, { witnesses: [one], quorum: 1 }).state().witnessed).toBe(witnessed);
    expect(anchor(log, { witnesses: [witness('two')], quorum: 1 }).state().witnessed).toBe(0);
  });

  it.each([
    ['more of it than there is here', 'copy'],
    ['another history of it', 'elsewhere'],
  ])('end a log of which they know %s, without any store', async (what, words) => {
    const one = witness('one');
    const first = await openLog();
    const anchors = anchor(first, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(first, 5), 'witnessed', never);
    await first.close();
    await anchors.close(0);
    const restore = backup(first.path);
    const second = await openLog();
    const later = anchor(second, { witnesses: [one], quorum: 1 });
    await later.reach(await record(second, 30), 'witnessed', never);
    await second.close();
    await later.close(0);
    restore();
    const log = await openLog();
    if (what.startsWith('another')) await record(log, 200);
    const last = anchor(log, { witnesses: [one], quorum: 1 });
    await until(last, () => log.id !== first.id);
    await last.reach(await record(log), 'witnessed', never);
    const [leaf] = events(log.path);
    expect(leaf?.log?.after).toMatchObject({ log: first.id, reason: expect.stringContaining(words) });
    expect(leaf?.log?.after?.size).toBeGreaterThan(1);
    expect(events(log.path).find(({ k }) => k === 'witness.conflict')?.witness?.name).toBe('witness.example/one');
  });
});

describe('what a witness says', () => {
  it.each<[string, CosignAnswer]>([
    ['that it knows more of it', { kind: 'conflict', size: 1_000_000 }],
    ['that it is not the history it cosigned', { kind: 'refused', code: 'inconsistent', reason: 'No.' }],
  ])('ends no log: %s, and shows nothing that the log signed', async (_, says) => {
    const log = await openLog();
    const { id } = log;
    const one = witness('one');
    const anchors = anchor(log, { store, witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 5), 'witnessed', never);
    one.says = says;
    for (const shows of [null, checkpointOfAnother()]) {
      one.shows = shows;
      await expect(whileTimePasses(anchors.reach(await record(log), 'witnessed', never))).rejects.toMatchObject({
        message: expect.stringContaining('shows no proof'),
      });
    }
    await anchors.reach(await record(log), 'uploaded', never);
    expect(log.id).toBe(id);
    expect(anchors.state()).toMatchObject({ pressure: 'none', trouble: expect.stringContaining('shows no proof') });
    one.says = null;
    one.shows = null;
    anchors.retry();
    await whileTimePasses(anchors.reach(await record(log), 'witnessed', never), 100);
    expect(anchors.state().trouble).toBeNull();
  });

  it('is worth less once it has forgotten what it cosigned, which state and record say, once', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 5), 'witnessed', never);
    expect(anchors.state().trouble).toBeNull();
    one.forget();
    for (let i = 0; i < 3; i++) await anchors.reach(await record(log), 'witnessed', never);
    expect(anchors.state().trouble).toContain('it has lost its memory');
    await log.close();
    expect(events(log.path).filter(({ k }) => k === 'witness.conflict')).toMatchObject([
      { witness: { name: 'witness.example/one', size: 0 } },
    ]);
  });
});
