import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { OPTIONAL_FILES, PROFILE_FILES } from './directory.ts';
import { loadProfile, type Profile } from './load.ts';

/** A change on disk: a whole new profile to use from now on, or why the last good one stays in force. */
export type ProfileChange =
  | { readonly kind: 'changed'; readonly profile: Profile }
  | { readonly kind: 'malformed'; readonly error: CountersignError };

export interface PolicyWatch {
  close(): void;
}

/** Milliseconds between two looks; a change is taken up at the second look that sees it. */
const INTERVAL = 250;

/**
 * Calls `onChange` once at the beginning, so that nothing changed since the profile was loaded is missed, and then within
 * a second of each change to any of the profile's files. It looks at the files rather than asking
 * the system for events, which network file systems and editors that replace files do not deliver reliably. A file is
 * read only once it has been still for one interval: half a policy may well be valid, without the rules that deny.
 */
export function watchPolicy(home: string, onChange: (change: ProfileChange) => void): PolicyWatch {
  let known: string | undefined;
  let seen: string | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    const now = await signature(home);
    if (now !== known && now === seen) {
      const change = await load(home);
      // Changed again while it was read: what was read may be a mixture.
      if (now === (await signature(home))) {
        known = now;
        if (!isClosed()) onChange(change);
      }
    }
    seen = now;
    if (!isClosed()) schedule();
  };
  const isClosed = () => closed;
  const schedule = () => {
    timer = setTimeout(() => void look(), INTERVAL);
    timer.unref();
  };
  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function load(home: string): Promise<ProfileChange> {
  try {
    return { kind: 'changed', profile: await loadProfile(home) };
  } catch (error) {
    const [code, message] =
      error instanceof CountersignError
        ? [error.code, error.message]
        : ['profile-file-refused', 'The profile could not be read again.'];
    const next = 'The last good profile stays in force until this is corrected.';
    return { kind: 'malformed', error: new CountersignError(code, message, { next, cause: error }) };
  }
}

/** Says whether any of the files is another than before: identity, size, and time of change in nanoseconds. */
async function signature(home: string): Promise<string> {
  const parts = [...Object.values(PROFILE_FILES), ...Object.values(OPTIONAL_FILES)].map(async (name) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(join(home, name), { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    } catch {
      return 'absent';
    }
  });
  return (await Promise.all(parts)).join('\n');
}
