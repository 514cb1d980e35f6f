import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryProfile } from './testing.ts';
import { watchPolicy, type PolicyWatch, type ProfileChange } from './watch.ts';

const RULE = 'version: 1\nrules: [{ id: a, allow: read }]\n';

describe('watchPolicy', () => {
  let profile: Awaited<ReturnType<typeof temporaryProfile>>;
  let watch: PolicyWatch;
  let next: () => Promise<ProfileChange>;

  beforeEach(async () => {
    profile = await temporaryProfile();
    const changes: ProfileChange[] = [];
    const waiting: ((change: ProfileChange) => void)[] = [];
    watch = watchPolicy(profile.home, (change) => {
      const waiter = waiting.shift();
      if (waiter === undefined) changes.push(change);
      else waiter(change);
    });
    next = () => {
      const change = changes.shift();
      return change === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(change);
    };
    expect(await next()).toMatchObject({ kind: 'changed' });
  });
  afterEach(async () => {
    watch.close();
    await profile.remove();
  });

  it('gives the whole profile again when the policy has changed', async () => {
    await profile.write('policy', RULE);
    const change = await next();
    expect(change.kind === 'changed' && change.profile.policy.rulesFor.select).toHaveLength(1);
  });

  it('sees a file that was replaced, as editors do', async () => {
    await writeFile(join(profile.home, 'new'), RULE);
    await rename(join(profile.home, 'new'), join(profile.home, 'policy.yaml'));
    expect(await next()).toMatchObject({ kind: 'changed' });
  });

  it('reports a malformed policy with its line and takes up the next good one', async () => {
    await profile.write('policy', 'version: 1\nrules: [{ id: a, alow: read }]\n');
    const broken = await next();
    expect(broken.kind === 'malformed' && broken.error.next).toContain('stays in force');
    expect(broken.kind === 'malformed' && broken.error.message).toContain('policy.yaml:2:18: unknown key "alow"');
    await profile.write('policy', RULE);
    expect(await next()).toMatchObject({ kind: 'changed' });
  });

  it('reports a policy that was removed', async () => {
    await rm(join(profile.home, 'policy.yaml'));
    const gone = await next();
    expect(gone.kind === 'malformed' && gone.error.code).toBe('profile-file-missing');
  });

  it('sees changes of the classification too: the policy depends on it', async () => {
    await profile.write('classification', 'version: 1\ndetect: mask\n');
    const change = await next();
    expect(change.kind === 'changed' && change.profile.classification.detect).toBe('mask');
  });
});
