import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAMMAR } from '../understand/postgres/grammar.ts';
import { understand } from '../understand/postgres/understand.ts';
import { attackCatalog } from './testing/attack-corpus.ts';
import { runOutside } from './testing/outside.ts';
import { kindRows, twoPeople } from './testing/statement-kinds.ts';
import { databaseOf, startTwins, type Twins } from './testing/twins.ts';

const rows = kindRows();
const judge = twoPeople(attackCatalog());
const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' };

describe('the table of statement kinds', () => {
  it('has a row for every statement of the grammar, and none that the grammar does not have', () => {
    const statements = [...GRAMMAR].filter(([, { meaning }]) => meaning === 'statement').map(([kind]) => kind);
    const listed = new Set(rows.flatMap(({ node }) => node ?? []));
    expect(statements.filter((kind) => !listed.has(kind))).toEqual([]);
    expect([...listed].filter((kind) => !statements.includes(kind))).toEqual([]);
  });

  it.each(rows)('has the words for $form: $sql', async ({ node, sql, action, title }) => {
    const { facts, tree } = await understand(sql, SETTINGS);
    expect({ node: tree?.root.kind, action: facts.action, title: facts.title }).toEqual({ node, action, title });
  });

  for (const who of ['analyst', 'engineer'] as const) {
    for (const row of rows) {
      const said = { allow: 'may run', masked: 'gets masked', refuse: 'may not run' }[row[who]];
      it(`says that an ${who} ${said} ${row.form}: ${row.sql}`, async () => {
        const { outcome, reasons } = await judge(row.sql, who);
        expect(outcome).toBe(row[who]);
        const first = row.engineer === 'refuse' ? 'engineer' : 'analyst';
        if (outcome === 'refuse' && who === first) expect(reasons.map(({ next }) => next)).toContain(row.instead);
      });
    }
  }
});

describe('what READ ONLY makes of each kind on the server itself', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins();
  }, 120_000);
  afterAll(() => twins.close());

  for (const { form, sql, readOnly } of rows) {
    it(`${form} runs or is stopped for analysts (${readOnly.analyst}) and owners (${readOnly.owner}): ${sql}`, async () => {
      const { server, password } = twins;
      const transaction = { database: databaseOf('a'), transaction: 'read only' } as const;
      const analyst = await runOutside(server, [sql], { user: 'analyst', password, ...transaction });
      const owner = await runOutside(server, [sql], { user: server.user, password: server.password, ...transaction });
      expect({ analyst: analyst.sqlstate ?? 'runs', owner: owner.sqlstate ?? 'runs' }).toEqual(readOnly);
    });
  }

  it('is no wall: it lets run what the gate refuses to everybody', () => {
    const refused = rows.filter(({ engineer }) => engineer === 'refuse');
    expect(refused.filter(({ readOnly }) => readOnly.owner === 'runs').length).toBeGreaterThan(50);
  });
});
