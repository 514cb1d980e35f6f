import { describe, expect, it } from 'vitest';
import { createLocalPeople } from './local-people.ts';
import { browser, identityAt } from './testing/bench.ts';
import { signIn } from './testing/sign-in.ts';

describe('a local profile', () => {
  it('has the account of the operating system as its asker, never verified', async () => {
    const session = await createLocalPeople(Date.now).restore();
    expect(session?.principal).toMatchObject({ verified: false, groups: [] });
    expect(session?.principal.issuer).toMatch(/^local:/);
    expect(session?.principal).not.toHaveProperty('device');
  });

  it('does not take a session of a provider for its own', async () => {
    const session = await signIn(identityAt(), browser());
    await expect(createLocalPeople(Date.now).ensureLive(session)).rejects.toMatchObject({ code: 'session-ended' });
  });
});
