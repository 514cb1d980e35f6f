import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';
import { checkSecretName, type SecretStore } from './secret-store.ts';

/**
 * One 0600 file per secret under `secrets/` (0700) of the profile. Only where organisation.yaml says `secrets: file`: an
 * administrator has then accepted that the disk holds them in clear.
 */
export function createFileSecretStore(profileDirectory: string): SecretStore {
  const directory = join(profileDirectory, 'secrets');
  return {
    async get(name) {
      checkSecretName(name);
      await ensurePrivateDirectory(directory);
      return readPrivateFile(join(directory, name));
    },
    async set(name, value) {
      checkSecretName(name);
      await ensurePrivateDirectory(directory);
      await writePrivateFile(join(directory, name), value);
    },
    async delete(name) {
      checkSecretName(name);
      await ensurePrivateDirectory(directory);
      await rm(join(directory, name), { force: true });
    },
    describe: () => ({
      kind: 'file',
      sentence:
        'Secrets are in files that only this account may read, not encrypted, because organisation.yaml says secrets: file.',
    }),
  };
}
