import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { type AttackRow, attackRows } from './testing/attack-corpus.ts';
import { runOutside } from './testing/outside.ts';
import { comparable, databaseOf, startTwins, type Twin, type Twins, type Visible } from './testing/twins.ts';

const ROWS = attackRows('./user-code.json');
const sections = readFileSync(new URL('./user-code.sql', import.meta.url), 'utf8').split(/^-- @(\w+)$/m);

/** The statements of a section of user-code.sql, with those that need a newer server where this one is new enough. */
function statements(section: string, major: number): readonly string[] {
  const names = major >= 14 ? [section, `${section}_14`] : [section];
  return names.flatMap((name) => {
    const at = sections.indexOf(name);
    return at < 0 ? [] : (sections[at + 1] ?? '').split(/;\n/).filter((statement) => statement.trim() !== '');
  });
}

function verdictOf(runs: readonly Visible[]): Visible['verdict'] {
  if (runs.some(({ verdict }) => verdict === 'refuse')) return 'refuse';
  return runs.some(({ verdict }) => verdict === 'masked') ? 'masked' : 'allow';
}

const title = ({ id, why, sql }: AttackRow): string => `${id}: ${why}: ${sql.join('; ')}`;

for (const server of serversAtHand.filter(({ major }) => major === 15 || major === 18)) {
  for (const section of ['code', 'ambush']) {
    const rows = ROWS.filter(({ family = 'code', since = 0 }) => family === section && since <= server.major);
    describe.skipIf(server.missing)(`code that users made (${section}) on ${server.name}`, () => {
      let twins: Twins;
      beforeAll(async () => {
        twins = await startTwins(statements(section, server.major), server);
      }, 120_000);
      afterAll(() => twins.close());

      const run = async (twin: Twin, { sql }: AttackRow): Promise<readonly Visible[]> => {
        const seen: Visible[] = [];
        for (const text of sql) seen.push(await twins.run(twin, text));
        return seen;
      };
      const outside = (twin: Twin, { sql }: AttackRow): ReturnType<typeof runOutside> =>
        runOutside(twins.server, sql, {
          user: 'analyst',
          password: twins.password,
          database: databaseOf(twin),
          transaction: 'read only',
        });

      for (const row of rows) {
        const outcome = { refuse: 'is refused', masked: 'is masked', allow: 'runs' }[row.verdict];
        const said = row.refused === undefined ? outcome : `is refused (${row.refused}), though harmless`;
        it(`${said}: ${title(row)}`, async () => {
          const [a, b] = [await run('a', row), await run('b', row)];
          expect(a.map(comparable), 'what is seen of databases that differ in masked values only').toEqual(
            b.map(comparable),
          );
          expect(
            {
              verdict: verdictOf(a),
              because: a.flatMap(({ because }) => because).slice(0, row.refused === undefined ? 0 : 1),
              failed: a.filter(({ failed }) => failed).map(({ output }) => output.ending),
            },
            a.flatMap(({ output }) => output.reasons).join(' '),
          ).toEqual({
            verdict: row.refused === undefined ? row.verdict : 'refuse',
            because: row.refused === undefined ? [] : [row.refused],
            failed: [],
          });
        });

        const danger = row.danger === 'reveals' ? 'reveals masked values' : 'reveals nothing';
        it(`outside of the gate ${danger}: ${title(row)}`, async () => {
          const [once, other] = [await outside('a', row), await outside('b', row)];
          const again = await outside('a', row);
          const stable = JSON.stringify(once.heard) === JSON.stringify(again.heard);
          const reveals = stable && JSON.stringify(once.heard) !== JSON.stringify(other.heard);
          expect(reveals ? 'reveals' : 'none', once.heard.slice(0, 3).join(' | ')).toBe(row.danger);
        });
      }
    });
  }
}
