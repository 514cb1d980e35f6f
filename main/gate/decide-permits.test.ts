import { describe, expect, it } from 'vitest';
import { classifiedColumns, readClassification } from '../policy/classification.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { printProblems } from '../policy/yaml-file.ts';
import { attackCatalog, attackRows } from './corpus/testing/attack-corpus.ts';
import { decide } from './decide.ts';
import { trace } from './lineage/trace.ts';
import { understand } from './understand/postgres/understand.ts';
import { type Verdict } from './verdict.ts';

const CLASSIFICATION = `version: 1
classes:
  email: { group: pii, masker: email, title: e-mail address }
  ssn: { group: pii, masker: { keep-last: 4 }, title: social security number }
  pay: { group: finance, masker: redact, title: pay }
columns:
  - classes:
      public.customers.email: email
      public.customers.ssn: ssn
      public.customers.salary: pay
      public.customers.city: pay
`;

const read = readClassification(CLASSIFICATION, []);
if (!read.ok) throw new Error(printProblems('classification.yaml', read.problems));
const { classification } = read;
const index = attackCatalog();

/** Everything is masked for everyone; `rules` give back. */
function policy(rules: string): CompiledPolicy {
  const text = `version: 1
groups: { support: [support], analysts: [analysts], writers: [writers] }
grants:
  unmask: { for: group:support, approval: none, maxMinutes: 15 }
rules:
  - { id: everyone-reads, allow: read, to: [everyone, agent] }
  - { id: writers-write, allow: write, to: group:writers }
  - { id: masked, require: { mask: { pii: partial, finance: redact } } }
${rules}`;
  const compiled = compilePolicy(text, {
    classes: [...classification.classes.values()].map((entry) => ({ name: entry.class, group: entry.group })),
    connections: [],
  });
  if (!compiled.ok) throw new Error(printProblems('policy.yaml', compiled.problems));
  return compiled.policy;
}

async function verdict(
  rules: string,
  text: string,
  { groups = ['support'], agent = false }: { readonly groups?: readonly string[]; readonly agent?: boolean } = {},
): Promise<Verdict> {
  const { facts, tree } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
  if (tree === undefined) throw new Error(facts.hazards[0]?.sentence);
  const lineage = trace(tree, index);
  return decide({
    facts: { ...facts, relations: lineage.relations },
    lineage,
    principal: {
      issuer: 'https://login.example.com',
      subject: '1',
      name: 'Ana',
      groups: [...groups],
      verified: true,
      authenticatedAt: '2026-03-02T08:00:00Z',
      ...(agent ? { agent: { id: 'helper', name: 'Helper' } } : {}),
    },
    connection: {
      name: 'shop',
      title: 'Shop',
      engine: 'postgres',
      environment: 'production',
      host: '127.0.0.1',
      port: 5432,
      database: 'shop',
      user: 'gate',
      tls: 'disable',
      searchPath: ['public'],
    },
    policy: policy(rules),
    classification: classifiedColumns(classification, 'shop', undefined),
    now: new Date('2026-03-02T09:00:00Z'),
    grants: [],
  });
}

const LOOK_UP = `  - { id: look-up, permit: equality, of: ssn, to: group:support, budget: { perDay: 20 } }`;
const ONE = "select id from customers where ssn = '1'";

const words = (given: Verdict): string =>
  given.verdict === 'allow'
    ? 'allow'
    : given.reasons.map(({ sentence, next }) => `${sentence} ${next ?? ''}`).join(' / ');

describe('a use that a permit gives', () => {
  it('is allowed, named among the rules, and counted', async () => {
    expect(await verdict(LOOK_UP, ONE)).toMatchObject({
      verdict: 'allow',
      rules: [{ id: 'masked' }, { id: 'everyone-reads' }, { id: 'look-up', effect: 'permit' }],
      permitted: [
        {
          form: 'equality',
          class: 'ssn',
          columns: [
            { schema: 'public', relation: 'customers', column: 'ssn' },
            { schema: 'public', relation: 'cust_child', column: 'ssn' },
          ].slice(0, 1),
          permits: [{ rule: { id: 'look-up' }, perDay: 20 }],
          compared: { literal: '1' },
        },
      ],
    });
  });

  it('keeps no value for the record where the permit says so', async () => {
    const given = await verdict(LOOK_UP.replace(' }', ' }, record: false'), ONE);
    expect(given).toMatchObject({ verdict: 'allow', permitted: [{ form: 'equality' }] });
    expect(JSON.stringify(given)).not.toContain('compared');
  });

  it('leaves the masks on what comes out', async () => {
    expect(await verdict(LOOK_UP, "select ssn, email from customers where ssn = '1'")).toMatchObject({
      masks: [{ class: 'ssn' }, { class: 'email' }],
    });
  });

  it('names the smallest group that may be shown, and masks the keys whole', async () => {
    const group =
      '  - { id: groups, permit: group, of: ssn, minimum: 7 }\n  - { id: wider, permit: group, of: ssn, minimum: 12, to: group:support }';
    expect(await verdict(group, 'select ssn, count(*) from customers group by ssn order by 2')).toMatchObject({
      verdict: 'allow',
      groupSize: { outputs: [1], minimum: 7 },
      masks: [{ output: 0, whole: true, masker: { kind: 'redact' } }],
    });
  });

  const COUNTS = `  - { id: counts, permit: [group, aggregate, cardinality], of: '*', minimum: 7 }`;
  it.each([
    ['select ssn, count(*) from customers group by ssn order by 2', 'small groups made large by rows of their own'],
    ['select created, count(*), avg(salary) from customers group by created', 'one value beside others that they know'],
    ['select count(distinct ssn) from customers', 'a value that is one more, or is not'],
  ])('is not given to who may write the table: %s (%s)', async (text) => {
    expect(await verdict(COUNTS, text)).toMatchObject({ verdict: 'allow' });
    expect(await verdict(COUNTS, text, { groups: ['support', 'writers'] })).toMatchObject({
      verdict: 'refuse',
      reasons: [{ next: 'It is permitted of tables that you may not write, and you may write public.customers.' }],
    });
  });

  it('is that of the permit that gives most, where the asker has several', async () => {
    const several = `${LOOK_UP}\n  - { id: look-up-more, permit: equality, of: pii, budget: { perDay: 50 } }`;
    expect(await verdict(several, ONE)).toMatchObject({
      permitted: [{ permits: [{ rule: { id: 'look-up-more' }, perDay: 50 }] }],
    });
  });

  it('is none for statements that write, explain or measure', async () => {
    const both = `${LOOK_UP}\n  - { id: known, permit: nullness, of: '*' }`;
    for (const text of [
      `explain ${ONE}`,
      `explain analyze ${ONE}`,
      "delete from customers where ssn = '1'",
      "insert into guesses select name from customers where ssn = '1'",
      "with d as (delete from guesses returning v) select id from customers where ssn = '1'",
    ]) {
      expect((await verdict(both, text, { groups: ['support', 'writers'] })).verdict, text).toBe('refuse');
    }
  });

  it('is none in statements of which the masked column is in another table than the permit is for', async () => {
    const placed = LOOK_UP.replace('to:', 'in: { table: orders }, to:');
    expect((await verdict(placed, ONE)).verdict).toBe('refuse');
    expect((await verdict(placed.replace('orders', 'cust*'), ONE)).verdict).toBe('allow');
  });
});

describe('an agent', () => {
  it('has no permit that does not name agents', async () => {
    expect(words(await verdict(LOOK_UP, ONE, { agent: true }))).toContain(
      'Rule look-up permits to compare it with one value to support, not an agent acting for you here.',
    );
  });

  it('has one that names agents where its person has one too, and both are counted', async () => {
    const both = `${LOOK_UP}\n  - { id: agents-look-up, permit: equality, of: ssn, to: agent, budget: { perDay: 5 } }`;
    expect(await verdict(both, ONE, { agent: true })).toMatchObject({
      permitted: [
        {
          permits: [
            { rule: { id: 'agents-look-up' }, perDay: 5 },
            { rule: { id: 'look-up' }, perDay: 20 },
          ],
        },
      ],
    });
    expect((await verdict(both, ONE, { agent: true, groups: ['analysts'] })).verdict).toBe('refuse');
  });
});

describe('a refusal', () => {
  it('says which permit would allow the use, and that the asker does not have it', async () => {
    expect(words(await verdict(LOOK_UP, ONE, { groups: ['analysts'] }))).toBe(
      'public.customers.ssn (social security number, pii) is masked for you by rule masked; it is used in a condition, and whether a row comes back would tell its value. ' +
        'Filter on a column that is not masked, such as a key. Rule look-up permits to compare it with one value to support, not you here.',
    );
  });

  it('says that nobody is permitted', async () => {
    expect(words(await verdict('', ONE))).toContain('No rule of the policy permits to compare it with one value.');
  });

  it('says how to write what the asker is permitted', async () => {
    expect(words(await verdict(LOOK_UP, "select id from customers where ssn in ('1', '2')"))).toContain(
      "The policy permits you to compare it with one value: column = 'value', beside other conditions of WHERE and once in a statement.",
    );
  });

  it('says that a use is permitted once', async () => {
    expect(words(await verdict(LOOK_UP, `${ONE} and ssn = '2'`))).toContain('It is permitted once in a statement');
  });

  it('says which side of a join can be written', async () => {
    const joins = '  - { id: joins, permit: join, of: ssn }';
    const text = 'select a.id, b.id from customers a join customers b on a.ssn = b.ssn order by 1, 2';
    expect((await verdict(joins, text)).verdict).toBe('allow');
    expect(words(await verdict(joins, text, { groups: ['writers'] }))).toContain(
      'It is permitted between tables that you may not write, and you may write public.customers.',
    );
  });

  it('says which keys have to be in ORDER BY', async () => {
    const groups = '  - { id: groups, permit: group, of: ssn }';
    const text = 'select name, ssn, count(*) from customers group by name, ssn order by count(*)';
    expect(words(await verdict(groups, text))).toContain('Name count(*) and name in ORDER BY.');
  });
});

describe('a permit to see in clear', () => {
  const CLEAR = '  - { id: seen, permit: clear, of: ssn, to: group:support }';

  it('takes the mask off the columns of its classes, and off no other', async () => {
    expect(await verdict(CLEAR, "select ssn, email from customers where ssn like '1%'")).toMatchObject({
      verdict: 'allow',
      masks: [{ output: 1, class: 'email' }],
      permitted: [{ form: 'clear', class: 'ssn', permits: [{ rule: { id: 'seen' } }] }],
      rules: [{ id: 'masked' }, { id: 'everyone-reads' }, { id: 'seen' }],
    });
  });

  it('does not let what is seen be written elsewhere', async () => {
    expect(
      (await verdict(CLEAR, 'insert into guesses select ssn from customers', { groups: ['support', 'writers'] }))
        .verdict,
    ).toBe('refuse');
  });

  it('is given to no agent that it does not name', async () => {
    expect(await verdict(CLEAR, 'select ssn from customers', { agent: true })).toMatchObject({
      masks: [{ class: 'ssn' }],
    });
  });
});

describe('permits of everything but clear', () => {
  const ALL = `  - { id: known, permit: [nullness, join, group, aggregate, cardinality], of: '*' }
  - { id: equal, permit: equality, of: '*', budget: { perDay: 1 } }
  - { id: views, permit: view, of: '*', views: [public.v_filter] }`;
  const rows = attackRows('./pg-attacks.json').filter((row) => row.verdict === 'masked' || row.verdict === 'allow');

  it('change no verdict and no mask of statements that have no such use', { timeout: 60_000 }, async () => {
    for (const text of rows.flatMap((row) => row.sql)) {
      const { tree } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
      if (tree === undefined) continue;
      const [without, with_] = [await verdict('', text), await verdict(ALL, text)];
      if (without.verdict !== 'allow') continue;
      expect(with_, text).toEqual(without);
    }
  });
});
