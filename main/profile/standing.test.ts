import { describe, expect, it } from 'vitest';
import { readOrganisation } from './organisation-file.ts';
import { isAdministrator, isReviewer } from './standing.ts';

function organisation(text: string) {
  const read = readOrganisation(`version: 1\nname: Shop\n${text}`);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return read.organisation;
}

const shop = organisation(
  'identity: { kind: oidc, issuer: "https://idp.example", clientId: c }\nadministrators: [admins]\nrecord: { reviewers: [audit] }\n',
);
const local = organisation('identity: { kind: os-account }\n');

describe('standing in an organisation', () => {
  it('is that of the groups which organisation.yaml names', () => {
    expect(isAdministrator(shop, { groups: ['admins'] })).toBe(true);
    expect(isAdministrator(shop, { groups: ['audit'] })).toBe(false);
    expect(isReviewer(shop, { groups: ['audit'] })).toBe(true);
    expect(isReviewer(shop, { groups: [] })).toBe(false);
  });

  it('is none where the provider did not say which groups somebody is in', () => {
    expect(isAdministrator(shop, { groups: 'unknown' })).toBe(false);
  });

  it('is never that of an agent or a service, not even in a local profile', () => {
    expect(isAdministrator(shop, { groups: ['admins'], agent: {} })).toBe(false);
    expect(isReviewer(shop, { groups: ['audit'], service: {} })).toBe(false);
    expect(isAdministrator(local, { groups: [], agent: {} })).toBe(false);
  });

  it('is all of it for whoever owns a local profile', () => {
    expect(isAdministrator(local, { groups: [] })).toBe(true);
    expect(isReviewer(local, { groups: 'unknown' })).toBe(true);
  });
});
