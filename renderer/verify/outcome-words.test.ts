import { expect, it } from 'vitest';
import { type VerifyView } from '../../shared/views.ts';
import { outcomeWords } from './outcome-words.ts';

const good: VerifyView = {
  good: true,
  source: '/log',
  logs: [],
  checked: [{ what: 'entries', count: 5, provenBy: 'the root' }],
  findings: [],
  notChecked: [],
};
const finding = { code: 'root-mismatch', sentence: 'Changed.', where: null };

it.each<[string, Partial<VerifyView>, string]>([
  ['nothing wrong is good', {}, 'approved'],
  ['one finding is not, even where the verdict says so', { findings: [finding] }, 'refused'],
  ['a bad verdict is not, even without a finding', { good: false }, 'refused'],
  ['nothing to check is not good', { checked: [] }, 'write'],
  ['zero of everything is not good', { checked: [{ what: 'entries', count: 0, provenBy: 'x' }] }, 'write'],
])('%s', (_, change, meaning) => {
  expect(outcomeWords({ ...good, ...change }).meaning).toBe(meaning);
});
