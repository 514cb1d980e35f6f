import { describe, expect, it } from 'vitest';
import { type VerdictView } from '../../shared/views.ts';
import { lineOf } from './verdict-words.ts';

const object = (access: 'read' | 'write') => ({ name: 'public.orders', access, via: null });
const mask = {
  output: 0,
  name: 'email',
  column: 'public.customers.email',
  class: 'email',
  rule: 'r',
  masker: 'partial',
  sentence: '',
};
const verdict = (change: Partial<VerdictView>): VerdictView => ({
  verdict: 'allow',
  action: 'read',
  title: '',
  effects: [],
  objects: [],
  columns: [],
  functions: [],
  operators: [],
  casts: [],
  types: [],
  outputs: [],
  masks: [],
  rules: [],
  reasons: [],
  limits: null,
  groupSize: null,
  permitted: [],
  unordered: false,
  approvers: [],
  needs: [],
  grants: [],
  leaving: { kind: 'yes', sentence: null },
  watermark: null,
  secondLineage: null,
  cut: false,
  ...change,
});
const because = (code: string, sentence: string) => [{ code, sentence, next: null, span: null }];

describe('the verdict in one line', () => {
  it.each([
    ['counts what is read', { objects: [object('read'), object('read')] }, 'read', 'reads 2'],
    ['counts what is masked', { objects: [object('read')], masks: [mask] }, 'masked', 'reads 1 \u00b7 masks 1'],
    ['says what is written', { objects: [object('write')] }, 'write', 'writes 1'],
    [
      'says how many rows at most',
      { limits: { rows: 10_000, bytes: 1, statementTimeout: 1 } },
      'read',
      'at most 10,000 rows',
    ],
    ['says that nothing is touched', {}, 'read', 'allowed'],
    ['says why it is refused', { verdict: 'refuse', reasons: because('denied', 'No.') }, 'refused', 'refused: No.'],
    [
      'says that somebody must approve',
      { verdict: 'ask', reasons: because('approval-needed', 'Two people.') },
      'waiting',
      'needs approval: Two people.',
    ],
    [
      'asks for what the person can give rather than refusing',
      { verdict: 'refuse', needs: ['reason', 'step-up'], reasons: because('reason-needed', 'It needs one.') },
      'waiting',
      'asks for a reason and a proof that it is you',
    ],
    [
      'does not call a statement refused that is still being typed',
      { verdict: 'refuse', reasons: because('syntax-error', 'Ends early.') },
      'read',
      'Ends early.',
    ],
  ] as const)('%s', (_, change, meaning, words) => {
    expect(lineOf(verdict(change as Partial<VerdictView>))).toEqual({ meaning, words });
  });

  it('says nothing of nothing', () => {
    expect(lineOf(verdict({ verdict: 'refuse', reasons: because('empty', 'There is no statement.') }))).toBeNull();
  });
});
