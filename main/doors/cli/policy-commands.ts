import { Option } from 'commander';
import { type CommandLine, type Home, type Listing } from './command-line.ts';
import { type ExplainOptions, type SimulateOptions } from './policy-asked.ts';
import { type DiffOptions, type FileOptions } from './policy.ts';

/** Commands about policy as code (docs/policy-tools.md). */
export function policyCommands({ program, io, command, does, home }: CommandLine): void {
  const policy = program
    .command('policy')
    .description('policy as code: check, test, explain, compare (docs/policy-tools.md)');
  const about = (name: string, description: string) => command(policy, name, description).option('--json');
  const ofFile = (name: string, description: string) =>
    about(name, description).argument('[file]', "a policy; this profile's policy.yaml where absent");

  ofFile('check', 'whether it could come into force: problems with their lines, warnings, its own tests').action(
    does(async (file: string | undefined, options: Home & FileOptions) =>
      (await import('./policy.ts')).policyCheck(io, home(options), file, options),
    ),
  );
  ofFile('test', 'run its tests')
    .option('--tests <files...>', 'files with more tests, under tests:')
    .action(
      does(async (file: string | undefined, options: Home & FileOptions & { readonly tests?: readonly string[] }) =>
        (await import('./policy.ts')).policyTest(io, home(options), file, options),
      ),
    );
  ofFile('matrix', 'who may do what').action(
    does(async (file: string | undefined, options: Home & FileOptions) =>
      (await import('./policy.ts')).policyMatrix(io, home(options), file, options),
    ),
  );
  about('diff', 'what a change gives and takes')
    .argument('<old-or-new>', "a policy; with no other one, it is compared with this profile's policy.yaml")
    .argument('[new]', 'another policy')
    .addOption(new Option('--fail-on <what>', 'what ends with exit code 1').choices(['any', 'wider']).default('any'))
    .action(
      does(async (first: string, second: string | undefined, options: Home & DiffOptions) =>
        (await import('./policy.ts')).policyDiff(io, home(options), first, second, options),
      ),
    );
  about('explain', 'the verdict that somebody would get on a statement, and why')
    .argument('<connection>', 'name of a connection')
    .argument('[from]', '- reads the statement from standard input')
    .option('--sql <text>', 'the statement')
    .option('--file <file>', 'file that holds the statement')
    .option('--as <who...>', 'who asks: group:NAME, person:EMAIL, agent:NAME, service:NAME; oneself where absent')
    .option('--at <time>', 'when, ISO 8601; now where absent')
    .option('--grant <names...>', 'grants that are supposed to be in force')
    .option('--policy <file>', 'a policy to suppose; the one in force where absent')
    .option('--login <email>', 'whose login reads the catalog')
    .action(
      does(async (connection: string, from: string | undefined, options: Home & ExplainOptions) =>
        (await import('./policy-asked.ts')).policyExplain(io, home(options), connection, from, options),
      ),
    );
  ofFile('simulate', 'what it would have made of recorded statements')
    .option('--since <time>', 'ISO 8601, or a span such as 24h', '7d')
    .option('--as <email>', 'which of the people signed in')
    .action(
      does(async (file: string | undefined, options: Listing & SimulateOptions) =>
        (await import('./policy-asked.ts')).policySimulate(io, home(options), file, options),
      ),
    );
}
