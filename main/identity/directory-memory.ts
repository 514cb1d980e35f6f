import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type SecretStore } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { withLock } from '../lock.ts';
import { type Directory } from './context.ts';
import { type Clock } from './settings.ts';

/**
 * Refuses an older directory file once this profile has seen a newer one, so that a copy kept from before cannot give groups
 * back. The newest time of signing is kept in the secret store. It protects no profile that has not seen the newer file,
 * and not against somebody who can write to the secret store of the person.
 */
export interface DirectoryMemory {
  /** Remembers when this directory was signed. Once for each file; then it costs nothing. */
  learn(directory: Directory | undefined): Promise<void>;
  /** The directory where it was learned, no newer one was, and it has not expired meanwhile; else undefined: groups are then unknown. */
  newest(directory: Directory | undefined): Directory | undefined;
}

const SECRET = 'directory-signed-at';

export function createDirectoryMemory(secrets: SecretStore, folder: string, clock: Clock): DirectoryMemory {
  let highest: string | undefined;
  let learned: string | undefined;
  return {
    async learn(directory) {
      if (directory === undefined || directory.issuedAt === learned) return;
      const { issuedAt } = directory;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await withLock(join(folder, 'directory.lock'), async () => {
        const stored = await secrets.get(SECRET);
        const seen = stored === undefined ? undefined : timeIn(new TextDecoder().decode(stored));
        highest = seen === undefined || seen < issuedAt ? issuedAt : seen;
        if (highest !== seen) await secrets.set(SECRET, new TextEncoder().encode(highest));
      });
      learned = issuedAt;
    },
    newest: (directory) =>
      directory !== undefined &&
      directory.issuedAt === learned &&
      directory.issuedAt === highest &&
      Date.parse(directory.expiresAt) > clock()
        ? directory
        : undefined,
  };
}

/** ISO 8601 in UTC with milliseconds: such texts compare as their times do. */
function timeIn(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return text;
  throw new CountersignError(
    'directory-memory-damaged',
    'What this profile remembers of directory files cannot be read.',
    {
      next: `Remove the secret ${SECRET} of this profile from its store.`,
    },
  );
}
