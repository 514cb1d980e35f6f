import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { makeProfileDirectory, PROFILE_FILES } from './directory.ts';
import { loadProfile, type Profile } from './load.ts';

/**
 * Makes the profile of a person who has no organisation: identity is the OS account, nothing is written, what is
 * classified or detected as personal is masked. `secrets: 'file'` is for machines without a key store, where the person
 * accepts 0600 files. Throws CountersignError `profile-exists` where the directory already holds a configuration file.
 */
export async function createLocalProfile(
  home: string,
  options: { readonly secrets?: 'keyring' | 'file' } = {},
): Promise<Profile> {
  await makeProfileDirectory(home);
  const present = await readdir(home);
  const taken = Object.values(PROFILE_FILES).find((name) => present.includes(name));
  if (taken !== undefined) {
    throw new CountersignError('profile-exists', `${home} already holds a profile (${taken}).`, {
      next: 'Use it as it is, or name another directory with --home DIR.',
    });
  }
  // The organisation comes last: a directory without it is not yet a profile, should this be interrupted.
  for (const key of ['connections', 'classification', 'policy', 'organisation'] as const) {
    const name = PROFILE_FILES[key];
    const text = await readFile(new URL(`./local/${name}`, import.meta.url), 'utf8');
    const chosen =
      key === 'organisation' ? text.replace(/^secrets: .*$/m, `secrets: ${options.secrets ?? 'keyring'}`) : text;
    await writePrivateFile(join(home, name), new TextEncoder().encode(chosen));
  }
  return loadProfile(home);
}
