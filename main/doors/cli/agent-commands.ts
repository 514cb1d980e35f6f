import { InvalidArgumentError } from 'commander';
import { type CommandLine, type Home, type Listing } from './command-line.ts';
import { type AgentIssueOptions, type AgentStopOptions } from './agent.ts';

function minutes(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It is a whole number of minutes.');
  return Number(text);
}

/** Commands about agents that act for a person (docs/agents-and-services.md). */
export function agentCommands({ program, io, command, does, home }: CommandLine): void {
  const agent = program.command('agent').description('agents that may act for you, and their tokens');
  const about = (name: string, description: string) =>
    command(agent, name, description).option('--as <email>', 'which of the people signed in').option('--json');
  about('list', 'the agents that the policy knows, and the tokens of yours that still count').action(
    does(async (options: Listing) => (await import('./agent.ts')).agentList(io, home(options), options)),
  );
  about('issue', 'a token with which an agent acts for you, until you sign out, stop it, or it ends')
    .argument('<agent>', 'name of the agent in policy.yaml')
    .option('--minutes <n>', 'how long it counts; as long as the policy lets it where absent', minutes)
    .option('--connection <name...>', 'connections it is for; all that you have where absent')
    .option('--out <file>', 'write the token to a new file that only you may read, instead of standard output')
    .action(
      does(async (name: string, options: Home & AgentIssueOptions) =>
        (await import('./agent.ts')).agentIssue(io, home(options), name, options),
      ),
    );
  about('stop', 'end the tokens of an agent, or one token; what runs with them is cancelled')
    .argument('[agent]', 'name of the agent')
    .option('--token <id>', 'one token, as countersign agent list shows it')
    .action(
      does(async (name: string | undefined, options: Home & AgentStopOptions) =>
        (await import('./agent.ts')).agentStop(io, home(options), name, options),
      ),
    );
}
