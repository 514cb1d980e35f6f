import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pageWithCases } from './policy-table.ts';

describe('the cases of docs/policy.md', () => {
  const page = readFileSync(new URL('../docs/policy.md', import.meta.url), 'utf8');

  it('are what the example policies answer (else: node scripts/policy-table.ts)', () => {
    expect(pageWithCases(page).page).toBe(page);
  });

  it('are at least ninety', () => {
    expect(pageWithCases(page).cases).toBeGreaterThanOrEqual(90);
  });
});
