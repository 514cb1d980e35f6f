/** Logs that must not go on although nothing on this machine says so: given up while in use, or copied. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyDirectory } from '../../verify/index.ts';
import { nodeIo } from './journal/io.ts';
import { type AuditLog, type AuditState } from './log.ts';
import { logsDirectory, type LogsDirectory } from './testing/directory.ts';
import { statement } from './testing/lives.ts';
import type * as Place from './place.ts';
import { newestCheckpoint, rootAt } from './proofs.ts';

const { actor } = statement('s', '');
const GOOD = { size: 2, root: 'ab'.repeat(32) };
let here: LogsDirectory;
beforeEach(() => {
  here = logsDirectory();
});
afterEach(() => here.remove());

const begin = (log: AuditLog, s = 's'): Promise<unknown> => log.append({ k: 'session.start', s, actor });

describe('a log that is given up while it is in use', () => {
  it('is followed at once by one that names it, says what was open, and takes over', async () => {
    await here.withLog(async (log) => {
      const old = log.id;
      const states: AuditState[] = [];
      log.onState((state) => states.push(state));
      await begin(log);
      await log.recordIntent(statement('s', 'select 1'));
      await (await log.recordIntent(statement('s', 'select 2'))).end({ status: 'done' });
      await log.giveUp('the store knows another log by this name', GOOD);
      const dead = {
        log: old,
        ...GOOD,
        reason: 'the store knows another log by this name',
        open: { intents: 1, sessions: 1 },
      };
      expect(log.id).not.toBe(old);
      expect(log.path).toBe(join(here.directory, log.id));
      expect(log.state()).toEqual({ log: log.id, recorded: 1, trouble: null, dead });
      expect(states.at(-1)).toEqual(log.state());
      expect(here.leaves(log.id)[0]?.log).toMatchObject({ id: log.id, after: dead });
      expect(here.mark(old)).toEqual(dead);
      expect(await log.append({ k: 'session.start', s: 's', actor })).toMatchObject({ log: log.id, index: 1 });
    });
    expect(here.logs()).toHaveLength(2);
    await here.withLog(async (again) => expect(again.id).toBe(here.logs()[1]));
  });

  it('gets no event and no signature any more, not even of what was given to it before', async () => {
    await here.withLog(async (log) => {
      const { id: old, path } = log;
      await begin(log);
      const last = here.leaves(old).length;
      const signed = readdirSync(join(path, 'checkpoints')).length;
      const giving = log.giveUp('fork', GOOD);
      const late = log.append({ k: 'config.change', change: { what: 'x' } });
      await giving;
      expect(await late).toMatchObject({ log: log.id, index: 1 });
      expect(here.leaves(old)).toHaveLength(last);
      expect(readdirSync(join(path, 'checkpoints'))).toHaveLength(signed);
      expect(await log.checkpoint()).toMatchObject({ size: 2 });
      expect(newestCheckpoint(log.path)?.size).toBe(2);
    });
  });

  it('leaves the end of what still runs to its successor, once, and refuses its sessions there', async () => {
    await here.withLog(async (log) => {
      const old = log.id;
      await begin(log);
      const running = await log.recordIntent(statement('s', 'delete from t'));
      const giving = log.giveUp('fork', GOOD);
      const end = running.end({ status: 'done', changed: 3 });
      await giving;
      expect(await end).toMatchObject({ log: log.id });
      const { index: i, hash: h } = running.receipt;
      expect(here.leaves(log.id).at(-1)).toMatchObject({
        k: 'late.outcome',
        of: { log: old, i, h },
        out: { status: 'done', changed: 3 },
      });
      await expect(running.end({ status: 'done' })).rejects.toMatchObject({ code: 'audit-intent-ended' });
      await expect(log.recordIntent(statement('s', 'select 1'))).rejects.toMatchObject({ code: 'audit-session' });
      await expect(log.append({ k: 'session.end', s: 's', why: {} })).rejects.toMatchObject({ code: 'audit-session' });
    });
  });

  it('takes no event that speaks of another log', async () => {
    await here.withLog(async (log) => {
      const old = log.id;
      const giving = log.giveUp('fork', GOOD);
      const spoken = log.append({ k: 'session.start', s: 'a', actor }, old);
      await expect(spoken).rejects.toMatchObject({ code: 'audit-other-log' });
      await giving;
      expect(await log.append({ k: 'session.start', s: 'a', actor }, log.id)).toMatchObject({ index: 1 });
    });
  });

  it('is given up once when several find the same, and again when its successor must not go on either', async () => {
    await here.withLog(async (log) => {
      await Promise.all([log.giveUp('fork', GOOD), log.giveUp('fork', GOOD)]);
      expect(here.logs()).toHaveLength(2);
      await log.giveUp('fork again', GOOD);
      expect(here.logs()).toHaveLength(3);
      expect(log.state().dead).toMatchObject({ log: here.logs()[1] });
    });
    await expect((await closedLog()).giveUp('fork', GOOD)).rejects.toMatchObject({ code: 'audit-closed' });
  });

  const closedLog = async (): Promise<AuditLog> => {
    const log = await here.open();
    await log.close();
    return log;
  };

  it('is never continued after a crash between its successor and its mark, and gets the mark then', async () => {
    const old = await here.withLog(async (log) => {
      const { id } = log;
      await log.giveUp('fork', GOOD);
      return id;
    });
    const dead = here.mark(old);
    rmSync(join(here.directory, old, 'dead.json'));
    const size = here.leaves(old).length;
    await here.withLog(async (log) => expect(log.id).toBe(here.logs()[1]));
    expect(here.mark(old)).toEqual(dead);
    expect(here.leaves(old)).toHaveLength(size);
  });

  it('is continued after a crash before its successor has a name for it, so that what is outside finds it again', async () => {
    const old = await here.withLog(async (log) => log.id);
    // A crash right after the successor's folder was made.
    mkdirSync(join(here.directory, '01f1fe84-7d22-709d-b559-0c8a4d77023d'));
    await here.withLog(async (log) => expect(log.id).toBe(old));
    // And one after its log.json, before its first event.
    const next = '01f1fe84-7d22-709d-b559-0c8a4d77023e';
    const identity = JSON.parse(readFileSync(join(here.directory, old, 'log.json'), 'utf8')) as Record<string, unknown>;
    mkdirSync(join(here.directory, next));
    nodeIo(join(here.directory, next))
      .open('log.json', 'create')
      .write(
        Buffer.from(
          `${JSON.stringify({ ...identity, id: next, after: { log: old, ...GOOD, reason: 'fork' } }, null, 2)}\n`,
        ),
        0,
      );
    await here.withLog(async (log) => expect(log.id).not.toBe(old));
  });

  it('lets nothing be recorded when no other can be begun, until one can', async () => {
    const log = await here.open();
    const old = log.id;
    const away = `${here.directory}-away`;
    renameSync(here.directory, away);
    writeFileSync(here.directory, 'no directory');
    await expect(log.giveUp('fork', GOOD)).rejects.toMatchObject({ code: 'audit-failed' });
    await expect(begin(log)).rejects.toMatchObject({ code: 'audit-failed' });
    expect(log.state()).toMatchObject({ log: old, trouble: expect.any(String) });
    rmSync(here.directory);
    renameSync(away, here.directory);
    await log.giveUp('fork', GOOD);
    await begin(log);
    expect(log.state()).toMatchObject({ recorded: 2, trouble: null, dead: { log: old } });
    await log.close();
  });
});

describe('a log that was copied', () => {
  const used = (): Promise<string> =>
    here.withLog(async (log) => {
      await begin(log);
      await (await log.recordIntent(statement('s', 'select 1'))).end({ status: 'done' });
      return log.id;
    });

  it('is not continued on another machine: a new one begins there that names it, and nothing is wrong', async () => {
    const original = await used();
    const there = logsDirectory();
    try {
      cpSync(here.directory, there.directory, { recursive: true, preserveTimestamps: true });
      const log = await there.open({ machine: 'another machine' });
      expect(log.id).not.toBe(original);
      expect(log.state().dead).toMatchObject({ log: original, size: here.leaves(original).length, copied: true });
      await log.close();
      expect(there.mark(original)).toEqual(log.state().dead);
      expect(there.leaves(original)).toEqual(here.leaves(original));
      await there.withLog(async (again) => expect(again.id).toBe(log.id), { machine: 'another machine' });
      await here.withLog(async (again) => expect(again.id).toBe(original));
      expect(here.mark(original)).toBeNull();
    } finally {
      there.remove();
    }
  });

  it('is told by the machine alone, where the directory is the same', async () => {
    const original = await used();
    await here.withLog(async (log) => expect(log.id).not.toBe(original), { machine: 'cloned disk in another machine' });
    expect(here.mark(original)).toMatchObject({ copied: true });
  });

  it('is not continued beside the original on the same machine either', async () => {
    const original = await used();
    const there = logsDirectory();
    try {
      cpSync(here.directory, there.directory, { recursive: true });
      await there.withLog(async (log) => {
        expect(log.id).not.toBe(original);
        await here.withLog(async (first) => expect(first.id).toBe(original));
      });
    } finally {
      there.remove();
    }
  });

  it('is not continued when its directory was put back from a copy, so that no history is written twice', async () => {
    const original = await used();
    const path = join(here.directory, original);
    const backup = join(here.home, 'backup');
    cpSync(path, backup, { recursive: true });
    await here.withLog((log) => begin(log, 't'));
    rmSync(path, { recursive: true });
    cpSync(backup, path, { recursive: true });
    await here.withLog(async (log) => expect(log.state().dead).toMatchObject({ log: original, copied: true }));
  });

  it('is not continued after its log.json was removed or made to say that it belongs here', async () => {
    const original = await used();
    for (const forged of [undefined, { place: undefined }, { place: { machine: '', inode: '', born: '' } }]) {
      const there = logsDirectory();
      try {
        cpSync(here.directory, there.directory, { recursive: true });
        const file = join(there.directory, original, 'log.json');
        if (forged === undefined) rmSync(file);
        else writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...forged }));
        await there.withLog(async (log) => expect(log.id).not.toBe(original));
      } finally {
        there.remove();
      }
    }
  });

  it('would be continued beside the original without the look at its place', async () => {
    const original = await used();
    const there = logsDirectory();
    vi.resetModules();
    vi.doMock('./place.ts', async (module) => ({ ...(await module<typeof Place>()), isInPlace: () => true }));
    try {
      cpSync(here.directory, there.directory, { recursive: true });
      const log = await (await import('./log.ts')).openAuditLog(there.options());
      await log.close();
      expect(log.id).toBe(original);
    } finally {
      vi.doUnmock('./place.ts');
      vi.resetModules();
      there.remove();
    }
  });

  it('is continued after it was moved on the same disk, with the profile or alone', async () => {
    const original = await used();
    const moved = logsDirectory(join(here.home, 'moved'));
    mkdirSync(moved.home);
    renameSync(here.directory, moved.directory);
    await moved.withLog(async (log) => expect(log.id).toBe(original));
  });

  it('begins one new log, not one for each start or each copied log', async () => {
    await here.withLog(async () => here.withLog(async () => undefined));
    expect(here.logs()).toHaveLength(2);
    const there = logsDirectory();
    try {
      cpSync(here.directory, there.directory, { recursive: true });
      const machine = 'another machine';
      for (let i = 0; i < 3; i++) await there.withLog(async () => undefined, { machine });
      expect(there.logs()).toHaveLength(3);
    } finally {
      there.remove();
    }
  });

  it('says nothing about the machine that another log would say too', async () => {
    await here.withLog(async () => here.withLog(async () => undefined));
    const places = here
      .logs()
      .map((id) => (here.leaves(id)[0]?.log as { readonly place: Record<string, string> }).place);
    const values = places.flatMap((place) => Object.values(place));
    expect(values).toHaveLength(6);
    expect(new Set(values).size).toBe(6);
  });
});

describe('a log that was given up or copied', () => {
  it('is told so by the verifier, which accepts exactly what was open', async () => {
    await here.withLog(async (log) => {
      await begin(log);
      const running = await log.recordIntent(statement('s', 'select 1'));
      await log.giveUp('fork', { size: 1, root: rootAt(log.path, 1).toString('hex') });
      await running.end({ status: 'done' });
    });
    const codes = verifyDirectory(here.directory).findings.map(({ code }) => code);
    expect(codes.filter((code) => code !== 'log-dead')).toEqual([]);
  });
});
