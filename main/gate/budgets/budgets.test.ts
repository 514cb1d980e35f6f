import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Budgets, type CountedUse, createBudgets } from './budgets.ts';
import { sumOfRacing } from '../testing/racing.ts';
import { CountsUnavailable } from './sealed-counts.ts';

const KEY = Buffer.alloc(32, 7);
const use = (change: Partial<CountedUse> = {}): CountedUse => ({
  person: 'https://id.example ana',
  connection: 'shop',
  class: 'ssn',
  permit: 'look-up',
  day: '2026-03-02',
  perDay: 2,
  ...change,
});

let directory: string;
let path: string;
let budgets: Budgets;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-budgets-'));
  path = join(directory, 'budgets.db');
  budgets = createBudgets(path, KEY);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs SQL as somebody else would who has the file. */
function meddle(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('uses that are counted', () => {
  it('are given as often as the permit says, and then no more', () => {
    expect([1, 2, 3, 4].map(() => budgets.spend([use()])?.permit)).toEqual([
      undefined,
      undefined,
      'look-up',
      'look-up',
    ]);
    expect(budgets.exhausted([use()])).toEqual(use());
  });

  it('are counted apart for each person, connection, class, permit and day', () => {
    const others = [
      use({ person: 'https://id.example ben' }),
      use({ connection: 'other' }),
      use({ class: 'email' }),
      use({ permit: 'look-up-more' }),
      use({ day: '2026-03-03' }),
    ];
    budgets.spend([use()]);
    budgets.spend([use()]);
    expect(budgets.exhausted([use()])).toBeDefined();
    for (const other of others) expect(budgets.spend([other])).toBeUndefined();
  });

  it('are still counted when the program starts again', () => {
    budgets.spend([use()]);
    budgets.spend([use()]);
    expect(createBudgets(path, KEY).spend([use()])).toEqual(use());
  });

  it('are spent all or none', () => {
    const rare = use({ permit: 'rare', perDay: 1 });
    expect(budgets.spend([use(), rare])).toBeUndefined();
    expect(budgets.spend([use(), rare])).toEqual(rare);
    expect(budgets.spend([use()])).toBeUndefined();
    expect(budgets.spend([use()])).toEqual(use());
  });

  it('leave no file where there are none', () => {
    expect(budgets.exhausted([use()])).toBeUndefined();
    expect(budgets.spend([])).toBeUndefined();
    expect(() => statSync(path)).toThrow();
  });

  it('are counted in a file that nobody else can read', () => {
    budgets.spend([use()]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it(
    'are given together as often as the permit says to processes that spend at once',
    { timeout: 60_000 },
    async () => {
      const script = `
      import { createBudgets } from ${JSON.stringify(new URL('./budgets.ts', import.meta.url).href)};
      const budgets = createBudgets(${JSON.stringify(path)}, Buffer.alloc(32, 7));
      let given = 0;
      for (let i = 0; i < 12; i++) if (budgets.spend([${JSON.stringify(use({ perDay: 20 }))}]) === undefined) given++;
      console.log(given);`;
      expect(await sumOfRacing(script)).toBe(20);
    },
  );
});

describe('counts that cannot be trusted', () => {
  it('give nothing where somebody wrote a smaller number', () => {
    budgets.spend([use()]);
    budgets.spend([use()]);
    meddle('UPDATE spent SET used = 0');
    expect(() => budgets.spend([use()])).toThrow(CountsUnavailable);
    expect(() => budgets.exhausted([use()])).toThrow(CountsUnavailable);
  });

  it('give nothing where the count of another person or day was put in their place', () => {
    budgets.spend([use({ person: 'https://id.example ben' })]);
    budgets.spend([use()]);
    budgets.spend([use()]);
    meddle(
      `UPDATE spent SET (used, seal) = (SELECT used, seal FROM spent WHERE person LIKE '%ben') WHERE person LIKE '%ana'`,
    );
    expect(() => budgets.spend([use()])).toThrow(CountsUnavailable);
  });

  it('give nothing where the file is of another installation', () => {
    budgets.spend([use()]);
    expect(() => createBudgets(path, Buffer.alloc(32, 8)).spend([use()])).toThrow(CountsUnavailable);
  });

  it.each([
    ['is no database', () => writeFileSync(path, 'not a database, and long enough to be read as one'.repeat(100))],
    ['has another table', () => meddle('CREATE TABLE spent (x)')],
    ['is a directory', () => (path = directory)],
  ])('give nothing where the file %s', (_, spoil) => {
    spoil();
    expect(() => createBudgets(path, KEY).spend([use()])).toThrow(CountsUnavailable);
  });

  it('give nothing while another process keeps the file locked', () => {
    budgets.spend([use()]);
    const other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    expect(() => budgets.spend([use()])).toThrow(CountsUnavailable);
    other.close();
    expect(budgets.spend([use()])).toBeUndefined();
  });

  it('start at zero where the file was deleted: what is in the record tells', () => {
    budgets.spend([use()]);
    budgets.spend([use()]);
    rmSync(path);
    expect(budgets.spend([use()])).toBeUndefined();
  });
});
