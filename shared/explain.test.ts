import { describe, expect, it } from 'vitest';
import { EFFECT_WORDS, explainSections, PLACE_WORDS } from './explain.ts';
import { type VerdictView } from './views.ts';

const span = (start: number): { readonly start: number; readonly end: number } => ({ start, end: start + 3 });

const view: VerdictView = {
  verdict: 'allow',
  action: 'select',
  title: 'SELECT',
  effects: ['reads'],
  objects: [
    { name: 'public.customers', access: 'read', via: 'public.people' },
    { name: 'public.log', access: 'write', via: null },
  ],
  columns: [
    { column: 'public.customers.email', place: 'output', span: span(7) },
    { column: 'public.customers.id', place: 'predicate', span: span(30) },
    { column: 'public.customers.id', place: 'predicate', span: span(40) },
  ],
  functions: [
    { name: 'lower', span: span(1) },
    { name: 'upper', span: span(2) },
    { name: 'lower', span: span(3) },
  ],
  operators: [],
  casts: [],
  types: [],
  outputs: [
    { name: 'email', from: ['public.customers.email'], made: 'plain', span: span(7) },
    { name: 'low', from: ['public.customers.name'], made: 'whole', span: null },
    { name: 'sum', from: ['a.b.c', 'a.b.d'], made: 'computed', span: null },
    { name: 'one', from: [], made: 'computed', span: null },
  ],
  masks: [
    {
      output: 0,
      name: 'email',
      column: 'public.customers.email',
      class: 'email',
      rule: 'masked',
      masker: 'email',
      sentence: 'masked: e-mail address (pii), rule masked',
    },
  ],
  rules: [{ id: 'analysts-read', effect: 'allow', text: 'Analysts read.' }],
  reasons: [],
  limits: { rows: 10_000, bytes: 1024, statementTimeout: 30_000 },
  groupSize: null,
  permitted: [],
  unordered: false,
  approvers: [],
  secondLineage: null,
  needs: [],
  grants: [],
  leaving: { kind: 'yes', sentence: null },
  watermark: null,
  cut: false,
};

const lines = (title: string, change: Partial<VerdictView> = {}) =>
  explainSections({ ...view, ...change }).find((section) => section.title === title)?.lines ?? [];
const texts = (title: string, change: Partial<VerdictView> = {}) => lines(title, change).map(({ text }) => text);

describe('an explained verdict', () => {
  it('leaves out what there is nothing to say about', () => {
    expect(explainSections(view).map(({ title }) => title)).toEqual([
      'Effects',
      'Relations',
      'Columns, and where they are used',
      'Functions',
      'Outputs',
      'Which rows come out, and how, depends on',
      'Rules',
      'Limits',
    ]);
  });

  it('says in words what a statement does and to what', () => {
    expect(texts('Effects')).toEqual(['reads rows']);
    expect(texts('Relations')).toEqual(['reads public.customers through public.people', 'changes public.log']);
  });

  it('says each column with its place once, at the first place in the text', () => {
    expect(lines('Columns, and where they are used')).toEqual([
      { text: 'public.customers.email in an output', note: null, span: span(7), meaning: 'plain' },
      { text: 'public.customers.id in a condition', note: null, span: span(30), meaning: 'plain' },
    ]);
  });

  it('counts a function that is called several times', () => {
    expect(texts('Functions')).toEqual(['lower, 2 times', 'upper']);
  });

  it('says where each output comes from, and which mask it has in the words of its tooltip', () => {
    expect(texts('Outputs')).toEqual([
      '1 email = public.customers.email',
      '2 low = made of public.customers.name',
      '3 sum = computed from a.b.c, a.b.d',
      '4 one, of no column',
    ]);
    expect(lines('Outputs')[0]).toMatchObject({ meaning: 'masked', note: view.masks[0]?.sentence });
  });

  it('tells what decides which rows come out from what comes out', () => {
    expect(texts('Which rows come out, and how, depends on')).toEqual(['public.customers.id']);
    expect(texts('Which rows come out, and how, depends on', { outputs: [] })).toEqual([]);
  });

  it('gives a reason its code, its next step and its place', () => {
    const reasons = [{ code: 'denied', sentence: 'Not here.', next: 'Elsewhere.', span: span(5) }];
    expect(explainSections({ ...view, verdict: 'refuse', reasons })[0]).toEqual({
      title: 'Why',
      lines: [{ text: 'Not here. [denied]', note: 'Elsewhere.', span: span(5), meaning: 'refused' }],
    });
  });

  it.each([
    [0, '0 bytes'],
    [1000, '1,000 bytes'],
    [16 * 1024 ** 2, '16 MiB'],
    [1024 ** 3, '1 GiB'],
    [1024 ** 3 + 1, '1,073,741,825 bytes'],
  ])('says a limit of %d bytes as it was written', (bytes, words) => {
    expect(texts('Limits', { limits: { rows: 1, bytes, statementTimeout: 1 } })[1]).toBe(`at most ${words}`);
  });

  it('says permits, the least size of groups, the second lineage and that a list was cut', () => {
    const permitted = [{ form: 'group', columns: ['a.b.c'], permits: ['group-by-city', 'agents-too'] }];
    expect(lines('Permitted uses', { permitted })).toMatchObject([
      { text: 'group of a.b.c', note: 'by group-by-city and agents-too' },
    ]);
    expect(texts('Limits', { groupSize: 10 }).at(-1)).toBe('every group has at least 10 rows, or nothing comes out');
    expect(texts('Second lineage', { secondLineage: { on: true, sentence: 'On.', mend: [] } })).toEqual(['On.']);
    expect(texts('Not listed', { cut: true })).toHaveLength(1);
  });

  it('says that indexes are left out', () => {
    expect(texts('Limits', { unordered: true }).at(-1)).toMatch(/^rows are read without indexes/);
  });

  it('has a word for a place or an effect that it does not know', () => {
    expect(texts('Effects', { effects: ['new-effect'] })).toEqual(['new-effect']);
    const columns = [{ column: 'a', place: 'toString', span: null }];
    expect(texts('Columns, and where they are used', { columns })).toEqual(['a as toString']);
    expect(Object.keys(PLACE_WORDS)).not.toContain('toString');
    expect(Object.keys(EFFECT_WORDS).length).toBeGreaterThan(10);
  });
});
