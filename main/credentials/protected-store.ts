import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';
import { checkSecretName, type SecretStore } from './secret-store.ts';

/** Encrypts for this person on this machine, with a key that the operating system keeps: Electron's safeStorage. */
export interface Protector {
  /** @throws CountersignError `secret-store-unavailable` where nothing real would protect the value */
  protect(value: Uint8Array): Promise<Uint8Array>;
  /** @throws CountersignError `secret-store-unavailable`, `secret-damaged` */
  unprotect(value: Uint8Array): Promise<Uint8Array>;
}

const DIRECTORY = 'secrets-protected';

/** Whether a profile has begun to keep its secrets so: it then goes on, also where another store could be had. */
export const keepsProtected = (profileDirectory: string): boolean => existsSync(join(profileDirectory, DIRECTORY));

/**
 * One 0600 file per secret below `secrets-protected/`, encrypted. The name is inside what is encrypted, so that one file put
 * in another's place is noticed.
 */
export function createProtectedStore(profileDirectory: string, protector: Protector): SecretStore {
  const directory = join(profileDirectory, DIRECTORY);
  return {
    async get(name) {
      checkSecretName(name);
      const kept = await readPrivateFile(join(directory, name));
      if (kept === undefined) return undefined;
      return withoutName(name, await protector.unprotect(kept));
    },
    async set(name, value) {
      checkSecretName(name);
      const encrypted = await protector.protect(Buffer.concat([Buffer.from(`${name}\0`, 'latin1'), value]));
      await ensurePrivateDirectory(directory);
      await writePrivateFile(join(directory, name), encrypted);
    },
    async delete(name) {
      checkSecretName(name);
      await rm(join(directory, name), { force: true });
    },
    describe: () => ({
      kind: 'safe-storage',
      sentence:
        'Secrets are in files that Electron encrypts with a key of the operating system, because its key store could not be used directly.',
    }),
  };
}

function withoutName(name: string, opened: Uint8Array): Uint8Array {
  const prefix = Buffer.from(`${name}\0`, 'latin1');
  if (Buffer.from(opened.subarray(0, prefix.length)).equals(prefix)) return opened.slice(prefix.length);
  throw new CountersignError('secret-damaged', `What is kept as the secret ${name} is another one.`, {
    next: 'Somebody exchanged files of the profile. Sign in again, and store passwords anew.',
  });
}
