import { type CommandLine } from './command-line.ts';

/** Commands about policy as code (docs/policy.md). */
export function policyCommands(_line: CommandLine): void {}
