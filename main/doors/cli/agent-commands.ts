import { type CommandLine } from './command-line.ts';

/** Commands about agents, services and revocations. */
export function agentCommands(_line: CommandLine): void {}
