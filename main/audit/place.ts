/**
 * Where a log lies: enough to tell that it is not where it was begun. Two writers with one key that continue the same log
 * fork it, and a fork cannot be mended; a new log begun without need costs nothing.
 */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type LogPlace } from './events.ts';

/** The value as leaf 0 has it: it says nothing but whether two values of one log are the same. */
const salted = (logId: string, value: string): string => hash('sha256', `${logId}\n${value}`, 'hex');

/** The place of a log's directory as it is now. `machine` stands in for what the operating system calls itself. */
export function placeOf(path: string, logId: string, machine = machineId()): LogPlace {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  return {
    machine: salted(logId, machine),
    inode: salted(logId, String(ino)),
    born: salted(logId, String(birthtimeNs)),
  };
}

/**
 * Is the log still where it was begun. A file system that keeps no time of birth gives that of the last change instead:
 * then the inode has to do.
 */
export function isInPlace(begun: LogPlace, path: string, logId: string, machine = machineId()): boolean {
  const now = placeOf(path, logId, machine);
  const { birthtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const hasBirth = birthtimeNs !== 0n && birthtimeNs !== ctimeNs;
  return begun.machine === now.machine && begun.inode === now.inode && (!hasBirth || begun.born === now.born);
}

let known: string | undefined;

/** What the installed operating system calls itself; it outlives renames and updates. Empty where it says nothing. */
function machineId(): string {
  return (known ??= readMachineId());
}

function readMachineId(): string {
  switch (process.platform) {
    case 'darwin':
      return matchIn(
        run('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']),
        /"IOPlatformUUID" = "([0-9A-F-]+)"/i,
      );
    case 'win32':
      return matchIn(
        run('reg.exe', ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid', '/reg:64']),
        /MachineGuid\s+REG_SZ\s+(\S+)/,
      );
    default:
      return readIfThere('/etc/machine-id') || readIfThere('/var/lib/dbus/machine-id');
  }
}

const matchIn = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';

/** What a program of the operating system prints; nothing where it cannot be run. */
function run(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8', timeout: 5000, windowsHide: true }).stdout ?? '';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
