import { describe, expect, it } from 'vitest';
import { namePattern } from './name-pattern.ts';

describe('namePattern', () => {
  it.each([
    ['orders', 'orders', true],
    ['orders', 'Orders', false],
    ['orders', 'orders2', false],
    ['log_*', 'log_', true],
    ['log_*', 'log_2026', true],
    ['log_*', 'catalog_1', false],
    ['*_old', 'orders_old', true],
    ['*_old', 'orders_older', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-c-b', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*', '', true],
    ['a.c', 'abc', false],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(namePattern([pattern])(name)).toBe(matches);
  });

  it('stays fast on a name made to slow it down', () => {
    expect(namePattern([`${'a*'.repeat(60)}b`])('a'.repeat(20_000))).toBe(false);
  });
});
