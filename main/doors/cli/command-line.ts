import { type Command } from 'commander';
import { type CliIo, type ExitCode } from './io.ts';

export interface Home {
  readonly home?: string;
}
export interface Listing extends Home {
  readonly as?: string;
  readonly json?: boolean;
}

/** What a family of commands is declared with: each loads what it needs when it runs. */
export interface CommandLine {
  readonly program: Command;
  readonly io: CliIo;
  /** A command of `parent`, with `--home`. */
  command(parent: Command, name: string, description: string): Command;
  /** The action of a command: its exit code is that of the program. */
  does<A extends unknown[]>(run: (...args: A) => Promise<ExitCode>): (...args: A) => Promise<void>;
  home(options: Home): string;
}
