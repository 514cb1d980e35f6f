import { describe, expect, it } from 'vitest';
import { type ClassifiedColumnView, type PolicyTestView } from '../../shared/views.ts';
import { byTable, matchingColumns, shareWords } from './classification-model.ts';
import { firstQuestion, inputOf, isComplete, withAsker } from './explain-question.ts';
import { rulesInOrder } from './explanation-model.ts';
import { withoutFences } from './hover-text.ts';
import { around, outcomeOf } from './simulation-words.ts';
import { testsInOrder, testsWords } from './tests-model.ts';

const test = (line: number, passed: boolean): PolicyTestView => ({ line, title: 't', passed, differences: [] });
const column = (name: string): ClassifiedColumnView => ({
  connection: 'shop',
  column: name,
  class: 'email',
  group: 'pii',
  source: 'file',
});

describe('tests of the policy', () => {
  it('stand with those that fail first, each part in the order of the file', () => {
    const lines = testsInOrder([test(1, true), test(2, false), test(3, true), test(4, false)]).map(({ line }) => line);
    expect(lines).toEqual([2, 4, 1, 3]);
  });

  it.each([
    [[true], 'The one test passes'],
    [[true, true], 'All 2 tests pass'],
    [[true, false], '1 of 2 tests fails'],
    [[false, false, true], '2 of 3 tests fail'],
  ])('%j are summed up as %s', (passed, words) => {
    expect(testsWords(passed.map((one, at) => test(at, one)))).toBe(words);
  });
});

describe('a question to the policy', () => {
  const question = { ...firstQuestion, connection: 'shop', sql: 'SELECT 1' };

  it('takes selectors and grants with spaces or commas between, and leaves out what is empty', () => {
    expect(inputOf({ ...question, as: ' group:analysts,  agent ', grants: 'unmask', at: ' ' }, null)).toEqual({
      text: null,
      as: ['group:analysts', 'agent'],
      connection: 'shop',
      sql: 'SELECT 1',
      grants: ['unmask'],
    });
  });

  it('is asked only with a connection and a statement', () => {
    expect(isComplete(question)).toBe(true);
    expect(isComplete({ ...question, connection: null })).toBe(false);
    expect(isComplete({ ...question, sql: ' \n' })).toBe(false);
  });

  it('names an asker once, however often somebody is added', () => {
    expect(withAsker('', 'agent')).toBe('agent');
    expect(withAsker('group:dba agent', 'agent')).toBe('group:dba agent');
  });
});

describe('the rules about a question', () => {
  it('stand with those that apply first, and denying ones before those', () => {
    const rule = (id: string, effect: 'allow' | 'deny' | 'require', applies: boolean) => ({
      id,
      effect,
      applies,
      line: 1,
      why: '',
    });
    const ids = rulesInOrder([
      rule('a', 'deny', false),
      rule('b', 'allow', true),
      rule('c', 'require', true),
      rule('d', 'deny', true),
    ]).map(({ id }) => id);
    expect(ids).toEqual(['d', 'c', 'b', 'a']);
  });
});

describe('hover text', () => {
  it('has no fenced blocks, which would be written as markup', () => {
    const text = withoutFences('Says:\n```yaml\nallow: `read`\n\nto: x\n```\nDone.');
    expect(text).not.toContain('```');
    expect(text).toContain('`` allow: `read` ``');
    expect(text.endsWith('Done.')).toBe(true);
  });
});

describe('simulated statements', () => {
  it.each([
    ['refuse', 'allow', 'Now allowed'],
    ['allow', 'refuse', 'Now refused'],
    ['allow', 'allow', 'Otherwise bound'],
    ['refuse', 'refuse', 'Otherwise bound'],
  ] as const)('from %s to %s are %s', (before, after, words) => {
    expect(outcomeOf({ before, after }).words).toBe(words);
  });

  it('are shown among what happened around them, also where their time is none', () => {
    expect(around(3_600_000_000)).toEqual({ kind: 'exact', from: 3_598_200_000, to: 3_601_800_000 });
    expect(around(Number.NaN)).toEqual({ kind: 'last', span: 'all' });
  });
});

describe('classified columns', () => {
  it('stand under their tables', () => {
    const tables = byTable([column('public.a.x'), column('public.b.y'), column('public.a.z')]);
    expect(tables.map(({ table, columns }) => [table, columns.map(({ name }) => name)])).toEqual([
      ['public.a', ['x', 'z']],
      ['public.b', ['y']],
    ]);
  });

  it.each([
    ['public."odd.name".x', 'public."odd.name"', 'x'],
    ['public.a."b.c"', 'public.a', '"b.c"'],
    ['strange', '', 'strange'],
  ])('%s is %s and %s', (name, table, rest) => {
    expect(byTable([column(name)])).toMatchObject([{ table, columns: [{ name: rest }] }]);
  });

  it('are found by their name, class and group', () => {
    const all = [column('public.a.x'), { ...column('public.b.y'), class: 'card', group: 'payment' }];
    expect(matchingColumns(all, 'PAY b.y')).toEqual([all[1]]);
    expect(matchingColumns(all, ' ')).toEqual(all);
  });

  it.each([
    [null, 'by its name'],
    [1, '100% of the values look so'],
    [0.999, '99% of the values look so'],
    [0.004, '<1% of the values look so'],
    [0, '0% of the values look so'],
  ])('with a share of %s are proposed %s', (share, words) => {
    expect(shareWords({ share })).toBe(words);
  });
});
