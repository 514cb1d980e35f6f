import { type OpenDesktop } from '../gate-service.ts';
import { type ProfileChoice } from '../start-options.ts';
import { type OpenWith } from './opening.ts';
import { startBrowserShell, type BrowserShell } from './shell.ts';

export interface RunningBrowserShell {
  readonly shell: BrowserShell;
  /** Resolves when the window that was opened here has been closed; never when the window is not this program's own. */
  readonly windowClosed: Promise<void>;
  /** Closes the window, then the workbench; once, however often it is called. */
  stop(): Promise<void>;
}

/**
 * Opens the workbench of a profile and serves it to browsers on this machine.
 * @throws CountersignError of opening the profile, or `renderer_missing`; nothing is left running then.
 */
export async function runBrowserShell(options: {
  readonly profile: ProfileChoice;
  readonly rendererDirectory: string;
  readonly openWith: OpenWith;
  readonly open: OpenDesktop;
  print(line: string): void;
}): Promise<RunningBrowserShell> {
  const { profile, print } = options;
  const desktop = await options.open({ ...profile, onProgress: print });
  let lastTabGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    lastTabGone = resolve;
  });
  let shell: BrowserShell;
  try {
    shell = await startBrowserShell({
      serveLink: (link, place) => desktop.serveLink(link, place),
      rendererDirectory: options.rendererDirectory,
      profileDirectory: profile.home,
      openWith: options.openWith,
      onLastTabGone: lastTabGone,
      print,
      // The demonstration holds nothing of anybody's, and its window shows this page only.
      unsandboxedAsRoot: profile.demonstration,
    });
  } catch (error) {
    await desktop.close();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    shell,
    windowClosed: shell.opened === 'app' ? gone : new Promise(() => undefined),
    stop() {
      stopping ??= shell.close().finally(() => desktop.close());
      return stopping;
    },
  };
}
