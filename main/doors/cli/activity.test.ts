import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalProfile } from '../../profile/local.ts';
import { activity, type ActivityOptions, activityShow } from './activity.ts';
import { instantOf } from '../instant.ts';
import { ioOf } from './testing/terminal.ts';
import { type CliIo } from './io.ts';

let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-activity-'));
  await createLocalProfile(home, { secrets: 'file' });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function said(command: (io: CliIo) => Promise<unknown>): Promise<string> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out = text(stdout);
  await command(ioOf(stdout, stderr));
  stdout.end();
  return out;
}
const listed = (options: Partial<ActivityOptions>): Promise<string> =>
  said((io) => activity(io, home, { limit: 100, ...options }));
const events = async (options: Partial<ActivityOptions>): Promise<readonly Record<string, unknown>[]> =>
  (await listed({ ...options, json: true }))
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('countersign activity', () => {
  it('finds what every command has recorded, its own search included', async () => {
    await listed({ text: 'a search of mine' });
    const found = await events({ kind: ['review.done', 'policy.load'] });
    expect(found.map(({ kind }) => kind)).toContain('policy.load');
    expect(found.find(({ kind }) => kind === 'review.done')).toMatchObject({
      title: 'Record looked at',
      time: expect.stringMatching(/^20\d\d-.*Z$/),
    });
    expect(await events({ kind: ['policy.load'], until: '2001-01-01' })).toEqual([]);
    expect(await events({ person: "' OR 1=1 --" })).toEqual([]);
  });

  it('prints a table for people and CSV for programs', async () => {
    expect(await listed({ kind: ['policy.load'] })).toMatch(
      /^time +\| who +\| connection[^]*Policy in force: policy\.yaml/,
    );
    expect(await listed({ kind: ['policy.load'], csv: true, limit: 1 })).toMatch(
      /^time,person,[^\n]*\r\n[^\n]*policy\.load[^\n]*\r\n[^\n]*,export\.cut,Not everything,[^\n]*\r\n$/,
    );
  });

  it('shows one event, and writes its proof into a file that is not there yet', async () => {
    const [event] = (await events({ kind: ['policy.load'] })).toReversed();
    const show = (options: { readonly json?: boolean; readonly proof?: string }): Promise<string> =>
      said((io) => activityShow(io, home, String(event?.['log']), Number(event?.['index']), options));
    expect(await show({})).toContain('is under the root');
    const proof = join(home, 'event.tlog-proof');
    expect(JSON.parse(await show({ json: true, proof }))).toMatchObject({
      event: { kind: 'policy.load' },
      proof: { holds: true },
    });
    expect(readFileSync(proof, 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/);
    await expect(show({ proof })).rejects.toMatchObject({ code: 'output-failed' });
    await expect(show({ proof: join(home, 'none', 'x') })).rejects.toMatchObject({ code: 'output-failed' });
    expect(existsSync(join(home, 'none'))).toBe(false);
  });

  it.each([
    [{ since: '2026-02-30' }, 'not-a-time'],
    [{ until: 'yesterday' }, 'not-a-time'],
    [{ limit: 0 }, 'activity-limit'],
    [{ limit: 1_000_000 }, 'activity-limit'],
  ])('refuses %j', async (options, code) => {
    await expect(listed(options)).rejects.toMatchObject({ code });
  });

  it.each([
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21T09:30', Date.UTC(2026, 10, 21, 9, 30)],
    ['2026-11-21T09:30:15.5Z', Date.UTC(2026, 10, 21, 9, 30, 15, 500)],
    ['2026-11-21T09:30+02:00', Date.UTC(2026, 10, 21, 7, 30)],
    ['30m', 1_000_000_000_000 - 1_800_000],
    ['7d', 1_000_000_000_000 - 7 * 86_400_000],
  ])('takes %s for a time', (written, expected) => {
    expect(instantOf(written, '--since', 1_000_000_000_000)).toBe(expected);
  });
});
