import { mkdir } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { CountersignError } from '../errors.ts';

/** The configuration files of a profile directory (docs/configuration.md). */
export const PROFILE_FILES = {
  organisation: 'organisation.yaml',
  connections: 'connections.yaml',
  classification: 'classification.yaml',
  policy: 'policy.yaml',
} as const;

/** Files that a profile may have besides. */
export const OPTIONAL_FILES = {
  /** Who and what counts no more. */
  revocations: 'revocations.yaml',
  /** People and their groups, signed by an administrator's job. */
  directory: 'directory.json',
} as const;

/**
 * Where the profile is when `--home` names no other place: COUNTERSIGN_HOME, else the directory that the platform keeps
 * for an application's data (XDG Base Directory; Application Support; LOCALAPPDATA). Throws CountersignError
 * `home-unknown` where the environment says none of these.
 */
export function profileDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  const { resolve, join, isAbsolute } = platform === 'win32' ? win32 : posix;
  if (environment.COUNTERSIGN_HOME) return resolve(environment.COUNTERSIGN_HOME);
  const home = environment.HOME;
  if (platform === 'win32' && environment.LOCALAPPDATA) return join(environment.LOCALAPPDATA, 'Countersign');
  if (platform === 'darwin' && home) return join(home, 'Library', 'Application Support', 'Countersign');
  if (platform !== 'win32' && platform !== 'darwin') {
    // A relative XDG_DATA_HOME is to be ignored (XDG Base Directory Specification).
    if (environment.XDG_DATA_HOME && isAbsolute(environment.XDG_DATA_HOME)) {
      return join(environment.XDG_DATA_HOME, 'countersign');
    }
    if (home) return join(home, '.local', 'share', 'countersign');
  }
  throw new CountersignError('home-unknown', 'The environment does not say where your files are kept.', {
    next: 'Name the profile directory with --home DIR or COUNTERSIGN_HOME.',
  });
}

/** Makes the profile directory where it is not there yet. @throws CountersignError `profile-unavailable` */
export async function makeProfileDirectory(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CountersignError('profile-unavailable', `The profile directory ${home} cannot be made.`, {
      next: 'Check the path and who may write there, or name another with --home DIR.',
      cause,
    });
  }
}
