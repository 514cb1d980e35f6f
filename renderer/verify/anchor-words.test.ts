import { describe, expect, it } from 'vitest';
import { type AuditStateView } from '../../shared/views.ts';
import { anchorWords, pressureWords } from './anchor-words.ts';

const state: AuditStateView = {
  recorded: 18_204,
  log: 'log',
  trouble: null,
  store: 's3://audit',
  uploaded: 18_190,
  witnessed: 18_190,
  pressure: 'none',
  anchorTrouble: null,
  weaknesses: [],
};

describe('copies and signatures outside of this machine', () => {
  it('are not spoken of where none are configured', () => {
    expect(anchorWords({ ...state, store: null, uploaded: null, witnessed: null })).toEqual({
      uploaded: null,
      witnessed: null,
    });
  });

  it('are well while only the newest are on their way', () => {
    const { uploaded, witnessed } = anchorWords(state);
    expect([uploaded?.words, witnessed?.words]).toEqual(['uploaded 18,190', 'witnessed 18,190']);
    expect([uploaded?.meaning, witnessed?.meaning]).toEqual(['approved', 'approved']);
    expect(uploaded?.sentence).toBe(
      'A copy of 18,190 of 18,204 events is in s3://audit; the newest 14 wait for the next round.',
    );
  });

  it('are never said to be there for more than the status line counts', () => {
    const { witnessed } = anchorWords({ ...state, recorded: 22, witnessed: 20 });
    expect([witnessed?.words, witnessed?.sentence]).toEqual([
      'witnessed 20',
      'Enough witnesses have signed over 20 of 22 events; the newest 2 wait for the next round.',
    ]);
    expect(anchorWords({ ...state, recorded: 1, witnessed: 1 }).witnessed?.sentence).toBe(
      'Enough witnesses have signed over 1 of 1 event.',
    );
  });

  it.each<[string, Partial<AuditStateView>]>([
    ['far behind', { uploaded: 4, witnessed: 4 }],
    ['kept from being made', { anchorTrouble: 'The store does not answer.' }],
  ])('are marked when they are %s', (_, change) => {
    const { uploaded, witnessed } = anchorWords({ ...state, ...change });
    expect([uploaded?.meaning, witnessed?.meaning]).toEqual(['write', 'write']);
    expect(witnessed?.sentence).not.toContain('next round');
  });

  it('say in words and with a sign what waiting for them refuses', () => {
    expect(pressureWords('none')).toBeNull();
    expect((['warn', 'refuse-risky', 'refuse-all'] as const).map((level) => pressureWords(level)?.meaning)).toEqual([
      'write',
      'write',
      'refused',
    ]);
  });
});
