#!/usr/bin/env node
// The command line's entry. Under an older Node it hands over to the Node 24 that came with the package.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNode24, spawnUnderNode24 } from './node24.mjs';

// Source runs as it is (type stripping) in a checkout; below node_modules Node only runs the emitted JavaScript.
const built = new URL('../dist/app/main/doors/cli/process.js', import.meta.url);
const source = new URL('../main/doors/cli/process.ts', import.meta.url);
const entry = existsSync(source) ? source : built;

if (findNode24() === process.execPath) {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => warning.name !== 'ExperimentalWarning' && console.error(warning.message));
  await import(entry.href);
} else {
  spawnUnderNode24([fileURLToPath(entry), ...process.argv.slice(2)]);
}
