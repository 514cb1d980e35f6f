import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from './history.ts';

describe('history', () => {
  let directory = '';
  let history: History;
  const run = (text: string, verdict: 'allow' | 'refuse' = 'allow') =>
    history.add({
      at: '2026-11-21T12:00:00Z',
      connection: 'production',
      text,
      verdict,
      rows: verdict === 'allow' ? 3 : null,
      milliseconds: 12,
    });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-history-'));
    history = openHistory(directory);
  });
  afterEach(() => {
    history.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lists the newest first with its verdict', () => {
    run('SELECT 1');
    run('DELETE FROM orders', 'refuse');
    expect(history.list('', 10).map((e) => [e.text, e.verdict])).toEqual([
      ['DELETE FROM orders', 'refuse'],
      ['SELECT 1', 'allow'],
    ]);
  });

  it('finds statements by any part of their text, with no wildcards to trip over', () => {
    run('SELECT 100% FROM Orders');
    run('SELECT name FROM customers');
    expect(history.list('orders', 10).map((e) => e.text)).toEqual(['SELECT 100% FROM Orders']);
    expect(history.list('%', 10)).toHaveLength(1);
  });

  it('survives a restart', () => {
    run('SELECT 1');
    history.close();
    history = openHistory(directory);
    expect(history.list('', 10)).toHaveLength(1);
  });
});
