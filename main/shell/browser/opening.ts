import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type OpenWith = 'app' | 'browser' | 'print' | 'none';

/** What this machine offers; plain data, so that the choice is a table. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  /** A Chromium-like browser, or undefined. */
  readonly chromium: string | undefined;
}

export type Opening =
  | { readonly kind: 'app'; readonly chromium: string; readonly sandbox: boolean }
  | { readonly kind: 'browser' }
  /** `why` is a sentence for the person when they had wished for a window. */
  | { readonly kind: 'print'; readonly why?: string }
  | { readonly kind: 'none' };

/** How the window opens: as wished where that is possible, else the next best and why. */
export function chooseOpening(wish: OpenWith, around: Surroundings, unsandboxedAsRoot: boolean): Opening {
  if (wish === 'none' || wish === 'print') return { kind: wish };
  const { environment, platform } = around;
  const hasDisplay = platform !== 'linux' || Boolean(environment.DISPLAY) || Boolean(environment.WAYLAND_DISPLAY);
  if (!hasDisplay) return { kind: 'print', why: 'There is no display here to open a window on.' };
  if (around.isRoot && !unsandboxedAsRoot) {
    return { kind: 'print', why: 'A browser does not run as root with its sandbox, so none was opened.' };
  }
  if (wish === 'app' && around.chromium !== undefined) {
    return { kind: 'app', chromium: around.chromium, sandbox: !around.isRoot };
  }
  return { kind: 'browser' };
}

const onPath = [
  'chromium',
  'google-chrome-stable',
  'google-chrome',
  'chromium-browser',
  'microsoft-edge-stable',
  'microsoft-edge',
];

const usualPlaces: Partial<Record<NodeJS.Platform, (environment: Surroundings['environment']) => readonly string[]>> = {
  darwin: ({ HOME = '' }) =>
    ['', HOME].flatMap((root) => [
      join(root, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'),
      join(root, '/Applications/Chromium.app/Contents/MacOS/Chromium'),
      join(root, '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'),
    ]),
  win32: (environment) =>
    [environment.PROGRAMFILES, environment['PROGRAMFILES(X86)'], environment.LOCALAPPDATA]
      .filter((root) => root !== undefined)
      .flatMap((root) => [
        join(root, 'Google/Chrome/Application/chrome.exe'),
        join(root, 'Microsoft/Edge/Application/msedge.exe'),
        join(root, 'Chromium/Application/chrome.exe'),
      ]),
};

/**
 * A Chromium-like browser that can open a page as a window of its own, or undefined. The snap packages are passed
 * over: confined, they can read neither a redirect file nor a profile in a hidden directory.
 */
export function findChromium(platform: NodeJS.Platform, environment: Surroundings['environment']): string | undefined {
  const places = usualPlaces[platform];
  if (places !== undefined) return places(environment).find((path) => existsSync(path));
  const hasSnap = existsSync('/snap/bin/chromium');
  const directories = (environment.PATH ?? '')
    .split(delimiter)
    .filter((path) => path !== '' && !path.startsWith('/snap/'));
  return onPath
    .filter((name) => !(hasSnap && name === 'chromium-browser'))
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Arguments for a window of its own in a profile of its own, without extensions, that could read the page. */
export function chromiumArguments(url: string, profileDirectory: string, sandbox: boolean): readonly string[] {
  return [
    `--app=${url}`,
    `--user-data-dir=${profileDirectory}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-extensions',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-features=Translate',
    ...(sandbox ? [] : ['--no-sandbox']),
  ];
}

/** The command that opens a file in the person's default browser. */
export function defaultBrowserCommand(platform: NodeJS.Platform, file: string): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', file];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', file];
  return ['xdg-open', file];
}
