import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes, mounted at a directory. */
export interface SmallDisk {
  readonly directory: string;
  /** Takes all the room there is. */
  fill(): void;
  /** Gives that room back. */
  free(): void;
  makeReadOnly(): void;
  remove(): void;
}

/** Why no disk can be mounted here, or undefined. */
export const whyNoDisk = ((): string | undefined => {
  if (process.platform !== 'linux') return 'tmpfs is mounted on Linux only';
  if (process.getuid?.() !== 0) return 'only root can mount a tmpfs';
  try {
    mountDisk(1).remove();
    return undefined;
  } catch {
    return 'this machine does not let root mount a tmpfs';
  }
})();

export function mountDisk(mebibytes: number, at?: string): SmallDisk {
  const directory = at ?? mkdtempSync(join(tmpdir(), 'countersign-disk-'));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const options = `size=${String(mebibytes)}m,mode=0700`;
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
  if (status !== 0) throw new Error('no tmpfs can be mounted here');
  const filler = join(directory, 'filler');
  return {
    directory,
    fill() {
      const file = openSync(filler, 'a', 0o600);
      try {
        for (let size = 1024 * 1024; size > 0; size >>= 1) writeUntilFull(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    makeReadOnly: () => void spawnSync('mount', ['-o', 'remount,ro', directory], { stdio: 'ignore' }),
    remove() {
      spawnSync('umount', ['-l', directory], { stdio: 'ignore' });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function writeUntilFull(file: number, bytes: Uint8Array): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
