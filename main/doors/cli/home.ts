import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROFILE_FILES, profileDirectory } from '../../profile/directory.ts';
import { type CliIo } from './io.ts';

/** Folder of the demonstration's profile inside the place for application data. */
const DEMONSTRATION = 'demonstration';

/** `--home`, COUNTERSIGN_HOME, the profile of this account, or else the demonstration where only that is there. */
export function homeOf(io: CliIo, option: string | undefined): string {
  if (option !== undefined) return resolve(option);
  const home = profileDirectory(io.environment, process.platform);
  const demonstration = join(home, DEMONSTRATION);
  const isProfile = (directory: string): boolean => existsSync(join(directory, PROFILE_FILES.organisation));
  return !isProfile(home) && isProfile(demonstration) ? demonstration : home;
}

/** Where the demonstration lives when nobody says otherwise. */
export function demonstrationHome(io: CliIo, option: string | undefined): string {
  if (option !== undefined) return resolve(option);
  if (io.environment['COUNTERSIGN_HOME'] !== undefined && io.environment['COUNTERSIGN_HOME'] !== '')
    return resolve(io.environment['COUNTERSIGN_HOME']);
  return join(profileDirectory(io.environment, process.platform), DEMONSTRATION);
}
