import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Keeps what Node makes of the sources (types stripped, code compiled) from one start to the next. In a checkout only:
 * what is built needs no stripping, and its directory is not ours to write to. Called before anything else is imported.
 * Where the cache cannot be written Node goes on without it.
 */
export function keepCompiled(): void {
  if (!import.meta.url.endsWith('.ts')) return;
  const directory = fileURLToPath(new URL('../node_modules/.cache/countersign/compiled', import.meta.url));
  enableCompileCache(directory);
  // For the processes and threads started from here, which run the same sources.
  process.env['NODE_COMPILE_CACHE'] ??= directory;
}
