import { describe, expect, it } from 'vitest';
import { ParsePool } from './parse-pool.ts';
import { parserReady, parseText, scanText } from './parser.ts';

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

/** A worker that begins, and does this when it is asked. */
const worker = (answer: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${answer} }); parentPort.postMessage('ready');`,
    )}`,
  );

const LARGE = `select '${'x'.repeat(40_000)}'`;

describe('a worker that fails', () => {
  const failures: readonly (readonly [string, URL, string])[] = [
    ['ends in the middle of a text', worker('process.exit(3)'), 'too-slow'],
    ['throws', worker("throw new RangeError('Maximum call stack size exceeded')"), 'too-deep'],
    ['never begins', new URL('data:text/javascript,process.exit(1)'), 'too-slow'],
    ['does not answer', worker(''), 'too-slow'],
    ['answers for ever with nothing', worker('for (;;);'), 'too-slow'],
  ];
  for (const [how, script, code] of failures) {
    it(`costs that statement only: it ${how}`, async () => {
      const pool = new ParsePool({ script, deadline: 300 });
      try {
        const [large, small, again] = await Promise.all([pool.parse(LARGE), pool.parse('select 1'), pool.parse(LARGE)]);
        expect([large, again]).toMatchObject([
          { ok: false, hazard: { code } },
          { ok: false, hazard: { code } },
        ]);
        expect(small.ok).toBe(true);
      } finally {
        await pool.close();
      }
    });
  }
});

/** Texts that end the stack, or the parser's memory, inside the module. */
const DEEP: readonly string[] = [
  `select 1${'+1'.repeat(60_000)}`,
  `select 1${'::a'.repeat(60_000)}`,
  `select ${'('.repeat(60_000)}1${')'.repeat(60_000)}`,
  `${'select*from('.repeat(20_000)}select 1${')a'.repeat(20_000)}`,
  `select 1${' union select 1'.repeat(60_000)}`,
];

describe('a text that is nested too deeply', () => {
  it('is refused beside the thread, and the next one is understood', async () => {
    const pool = new ParsePool();
    try {
      for (const text of DEEP) {
        expect(await pool.parse(text)).toMatchObject({ ok: false, hazard: { code: 'too-deep' } });
        expect((await pool.parse(LARGE)).ok).toBe(true);
      }
    } finally {
      await pool.close();
    }
  });

  it('costs this thread its parser for a moment, and no more', async () => {
    const [chain = ''] = DEEP;
    expect(parseText(chain)).toMatchObject({ ok: false, broken: true, hazard: { code: 'too-deep' } });
    expect([parseText('select 1').ok, scanText('select 1')], 'refused, not read by what is broken').toEqual([
      false,
      undefined,
    ]);
    await parserReady();
    expect(parseText('select 1').ok).toBe(true);
    expect(scanText('select 1')).toHaveLength(2);
    const pool = new ParsePool();
    parseText(chain);
    expect((await pool.parse('select 2')).ok, 'whoever can wait does').toBe(true);
    await pool.close();
  });
});

describe('a short text that is slow for the scanner', () => {
  it('is parsed beside the thread', async () => {
    const pool = new ParsePool({ script: worker('process.exit(3)') });
    const slow = [`select 1 ${'+'.repeat(200)} 1`, `select ${'/*'.repeat(300)}`];
    for (const text of slow) expect(await pool.parse(text)).toMatchObject({ ok: false, hazard: { code: 'too-slow' } });
    expect((await pool.parse(`select 1 ${'+ '.repeat(200)} 1 /* ${'- '.repeat(100)} */`)).ok).toBe(true);
    await pool.close();
  });
});

/** More for whoever has the time: COUNTERSIGN_PARSES=200000. */
const PARSES = Number(process.env['COUNTERSIGN_PARSES'] ?? 0);

describe('the memory of this process', () => {
  it.skipIf(PARSES === 0)(
    `does not grow with the number of texts${PARSES === 0 ? ' (skipped: COUNTERSIGN_PARSES is not set)' : ''}`,
    { timeout: 60_000 + PARSES * 5 },
    async () => {
      const pool = new ParsePool();
      const parse = async (from: number, to: number): Promise<void> => {
        for (let at = from; at < to; at += 1) {
          const text = ['select * from t where id = ', 'selec ', "select '", 'update t set a = '][at % 4] ?? '';
          await pool.parse(`${text}${String(at)}`);
          if (at % 1_000 === 0) await pool.parse(`${LARGE} -- ${String(at)}`);
        }
      };
      await parse(0, 20_000);
      const before = process.memoryUsage.rss();
      await parse(20_000, 20_000 + PARSES);
      expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(64);
      await pool.close();
    },
  );
});
