import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TICKET_PARAMETER } from '../../../shared/browser-shell.ts';
import { type Link } from '../../../shared/rpc/index.ts';
import {
  chooseOpening,
  chromiumArguments,
  defaultBrowserCommand,
  findChromium,
  type Opening,
  type OpenWith,
} from './opening.ts';
import { writeRedirectFile, type RedirectFile } from './redirect-file.ts';
import { startLoopbackServer } from './server.ts';
import { createTabKeys, TICKET_MS } from './tab-keys.ts';
import { trackTabs } from './tabs.ts';

/** A printed address is copied by hand: it lives longer than one that a browser is started with, milliseconds. */
const PRINTED_TICKET_MS = 10 * 60_000;
const MAX_TABS = 8;
const LAST_TAB_GRACE_MS = 5_000;

export interface BrowserShellOptions {
  /** Called for each tab that connects; serves until the link closes. */
  serveLink(link: Link, place: string): void;
  /** The built renderer: index.html and its assets. */
  readonly rendererDirectory: string;
  /** The profile; redirect files go to its run/, the browser's own profile to its browser/. */
  readonly profileDirectory: string;
  readonly openWith: OpenWith;
  /** No tab has been connected for some seconds after the last one went, or after the window closed. */
  onLastTabGone(): void;
  /** Takes a line for the person who started the program. */
  print(line: string): void;
  /** Whether root may have a browser without its sandbox, which shows this page only. */
  readonly unsandboxedAsRoot?: boolean;
  readonly now?: () => number;
  readonly maxTabs?: number;
  readonly lastTabGraceMs?: number;
}

/** Milliseconds that a browser may take to put its own profile in order. */
const WINDOW_PATIENCE_MS = 3_000;

/** Asks the browser to end, and sees to it that it has. */
async function endWindow(window: ChildProcess): Promise<void> {
  if (window.pid === undefined || window.exitCode !== null || window.signalCode !== null) return;
  const ended = once(window, 'exit');
  window.kill();
  const timer = setTimeout(() => window.kill('SIGKILL'), WINDOW_PATIENCE_MS);
  await ended;
  clearTimeout(timer);
}

export interface BrowserShell {
  /** `http://cs-….localhost:port` */
  readonly origin: string;
  /** How the window was opened. Only with `app` is the window this program's own. */
  readonly opened: Opening['kind'];
  /** A fresh one-time address. */
  address(): string;
  /** Prints a fresh one-time address. */
  printAddress(): void;
  /** Closes every connection and the window, if it was opened here. */
  close(): Promise<void>;
}

/**
 * Starts the page on loopback and opens it. The origin is a new `*.localhost` name at each start, so that no cookie,
 * storage or service worker of another program on the same port is in it; browsers resolve such names to loopback
 * themselves (RFC 6761 §6.3).
 * @throws CountersignError `renderer_missing`.
 */
export async function startBrowserShell(options: BrowserShellOptions): Promise<BrowserShell> {
  const { platform, env } = process;
  const opening = chooseOpening(
    options.openWith,
    { platform, environment: env, isRoot: process.getuid?.() === 0, chromium: findChromium(platform, env) },
    options.unsandboxedAsRoot ?? false,
  );
  // Safari asks the system's resolver, and macOS does not know names under localhost.
  const named = !(platform === 'darwin' && opening.kind === 'browser');
  const hostname = named ? `cs-${randomBytes(8).toString('hex')}.localhost` : '127.0.0.1';

  const keys = createTabKeys(options.now);
  const limits = { maxTabs: options.maxTabs ?? MAX_TABS, graceMs: options.lastTabGraceMs ?? LAST_TAB_GRACE_MS };
  const tabs = trackTabs(limits, options.onLastTabGone);
  const redirects = new Set<RedirectFile>();
  const removeRedirects = (): void => {
    for (const file of redirects) file.remove();
    redirects.clear();
  };
  let window: ChildProcess | undefined;
  let reprint: NodeJS.Timeout | undefined;

  const server = await startLoopbackServer({
    hostname,
    rendererDirectory: options.rendererDirectory,
    keys,
    tabs,
    onRedeemed: removeRedirects,
    serveLink: (link, place) => options.serveLink(link, place),
  });

  const address = (lifetimeMs: number): string =>
    `${server.site.origin}/#${TICKET_PARAMETER}=${keys.issue(lifetimeMs)}`;

  function printAddress(): void {
    options.print(
      `Open this address in a browser on this machine (it works once, for 10 minutes): ${address(PRINTED_TICKET_MS)}`,
    );
    clearTimeout(reprint);
    reprint = setTimeout(() => {
      if (tabs.size === 0) printAddress();
    }, PRINTED_TICKET_MS);
    reprint.unref();
  }

  function redirect(): RedirectFile {
    const file = writeRedirectFile(join(options.profileDirectory, 'run'), address(TICKET_MS));
    redirects.add(file);
    setTimeout(() => file.remove(), TICKET_MS).unref();
    return file;
  }

  /** Starts a program that may fail to start: then the address is printed instead. */
  function launch(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', () => {
      options.print('The browser did not start.');
      printAddress();
    });
    return child;
  }

  switch (opening.kind) {
    case 'app': {
      const url = pathToFileURL(redirect().path).href;
      window = launch(
        opening.chromium,
        chromiumArguments(url, join(options.profileDirectory, 'browser'), opening.sandbox),
      );
      window.on('exit', () => tabs.expect());
      break;
    }
    case 'browser': {
      const [command, ...args] = defaultBrowserCommand(platform, redirect().path);
      launch(command, args);
      printAddress();
      break;
    }
    case 'print':
      if (opening.why !== undefined) options.print(opening.why);
      printAddress();
      break;
    case 'none':
      break;
  }

  return {
    origin: server.site.origin,
    opened: opening.kind,
    address: () => address(TICKET_MS),
    printAddress,
    async close() {
      clearTimeout(reprint);
      removeRedirects();
      await server.close();
      if (window !== undefined) await endWindow(window);
    },
  };
}
