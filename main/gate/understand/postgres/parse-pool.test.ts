import { describe, expect, it } from 'vitest';
import { ParsePool } from './parse-pool.ts';

/** Quadratic for the scanner: seconds for 40 KB (the lexer takes all operator characters after each opening and gives them back). */
const SLOW = `select ${'/*'.repeat(60_000)}`;

describe('parsing beside the thread of the gate', () => {
  it('gives up at the deadline, and understands the next text with a new worker', async () => {
    const pool = new ParsePool({ deadline: 400 });
    try {
      expect(await pool.parse(SLOW)).toMatchObject({ ok: false, hazard: { code: 'too-slow' } });
      const patient = new ParsePool();
      const [large, small] = await Promise.all([
        patient.parse(`select '${'x'.repeat(40_000)}'`),
        pool.parse('select 1'),
      ]);
      await patient.close();
      expect([large.ok, small.ok]).toEqual([true, true]);
    } finally {
      await pool.close();
    }
  });

  it('answers texts that wait for the worker in turn', async () => {
    const pool = new ParsePool();
    try {
      const texts = ['a', 'b', 'c'].map((letter) => `select '${letter.repeat(40_000)}'`);
      const answers = await Promise.all(texts.map((text) => pool.parse(text)));
      expect(answers.map((answer) => answer.ok)).toEqual([true, true, true]);
    } finally {
      await pool.close();
    }
  });
});
