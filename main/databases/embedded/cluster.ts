import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CountersignError } from '../../errors.ts';
import { type Account } from './account.ts';
import { type Binaries } from './binaries.ts';

export const SUPERUSER = 'postgres';

/** Where a server lives, as we reach it and as its account does. */
export interface Place {
  readonly directory: string;
  readonly data: string;
  /** `directory` as the server's account reaches it from its working directory, which is the data directory. */
  readonly seen: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
}

/**
 * A profile below a directory that only root may enter (/root, a container's 0700 mount) is reached through the working
 * directory: Linux resolves /proc/self/cwd without walking the path above it.
 */
export function throughWorkingDirectory(directory: string): string {
  if (process.platform === 'linux') return '/proc/self/cwd/..';
  throw new CountersignError(
    'embedded-unreachable',
    `PostgreSQL must not run as root, and no other account can enter ${directory}.`,
    {
      next: 'Run Countersign as an ordinary user, or choose a --home below a directory that others may enter.',
    },
  );
}

/** The data directory as the server, whose working directory it is, names it. */
export const seenData = (place: Place): string => (place.seen === place.directory ? place.data : '/proc/self/cwd');

/** Nothing of our own environment but what running programs takes. */
export function environment({ binaries }: Place): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const library = process.platform === 'darwin' ? 'DYLD_FALLBACK_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  const libraries = binaries.libraryPath === undefined ? {} : { [library]: binaries.libraryPath };
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC', ...libraries };
}

/** Creates the cluster beside its place and moves it there when it is whole: a start cut short leaves nothing half made. */
export async function createCluster(place: Place, superuserPassword: string): Promise<void> {
  const unfinished = join(place.directory, 'unfinished');
  const passwordFile = join(place.directory, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
    if (place.account !== undefined) {
      for (const path of [unfinished, passwordFile]) chownSync(path, place.account.uid, place.account.gid);
    }
    const direct = place.seen === place.directory;
    const args = ['-D', direct ? unfinished : '/proc/self/cwd', '--pwfile', `${place.seen}/password`, '-U', SUPERUSER];
    args.push(
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    );
    args.push('--no-instructions', '--no-sync');
    await promisify(execFile)(place.binaries.initdb, args, {
      cwd: unfinished,
      env: environment(place),
      ...place.account,
    });
    renameSync(unfinished, place.data);
  } catch (cause) {
    throw new CountersignError(
      'embedded-failed',
      `The built-in PostgreSQL could not create its database in ${place.directory}.`,
      {
        next: 'Check that the disk has 100 MB to spare and that programs may run from where Countersign is installed.',
        cause,
      },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
