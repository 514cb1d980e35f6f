import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwins, type Twins } from './testing/twins.ts';

/** What stands for a secret in a statement; searched for in everything that is kept. */
const CANARY = 'canary-of-a-statement';
const MASKED_VALUE = /\b\d{3}-\d{2}-\d{4}\b|\bu[0-9a-f]{8}@mail\.example/;

/** Every place in a text that can hold a secret, in statements that run, fail, are refused or cannot be read. */
const STATEMENTS = [
  `select '${CANARY}', E'${CANARY}\\x41', U&'${CANARY}', $$${CANARY}$$, $a$${CANARY}$a$, N'${CANARY}'`,
  `select id from customers where name = '${CANARY}' -- ${CANARY}`,
  `select id /* ${CANARY} */ from customers where ssn = '${CANARY}'`,
  `select ('${CANARY}' || name)::int from customers`,
  `select ('${CANARY}' || note)::int from orders`,
  `select '${CANARY}'::int`,
  `select '{${CANARY}'::json`,
  `select * from customers where ssn = '${CANARY}' '${CANARY}' (`,
  `select id from customers where ssn = "${CANARY}"`,
  `select "${CANARY}"(1)`,
  `select '1'::"${CANARY}"`,
  `select '${CANARY}`,
  `select $$${CANARY}`,
  `select "${CANARY}`,
  `select 1 /* ${CANARY}`,
  `selec '${CANARY}'`,
  `alter role analyst password '${CANARY}'`,
  `create role somebody login password '${CANARY}'`,
  `create user mapping for analyst server s options (password '${CANARY}')`,
  `create subscription s connection 'password=${CANARY}' publication p`,
  `create server s foreign data wrapper f options (password '${CANARY}')`,
  `copy orders from program 'curl ${CANARY}'`,
  `copy (select '${CANARY}') to stdout`,
  `set application_name = '${CANARY}'`,
  `select set_config('app.token', '${CANARY}', false)`,
  `alter system set primary_conninfo = '${CANARY}'`,
  `comment on table orders is '${CANARY}'`,
  `create table x (a text default '${CANARY}')`,
  `do $$begin raise notice '${CANARY}'; end$$`,
  `create function f() returns text language sql as $$select '${CANARY}'$$`,
  `call fix_orders('${CANARY}')`,
  `prepare p as select '${CANARY}'`,
  `execute p ('${CANARY}')`,
  `notify c, '${CANARY}'`,
  `explain select * from orders where note = '${CANARY}'`,
  `select 1; select '${CANARY}'`,
  `select '${CANARY.repeat(4_000)}'`,
];

let twins: Twins;

beforeAll(async () => {
  twins = await startTwins();
}, 120_000);

afterAll(async () => {
  await twins.close();
});

/** Files of the profile that hold a text, by their paths in it. */
function holding(pattern: RegExp): readonly string[] {
  return readdirSync(twins.home, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && pattern.test(textOf(path)) ? [relative(twins.home, path)] : [];
  });
}

/** A file that is written beside another and renamed is gone a moment later: what it held stands under its name. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

describe('what is kept of statements and their results', () => {
  STATEMENTS.forEach((text, at) => {
    it(`holds in clear nothing of the values in: ${text.slice(0, 100)}`, async () => {
      const own = `${CANARY}-${String(at)}-`;
      await twins.run('a', text.replaceAll(CANARY, own));
      expect(holding(new RegExp(own))).toEqual([]);
    });
  });

  it('holds no value of a parameter', async () => {
    const own = `${CANARY}-parameter`;
    await twins.run('a', 'select id from customers where name = $1', [own]);
    await twins.run('a', 'select id from customers where id = $1', [own]);
    expect(holding(new RegExp(own))).toEqual([]);
  });

  it('holds no masked value, while the result is held and after', async () => {
    const { gate } = twins.installation;
    const held: string[] = [];
    const request = { session: twins.session, connection: 'twin-a', params: [], origin: 'cli' } as const;
    const text = 'select ssn, email from customers, generate_series(1, 10)';
    for await (const event of gate.run({ ...request, text }, new AbortController().signal)) {
      if (event.kind === 'columns') held.push(event.result);
    }
    expect(holding(MASKED_VALUE)).toEqual([]);
    for (const result of held) gate.releaseResult(twins.session, result);
    expect(holding(MASKED_VALUE)).toEqual([]);
  });

  it('holds the password of the database role in its own file alone', () => {
    expect(holding(new RegExp(twins.password))).toEqual([join('secrets', 'analyst')]);
  });

  it.skipIf(process.platform !== 'linux')('shows no password in the list of processes (Linux only)', () => {
    const lines = readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'latin1')];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
    expect(lines.filter((line) => line.includes(twins.password) || line.includes(CANARY))).toEqual([]);
  });
});
