/** Entry of Electron's main process. */
import { fileURLToPath } from 'node:url';
import { startElectronShell } from './shell.ts';

const part = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// As they lie in dist/app/main/shell/electron and dist/renderer.
startElectronShell(process.argv.slice(1), {
  rendererDirectory: part('../../../../renderer'),
  preload: part('./preload.cjs'),
  gateEntry: part('../gate-process.js'),
});
