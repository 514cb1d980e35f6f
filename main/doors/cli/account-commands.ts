import { type CommandLine } from './command-line.ts';

/** Commands about classification and the account. */
export function accountCommands(_line: CommandLine): void {}
