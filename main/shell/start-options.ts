import { join } from 'node:path';
import { profileDirectory } from '../profile/directory.ts';

/** Which profile a shell opens. */
export interface ProfileChoice {
  /** The profile directory. */
  readonly home: string;
  /** The built-in demonstration is set up and run in it. */
  readonly demonstration: boolean;
}

/**
 * The profile that flags and environment name: `--home`, else COUNTERSIGN_HOME, else the platform's place for an
 * application's data, where the demonstration has a directory of its own. `local` opens the profile as it is, without
 * the demonstration.
 * @throws CountersignError `home-unknown`.
 */
export function chooseProfile(
  flags: { readonly home?: string | undefined; readonly local?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): ProfileChoice {
  const demonstration = flags.local !== true;
  const named = flags.home === undefined ? environment : { ...environment, COUNTERSIGN_HOME: flags.home };
  const home = profileDirectory(named, platform);
  const own = demonstration && !named.COUNTERSIGN_HOME;
  return { home: own ? join(home, 'demonstration') : home, demonstration };
}
