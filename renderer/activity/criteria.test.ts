import { describe, expect, it } from 'vitest';
import { workspaceState } from '../../shared/contract.ts';
import { type ActivityCriteria } from '../../shared/views.ts';
import {
  type Filter,
  fields,
  firstCriteria,
  isNarrowed,
  narrowedTo,
  queryOf,
  queryWithout,
  searchedFor,
  toggledValue,
  touching,
  valuesOf,
} from './criteria.ts';

const savedWith = (activity: ActivityCriteria): boolean =>
  workspaceState.safeParse({ tabs: [], active: null, layout: {}, theme: 'system', activity }).success;

describe('what narrows the events', () => {
  it.each(fields)('$label narrows to a value and lets it go again', ({ field }) => {
    const value = field === 'verdict' ? 'refuse' : field === 'status' ? 'failed' : 'some';
    const filter = narrowedTo({}, field, [value]);
    expect(valuesOf(filter, field)).toEqual([value]);
    expect(narrowedTo(filter, field, [])).toEqual({});
  });

  it('keeps the other fields when one changes', () => {
    const filter: Filter = { person: 'a b', text: 'card' };
    expect(narrowedTo(filter, 'table', ['public.orders'])).toEqual({ ...filter, table: 'public.orders' });
  });

  it('takes several kinds and one of everything else', () => {
    const kinds = toggledValue(toggledValue({}, 'kinds', 'auth.ok'), 'kinds', 'auth.failed');
    expect(kinds).toEqual({ kinds: ['auth.ok', 'auth.failed'] });
    expect(toggledValue(kinds, 'kinds', 'auth.ok')).toEqual({ kinds: ['auth.failed'] });
    expect(toggledValue({ agent: 'a' }, 'agent', 'b')).toEqual({ agent: 'b' });
    expect(toggledValue({ agent: 'a' }, 'agent', 'a')).toEqual({});
  });

  it.each<[string, Filter, boolean]>([
    ['nothing', {}, false],
    ['words', { text: 'card' }, true],
    ['a field', { connection: 'shop' }, true],
    ['a list without an entry', { kinds: [] }, false],
  ])('by %s is told as narrowed or not', (_, filter, expected) => {
    expect(isNarrowed(filter)).toBe(expected);
  });

  it('asks only for what narrows, with the times of this moment', () => {
    const criteria: ActivityCriteria = { filter: { verdict: 'refuse' }, range: { kind: 'last', span: 'hour' } };
    expect(queryOf(criteria, 10_000_000)).toEqual({ verdict: 'refuse', from: 6_400_000 });
    expect(queryWithout(criteria, 'verdict', 10_000_000)).toEqual({ from: 6_400_000 });
  });

  it('asks who touched a column with nothing else left over', () => {
    expect(touching('shop', { column: 'public.customers.email' }).filter).toEqual({
      connection: 'shop',
      column: 'public.customers.email',
    });
  });
});

describe('criteria that the workspace could not be saved with', () => {
  it.each<[string, Filter]>([
    ['a name of 65,000 characters', narrowedTo({}, 'table', ['x'.repeat(65_000)])],
    ['words of a whole file', searchedFor({}, 'word '.repeat(10_000))],
    ['a verdict that is none', narrowedTo({}, 'verdict', ['perhaps'])],
    ['an outcome that is none', narrowedTo({ status: 'done' }, 'status', ['done', 'finished'])],
    [
      'a hundred kinds',
      narrowedTo(
        {},
        'kinds',
        Array.from({ length: 100 }, (_, n) => `kind.${String(n)}`),
      ),
    ],
    ['blanks', narrowedTo({}, 'person', ['   '])],
  ])('do not come from %s', (_, filter) => {
    expect(savedWith({ filter, range: firstCriteria.range })).toBe(true);
  });
});
