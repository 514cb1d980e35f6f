import { describe, expect, it } from 'vitest';
import { type MatrixCellView, type PolicyChangeView } from '../../shared/views.ts';
import { countsOf, groupChanges, placesInWords } from './changes-model.ts';

const cell = (effect: MatrixCellView['effect'], rules: readonly string[] = []): MatrixCellView => ({
  effect,
  summary: '',
  obligations: [],
  rules,
  conditions: [],
});
const change = (part: Partial<PolicyChangeView>): PolicyChangeView => ({
  who: 'group:analysts',
  connection: 'shop',
  action: 'select',
  direction: 'wider',
  before: cell('deny'),
  after: cell('allow'),
  ...part,
});
const narrower = { direction: 'narrower', before: cell('allow'), after: cell('deny') } as const;

describe('the changes of a proposal', () => {
  it('stand with what becomes wider first, whatever order they come in', () => {
    const groups = groupChanges([
      change(narrower),
      change({ direction: 'mixed', after: cell('depends') }),
      change({ who: 'agent:scout' }),
    ]);
    expect(groups.map(({ direction }) => direction)).toEqual(['wider', 'mixed', 'narrower']);
  });

  it('are told once where one asker goes from the same to the same', () => {
    const groups = groupChanges([
      change({}),
      change({ action: 'insert' }),
      change({ connection: 'billing' }),
      change({ connection: 'billing', action: 'insert' }),
      change({ connection: 'sandbox' }),
    ]);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.cells).toBe(5);
    expect(groups[0] && placesInWords(groups[0])).toBe('select, insert on shop, billing; select on sandbox');
  });

  it('are told once also where other rules make the same of them', () => {
    expect(groupChanges([change({}), change({ action: 'insert', after: cell('allow', ['other']) })])).toHaveLength(1);
  });

  it('are never told together where anything else differs', () => {
    const bound = { ...cell('allow'), obligations: ['masks pii'] };
    const groups = groupChanges([
      change({}),
      change({ who: 'agent:scout' }),
      change({ action: 'insert', after: bound }),
      change({ action: 'update', before: cell('approval') }),
      change(narrower),
    ]);
    expect(groups).toHaveLength(5);
    expect(groups.reduce((sum, { cells }) => sum + cells, 0)).toBe(5);
  });

  it('are counted by direction', () => {
    const rules = { added: [], removed: [], changed: [] };
    expect(countsOf({ same: false, rules, changes: [change({}), change({}), change(narrower)] })).toEqual({
      wider: 2,
      mixed: 0,
      narrower: 1,
    });
  });
});
