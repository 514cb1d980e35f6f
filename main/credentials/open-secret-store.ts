import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { createFileSecretStore } from './file-store.ts';
import { createProtectedStore, keepsProtected, type Protector } from './protected-store.ts';
import { createOsKeyStore, loadPlatformKeyStore, type OpenKeyStoreEntry } from './os-key-store.ts';
import { type SecretStore } from './secret-store.ts';

const PROFILE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Names the profile in the key store that all profiles of a person share. Kept in the profile, so that it may be moved. */
async function profileIdOf(profileDirectory: string): Promise<string> {
  const path = join(profileDirectory, 'profile-id');
  await mkdir(profileDirectory, { recursive: true, mode: 0o700 });
  // Created only where absent; of two processes that start at once one wins, and both then read what it wrote.
  await writeFile(path, `${randomUUID()}\n`, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const id = (await readFile(path, 'utf8')).trim();
  if (!PROFILE_ID.test(id)) {
    throw new CountersignError('profile-id-invalid', `${path} does not hold a profile id.`, {
      next: 'Remove the file: a new one is made, and you sign in again.',
    });
  }
  return id;
}

export interface SecretStoreOptions {
  readonly keyStore?: OpenKeyStoreEntry;
  /** Electron's own encryption, which only the desktop application has. */
  readonly protector?: Protector;
}

/**
 * The store that organisation.yaml names. `keyring` is tried with one read, so that a machine without a key store says so
 * now (CountersignError `secret-store-unavailable`) and not after somebody has signed in. Under Electron its safeStorage takes the
 * place of a key store that cannot be used; nothing ever falls back to files in clear.
 */
export async function openSecretStore(
  secrets: 'keyring' | 'file',
  profileDirectory: string,
  { keyStore, protector }: SecretStoreOptions = {},
): Promise<SecretStore> {
  if (secrets === 'file') return createFileSecretStore(profileDirectory);
  if (keepsProtected(profileDirectory)) return protectedStore(profileDirectory, protector);
  try {
    const store = createOsKeyStore(keyStore ?? (await loadPlatformKeyStore()), await profileIdOf(profileDirectory));
    await store.get('probe');
    return store;
  } catch (error) {
    if (protector === undefined || !(error instanceof CountersignError) || error.code !== 'secret-store-unavailable')
      throw error;
    return protectedStore(profileDirectory, protector);
  }
}

async function protectedStore(profileDirectory: string, protector: Protector | undefined): Promise<SecretStore> {
  if (protector === undefined) {
    throw new CountersignError(
      'secret-store-unavailable',
      'The secrets of this profile are kept by the desktop application, which alone can open them.',
      { next: 'Use the window, or a profile of its own for the command line (--home DIR).' },
    );
  }
  // Tried now: with nothing real behind it this refuses before anybody has signed in.
  await protector.unprotect(await protector.protect(new Uint8Array([0])));
  return createProtectedStore(profileDirectory, protector);
}
