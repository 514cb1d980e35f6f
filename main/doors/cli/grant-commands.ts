import { type CommandLine } from './command-line.ts';

/** Commands about grants. */
export function grantCommands(_line: CommandLine): void {}
