import { type Command } from 'commander';

/** Who a command runs as. */
export interface AskerOptions {
  /** E-mail address of somebody signed in, or `service:NAME`. */
  readonly as?: string;
  readonly agentTokenFile?: string;
}

/** Variable in which an agent shows its token. */
export const AGENT_TOKEN = 'COUNTERSIGN_AGENT_TOKEN';

/** The options by which a command learns for whom it runs; a token itself is never one of them: others could read it there. */
export const withAsker = (command: Command): Command =>
  command
    .option('--as <who>', 'which of the people signed in, by e-mail address; or service:NAME')
    .option('--agent-token-file <file>', `file that holds the token of an agent (or ${AGENT_TOKEN})`);
