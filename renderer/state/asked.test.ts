import { describe, expect, it } from 'vitest';
import { type VerdictView } from '../../shared/views.ts';
import { allowed } from '../gallery/sample-verdicts.ts';
import { askFor, type Asked, givenWith, lacksReason, placeOfAsked, steppedUp } from './asked.ts';

const statement = { connection: 'shop', text: 'SELECT 1', offset: 4 };
const wanting = (...needs: VerdictView['needs']): VerdictView => ({
  ...allowed,
  verdict: needs.length > 0 ? 'refuse' : 'allow',
  needs,
  reasons: needs.map((need) => ({ code: `${need}-needed`, sentence: `It needs a ${need}.`, next: null, span: null })),
});
const asked = (change: Partial<Asked> = {}): Asked => ({
  ...askFor(statement, wanting('reason'), undefined),
  ...change,
});

describe('what a statement asks of the person', () => {
  it('is said in the words of the verdict, and of nothing else that is in it', () => {
    const verdict = {
      ...wanting('reason', 'step-up'),
      reasons: [...wanting('reason').reasons, { code: 'hint', sentence: 'By the way.', next: null, span: null }],
    };
    expect(askFor(statement, verdict, undefined).sentences).toEqual(['It needs a reason.']);
  });

  it('keeps the reason for the same statement when the gate asks for something else besides', () => {
    const again = askFor(statement, wanting('step-up'), asked({ reason: 'ticket 4711', ticket: 'T-1' }));
    expect(again).toMatchObject({ needs: ['reason', 'step-up'], reason: 'ticket 4711', ticket: 'T-1' });
  });

  it.each([
    ['another text', { ...statement, text: 'SELECT 2' }],
    ['another connection', { ...statement, connection: 'shop-production' }],
  ])('forgets the reason for %s: it was given for what was asked', (_, other) => {
    expect(askFor(other, wanting('reason'), asked({ reason: 'ticket 4711' })).reason).toBe('');
  });

  it('takes the focus anew each time it asks', () => {
    expect(askFor(statement, wanting('reason'), asked({ turn: 3 })).turn).toBe(4);
  });

  it.each([
    ['nothing', '', true],
    ['spaces', '        ', true],
    ['characters without width', '\u200b\u200b\u2060\ufeff\u00ad', true],
    ['a few characters', 'T-41', false],
  ])('is not answered by %s', (_, reason, lacking) => {
    expect(lacksReason(asked({ reason }))).toBe(lacking);
  });

  it('asks for no step-up once it was done, and still for the reason', () => {
    expect(steppedUp(asked({ needs: ['reason', 'step-up'] })).needs).toEqual(['reason']);
  });

  it('sends what was said without the space around it, and nothing where nothing was said', () => {
    expect(givenWith({ reason: ' an audit ', ticket: ' ' })).toEqual({ reason: 'an audit' });
  });
});

describe('the statement that asked', () => {
  it('is found again after text was put before it', () => {
    expect(placeOfAsked(asked(), { connection: 'shop', text: '-- one\n\nSELECT 1;' })).toBe(8);
  });

  it.each([
    ['it was changed', { connection: 'shop', text: '----SELECT  1' }],
    ['the tab is on another connection', { connection: 'shop-production', text: '----SELECT 1' }],
    ['the tab has none', { connection: null, text: '----SELECT 1' }],
  ])('is not there any more where %s', (_, tab) => {
    expect(placeOfAsked(asked(), tab)).toBeNull();
  });
});
