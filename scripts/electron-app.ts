/** What Electron runs beside what `npm run build` compiles: the preload script as one CommonJS file. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const preload = 'main/shell/electron/preload';

/** Bundles the preload script to dist/app: sandboxed, it cannot load a module of its own. */
export async function bundlePreload(root: string): Promise<string> {
  const { build } = await import('vite');
  const source = join(root, `${preload}.ts`);
  const outDir = join(root, 'dist/app/main/shell/electron');
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      minify: false,
      target: 'node24',
      lib: { entry: source, formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  });
  return join(outDir, 'preload.cjs');
}

/** Compiles the application for Electron, whose Node takes JavaScript only. @returns the script to start Electron with. */
export async function ensureElectronApp(root: string, print: (line: string) => void): Promise<string> {
  print('Compiling the application');
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root });
  return join(root, 'dist/app/main/shell/electron/main.js');
}
