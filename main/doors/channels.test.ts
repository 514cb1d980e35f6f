import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, loudError, type CanaryShop, startCanaryShop } from '../gate/mask/testing/canary-shop.ts';
import { printError } from './cli/io.ts';
import { formatRows, type RowFormat } from './format/rows.ts';

/** Channels that doors add to the gate's (docs/masking.md): what they write is made of what the result holds. */

describe('clipboard and export', () => {
  let shop: CanaryShop;
  beforeAll(async () => {
    shop = await startCanaryShop();
  }, 120_000);
  afterAll(() => shop.close());

  it.each<RowFormat>(['csv', 'tsv', 'json', 'markdown', 'insert', 'in-list'])(
    'as %s hold masked cells as they are shown',
    async (format) => {
      const { columns, rows } = await shop.run('SELECT * FROM people');
      const text = [...formatRows(format, columns, rows, { headers: true })].join('');
      expect(text).not.toMatch(CANARY);
      expect(text).toContain('tok_');
    },
  );
});

describe('crash output', () => {
  it('of the command line shows none of the server’s words, with its stack or without', () => {
    let printed = '';
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        printed += String(chunk);
        done();
      },
    });
    const error = loudError();
    for (const environment of [{}, { COUNTERSIGN_DEBUG: '1' }]) {
      const { signal } = new AbortController();
      printError({ stdin: new PassThrough(), stdout: stderr, stderr, environment, signal }, error);
    }
    expect(printed).toContain('something went wrong');
    expect(printed).not.toContain('spilled');
  });
});
