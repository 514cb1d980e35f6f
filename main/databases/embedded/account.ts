import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The unprivileged account that PostgreSQL runs as when this process is root (initdb and postgres refuse uid 0). */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: Account = { uid: 65534, gid: 65534 };

/**
 * Who the server runs as: undefined for "as ourselves", which is right unless we are root. A data directory that
 * already belongs to somebody other than root keeps its owner.
 */
export function serverAccount(dataDirectory: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataDirectory, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return nobody();
}

function nobody(): Account {
  try {
    const entry = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([name]) => name === 'nobody');
    const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
    return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : NOBODY;
  } catch {
    return NOBODY;
  }
}

/**
 * Can `account` open what is at `path`: search permission on every directory above it and on itself. Access control
 * lists are not read, so the answer may be a cautious no.
 */
export function canReach(account: Account | undefined, path: string): boolean {
  if (account === undefined) return true;
  for (let at = realpathSync(path); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
