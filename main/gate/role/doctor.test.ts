import { describe, expect, it } from 'vitest';
import { type Backends, pooler } from './doctor.ts';

describe('what the doctor makes of process ids', () => {
  const rows: readonly (readonly [string, Backends, 'good' | 'refuses'])[] = [
    ['one process for each connection', { announced: [7, 8], first: [7, 7], second: [8, 8] }, 'good'],
    ['another process for each transaction', { announced: [7, 8], first: [7, 9], second: [8, 8] }, 'refuses'],
    ['one process for two connections in turn', { announced: [501, 502], first: [7, 7], second: [7, 7] }, 'refuses'],
    ['processes that were announced otherwise', { announced: [501, 502], first: [7, 7], second: [8, 8] }, 'refuses'],
  ];
  it.each(rows)('%s', (_title, backends, level) => {
    expect(pooler(backends).level).toBe(level);
  });
});
