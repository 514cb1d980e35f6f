import { type Io } from './io.ts';

/**
 * Writes a file over itself, byte for byte, and syncs. After a failed fdatasync the page cache may hold bytes that the disk
 * does not, marked clean, and a further fdatasync would not write them; what recovery has read must be on the disk before
 * a seal vouches for it.
 */
export function settle(io: Io, path: string): void {
  const bytes = io.read(path);
  if (bytes === null) return;
  const file = io.open(path, 'write');
  try {
    file.write(bytes, 0);
    file.sync();
  } finally {
    file.close();
  }
}
