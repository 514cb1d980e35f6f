import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/** What a process of ours asks of Node itself. Called by its entry before anything else is imported. */
export function prepareRuntime(): void {
  keepCompiled();
  keepBaseline();
}

/**
 * Keeps what Node makes of the sources (types stripped, code compiled) from one start to the next. In a checkout only:
 * what is built needs no stripping, and its directory is not ours to write to. Where the cache cannot be written Node goes
 * on without it.
 */
function keepCompiled(): void {
  if (!import.meta.url.endsWith('.ts')) return;
  const directory = fileURLToPath(new URL('../node_modules/.cache/countersign/compiled', import.meta.url));
  enableCompileCache(directory);
  // For the processes and threads started from here, which run the same sources.
  process.env['NODE_COMPILE_CACHE'] ??= directory;
}

/**
 * WebAssembly stays at V8's baseline compiler. PostgreSQL's grammar is one function so large that optimising it takes
 * 500 MB and seconds of CPU, just when the first statement is typed, and makes parsing a fifth faster.
 */
function keepBaseline(): void {
  setFlagsFromString('--no-wasm-dynamic-tiering');
  setFlagsFromString('--no-wasm-tier-up');
}
