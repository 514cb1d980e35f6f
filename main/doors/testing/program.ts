import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './workplace.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A program of the repository as a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  /** Everything it has said so far, on both streams. */
  said(): string;
  /** Resolves when it has said something that matches; rejects when it ends before. */
  says(words: RegExp): Promise<string>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export function start(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    child,
    said: () => said,
    ended,
    async says(words) {
      let over = false;
      void ended.then(() => (over = true));
      await until(`it says ${String(words)}; it said ${said}`, () => words.test(said) || over);
      const found = words.exec(said);
      if (found === null) throw new Error(`it ended without saying ${String(words)}; it said:\n${said}`);
      return found[0];
    },
  };
}

/** A process and all that descend from it. */
export function family(pid: number): readonly number[] {
  const parents = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found = [pid];
  for (const member of found)
    for (const [child, parent] of parents) if (parent === member && !found.includes(child)) found.push(child);
  return found;
}

export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
