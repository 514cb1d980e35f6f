import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { desktop } from '../../../shared/contract.ts';
import { type Link, serve } from '../../../shared/rpc/index.ts';
import { type Protector } from '../../credentials/index.ts';
import { type Demonstration } from '../../demonstration/demonstration.ts';
import { CountersignError } from '../../errors.ts';
import { tryLock } from '../../lock.ts';
import { makeProfileDirectory, PROFILE_FILES } from '../../profile/directory.ts';
import { createLocalProfile } from '../../profile/local.ts';
import { createSeats } from './seats.ts';

export interface DesktopOptions {
  /** The profile directory; made when absent. */
  readonly home: string;
  /** Run the demonstration organisation in it; else the profile is opened as it is, or a local one is made. */
  readonly demonstration: boolean;
  /** What encrypts secrets where the operating system's key store cannot be used. */
  readonly protector?: Protector;
  onProgress(text: string): void;
}

/** The desktop door of one profile: every window is a link. */
export interface Desktop {
  /** `place`: where the window is, the same when it comes back after a reload; the one window there is where absent. */
  serveLink(link: Link, place?: string): void;
  close(): Promise<void>;
}

/** @throws CountersignError `profile-in-use`, and whatever opening the demonstration or the profile throws */
export async function openDesktop({ home, demonstration, protector, onProgress }: DesktopOptions): Promise<Desktop> {
  await makeProfileDirectory(home);
  const lock = tryLock(join(home, 'instance.lock'));
  if (lock === null) {
    throw new CountersignError('profile-in-use', `Countersign is already open on the profile ${home}.`, {
      next: 'Use the window that is open, or name another profile with --home DIR.',
    });
  }
  let demo: Demonstration | undefined;
  try {
    const program = loading();
    if (demonstration) {
      // Loaded only here: a profile of one's own has no use for a database server and an identity provider.
      const { startDemonstration } = await import('../../demonstration/demonstration.ts');
      demo = await startDemonstration(home, (text) => {
        onProgress(text);
        program.begin();
      });
    } else if (!existsSync(join(home, PROFILE_FILES.organisation))) await createLocalProfile(home);
    const { openInstallation, createSearch, createWindow } = await program.begin();
    const installation = await openInstallation(home, 'desktop', { ...(protector && { protector }) });
    const search = createSearch(installation);
    const windows = new Set<() => void>();
    const seats = createSeats();
    return {
      serveLink(link, place = 'window') {
        const window = createWindow(installation, search, demo, seats.at(place));
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
          await search.close();
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

/**
 * The rest of the program's modules. Begun when another process has been given work (PostgreSQL reports its progress just
 * before), because loading keeps this one busy: a few turns later, so that the other process is on its way.
 */
function loading() {
  const load = async () => {
    await turn();
    await turn();
    const [{ openInstallation }, { createSearch }, { createWindow }] = await Promise.all([
      import('../../installation.ts'),
      import('./search.ts'),
      import('./window.ts'),
    ]);
    return { openInstallation, createSearch, createWindow };
  };
  let begun: ReturnType<typeof load> | undefined;
  return {
    begin() {
      begun ??= load();
      // Whoever needs it hears of a failure; until then somebody else's may be the one to tell.
      begun.catch(() => undefined);
      return begun;
    },
  };
}
