import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPolicyTests } from '../policy/policy-tests.ts';
import { PROFILE_FILES } from './directory.ts';
import { createLocalProfile } from './local.ts';

describe('createLocalProfile', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'countersign-local-'));
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('makes a profile that reads only, masks what is detected, and passes its own tests', async () => {
    const profile = await createLocalProfile(join(parent, 'deep', 'home'));
    expect(profile.organisation).toMatchObject({ identity: { kind: 'os-account' }, secrets: 'keyring' });
    expect(profile.classification.detect).toBe('mask');
    expect(runPolicyTests(profile.policy).filter((result) => !result.passed)).toEqual([]);
  });

  it('keeps its directory and files to the person', async () => {
    const home = join(parent, 'home');
    await createLocalProfile(home, { secrets: 'file' });
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    for (const name of Object.values(PROFILE_FILES)) expect((await stat(join(home, name))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(home, 'organisation.yaml'), 'utf8')).toContain('secrets: file');
  });

  it('never overwrites a profile', async () => {
    const home = join(parent, 'home');
    await createLocalProfile(home);
    await expect(createLocalProfile(home)).rejects.toMatchObject({ code: 'profile-exists' });
  });
});
