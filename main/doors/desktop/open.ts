import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { desktop } from '../../../shared/contract.ts';
import { type Link, serve } from '../../../shared/rpc/index.ts';
import { type Demonstration, startDemonstration } from '../../demonstration/demonstration.ts';
import { CountersignError } from '../../errors.ts';
import { openInstallation } from '../../installation.ts';
import { tryLock } from '../../lock.ts';
import { makeProfileDirectory, PROFILE_FILES } from '../../profile/directory.ts';
import { createLocalProfile } from '../../profile/local.ts';
import { createWindow } from './window.ts';

export interface DesktopOptions {
  /** The profile directory; made when absent. */
  readonly home: string;
  /** Run the demonstration organisation in it; else the profile is opened as it is, or a local one is made. */
  readonly demonstration: boolean;
  onProgress(text: string): void;
}

/** The desktop door of one profile: every window is a link. */
export interface Desktop {
  serveLink(link: Link): void;
  close(): Promise<void>;
}

/** @throws CountersignError `profile-in-use`, and whatever opening the demonstration or the profile throws */
export async function openDesktop({ home, demonstration, onProgress }: DesktopOptions): Promise<Desktop> {
  await makeProfileDirectory(home);
  const lock = tryLock(join(home, 'instance.lock'));
  if (lock === null) {
    throw new CountersignError('profile-in-use', `Countersign is already open on the profile ${home}.`, {
      next: 'Use the window that is open, or name another profile with --home DIR.',
    });
  }
  let demo: Demonstration | undefined;
  try {
    if (demonstration) demo = await startDemonstration(home, onProgress);
    else if (!existsSync(join(home, PROFILE_FILES.organisation))) await createLocalProfile(home);
    const installation = await openInstallation(home, 'desktop');
    const windows = new Set<() => void>();
    return {
      serveLink(link) {
        const window = createWindow(installation, demo);
        windows.add(window.close);
        link.onClose(() => {
          windows.delete(window.close);
          window.close();
        });
        serve(link, desktop, window.handlers, {
          onInternalError: (error, method) => console.error(`internal error in ${method}:`, error),
        });
      },
      async close() {
        for (const close of windows) close();
        try {
          await installation.close();
        } finally {
          await demo?.stop();
          lock.release();
        }
      },
    };
  } catch (error) {
    await demo?.stop();
    lock.release();
    throw error;
  }
}
