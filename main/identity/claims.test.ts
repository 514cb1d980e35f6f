import { describe, expect, it } from 'vitest';
import { groupsIn, principalOf } from './claims.ts';

const claims = { iss: 'https://login.example.com', sub: 'ana', aud: 'desktop', iat: 1_700_000_000, exp: 1_700_003_600 };

describe('groups', () => {
  it.each<readonly [string, Record<string, unknown>, readonly string[] | 'unknown' | undefined]>([
    ['a list is taken as it stands', { groups: ['/engineers', '0f3c'] }, ['/engineers', '0f3c']],
    ['one name is a list of one', { groups: 'engineers' }, ['engineers']],
    ['an empty list is none', { groups: [] }, []],
    ['a name twice counts once', { groups: ['a', 'a'] }, ['a']],
    ['no claim says nothing', {}, undefined],
    ['Entra overage is unknown', { _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }, 'unknown'],
    ['Entra overage beside a list is unknown', { groups: ['a'], _claim_names: { groups: 'src1' } }, 'unknown'],
    ['Entra hasgroups is unknown', { hasgroups: true }, 'unknown'],
    ['overage of another claim says nothing', { _claim_names: { address: 'src1' } }, undefined],
    ['objects are unknown', { groups: [{ name: 'admins' }] }, 'unknown'],
    ['a number is unknown', { groups: 7 }, 'unknown'],
    ['null is unknown', { groups: null }, 'unknown'],
    ['an empty name is unknown', { groups: [''] }, 'unknown'],
    ['thousands are unknown', { groups: Array.from({ length: 2_001 }, (_, index) => String(index)) }, 'unknown'],
  ])('%s', (_sentence, document, expected) => {
    expect(groupsIn(document, 'groups')).toEqual(expected);
  });
});

describe('the person of a login', () => {
  it('has no e-mail address where the provider did not verify it', () => {
    expect(
      principalOf({ ...claims, email: 'boss@shop.example', email_verified: false }, {}, [], undefined),
    ).not.toHaveProperty('email');
    expect(
      principalOf(claims, { email: 'boss@shop.example', email_verified: 'false' }, [], undefined),
    ).not.toHaveProperty('email');
    expect(principalOf({ ...claims, email: 'ana@shop.example' }, {}, [], undefined).email).toBe('ana@shop.example');
  });

  it('has a name on one line, without characters that turn or hide text', () => {
    expect(principalOf({ ...claims, name: 'Ana\u202e\u0000\n\u200bRuiz' }, {}, [], undefined).name).toBe('AnaRuiz');
    expect(principalOf({ ...claims, name: '\u202e' }, {}, [], undefined).name).toBe('ana');
  });

  it('was authenticated when the provider says, or at issue where it says 0 or nothing', () => {
    expect(principalOf({ ...claims, auth_time: 1_699_990_000 }, {}, [], undefined).authenticatedAt).toBe(
      '2023-11-14T19:26:40.000Z',
    );
    expect(principalOf({ ...claims, auth_time: 0 }, {}, [], undefined).authenticatedAt).toBe(
      '2023-11-14T22:13:20.000Z',
    );
  });
});
