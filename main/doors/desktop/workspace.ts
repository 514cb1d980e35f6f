import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceState } from '../../../shared/contract.ts';
import { type WorkspaceState } from '../../../shared/views.ts';
import { CountersignError } from '../../errors.ts';
import { type Principal } from '../../identity/principal.ts';

/** Tabs and unsaved text of one person on this machine. Two people on one profile never see each other's. */
export interface WorkspaceStore {
  load(): WorkspaceState;
  /** Durable when it returns: written beside, synced, renamed over. @throws CountersignError workspace-not-saved */
  save(state: WorkspaceState): void;
}

const empty: WorkspaceState = { tabs: [], active: null, layout: {}, theme: 'system' };

/** The private folder of a person inside the profile. @throws CountersignError workspace-unavailable */
export function personalDirectory(home: string, principal: Principal): string {
  const id = createHash('sha256').update(`${principal.issuer}\n${principal.subject}`).digest('hex').slice(0, 24);
  const directory = join(home, 'people', id);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CountersignError('workspace-unavailable', `Your folder ${directory} cannot be made.`, {
      next: 'Make sure that the profile directory can be written and its disk is not full.',
      cause,
    });
  }
  return directory;
}

export function openWorkspace(directory: string): WorkspaceStore {
  const file = join(directory, 'workspace.json');
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty;
        throw error;
      }
      const state = parse(text);
      if (state !== undefined) return state;
      // Somebody's SQL may still be in there: set it aside instead of writing over it.
      renameSync(file, `${file}.unreadable-${Date.now()}`);
      return empty;
    },
    save(state) {
      const beside = `${file}.new`;
      try {
        const handle = openSync(beside, 'w', 0o600);
        try {
          // All of it or an error: a single write may store a part and say nothing when the disk fills up.
          writeFileSync(handle, JSON.stringify(state));
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
        renameSync(beside, file);
      } catch (error) {
        giveBack(beside);
        const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
        throw new CountersignError(
          'workspace-not-saved',
          full ? 'The disk is full: the text of your tabs is not saved.' : 'The text of your tabs could not be saved.',
          {
            next: full
              ? 'Free some space; saving is tried again with the next change.'
              : 'Check that the profile directory is writable.',
            cause: error,
          },
        );
      }
    },
  };
}

/** A half-written file takes room that whoever tries again may need. */
function giveBack(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What could not be written cannot always be removed either: the next save writes over it.
  }
}

function parse(text: string): WorkspaceState | undefined {
  try {
    const parsed = workspaceState.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
