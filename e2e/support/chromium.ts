import { findChromium } from '../../main/shell/browser/opening.ts';

/** The Chromium that tests drive, or undefined: then they are skipped, and their names say why. */
export const chromiumPath = findChromium(process.platform, process.env);

/** Chromium as root has no sandbox; its pages here are our own. Nothing of it may look for the outside world. */
export const chromiumFlags: readonly string[] = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A test title with the reason why it is skipped, if it is. */
export const inChromium = (title: string): string =>
  chromiumPath === undefined ? `${title} (skipped: no Chromium on this machine)` : title;
