import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../../version.ts';
import { type Environment, ENVIRONMENTS } from '../../policy/vocabulary.ts';
import {
  connections,
  connectionsAdd,
  connectionsDoctor,
  connectionsRemove,
  connectionsRoleScript,
  connectionsShow,
  init,
} from './connections.ts';
import { withAsker } from './asker-options.ts';
import { accountCommands } from './account-commands.ts';
import { agentCommands } from './agent-commands.ts';
import { type CommandLine, type Home, type Listing } from './command-line.ts';
import { grantCommands } from './grant-commands.ts';
import { homeOf } from './home.ts';
import { type ActivityOptions } from './activity.ts';
import { type LoginOptions } from './login.ts';
import { policyCommands } from './policy-commands.ts';
import { type StatementOptions } from './query.ts';
import { type VerifierValues, withVerifierOptions } from './verify-options.ts';
import { CANNOT, type CliIo, DONE, type ExitCode, printError, ReaderGone } from './io.ts';

const STATUSES = ['done', 'failed', 'cancelled', 'refused', 'unknown', 'not_started', 'running'];

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

/** The command line (docs/cli.md). Runs one command and gives its exit code; never exits the process itself. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let code: ExitCode = DONE;
  const program = new Command('countersign')
    .description('A SQL workbench with governance built in: the command line of the same gate.')
    .version(VERSION)
    .exitOverride()
    // `connections add` has options of the same names as `connections`: each takes those that stand behind it.
    .enablePositionalOptions()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) })
    .showHelpAfterError('(countersign --help lists the commands)');

  /** Commands are loaded when they run: starting is quick, and `verify` never loads a driver. */
  const does =
    // Commander gives arguments and options as it parsed them; each command takes what it declared.
    <A extends unknown[]>(run: (...args: A) => Promise<ExitCode>) =>
      async (...args: A): Promise<void> => {
        code = await run(...args);
      };
  const home = (options: Home): string => homeOf(io, options.home);
  const command = (parent: Command, name: string, description: string): Command =>
    parent.command(name).description(description).option('--home <dir>', 'profile directory (COUNTERSIGN_HOME)');
  const asking = (name: string, description: string): Command =>
    withAsker(command(program, name, description))
      .argument('<connection>', 'name of a connection')
      .argument('[from]', '- reads the statement from standard input')
      .option('--sql <text>', 'the statement')
      .option('--file <file>', 'file that holds the statement')
      .option('--jsonl', 'one {"id","sql"} or {"id","script"} per line on standard input, one answer per line')
      .option('--reason <text>', 'why: policy may ask for it, and the record keeps it')
      .option('--ticket <id>', 'the ticket it belongs to');

  command(program, 'demo', 'run the demonstration organisation in the foreground')
    .option('--json', 'print one JSON line when ready')
    .action(does(async (options: Listing) => (await import('./demo.ts')).demo(io, options)));
  command(program, 'init', 'make a local profile, for somebody without an organisation')
    .addOption(
      new Option('--secrets <where>', 'where secrets are kept').choices(['keyring', 'file']).default('keyring'),
    )
    .action(does(async (options: Home & { readonly secrets: 'keyring' | 'file' }) => init(io, home(options), options)));
  command(program, 'login', 'sign in with the organisation')
    .option('--device', 'with a code on another device')
    .option('--step-up', 'prove again who you are, as policy may ask for what is risky')
    .option('--service <name>', 'as a service or CI job that policy.yaml names')
    .option('--as <email>', 'with --step-up: which of the people signed in')
    .option('--print-url', 'print the address instead of opening it')
    .action(
      does(async (options: Home & LoginOptions) => (await import('./login.ts')).login(io, home(options), options)),
    );
  command(program, 'logout', 'end the login and delete it here')
    .option('--as <email>', 'which of the people signed in')
    .action(does(async (options: Listing) => (await import('./login.ts')).logout(io, home(options), options.as)));
  withAsker(command(program, 'whoami', 'who is signed in'))
    .option('--json')
    .action(does(async (options: Listing) => (await import('./login.ts')).whoami(io, home(options), options)));

  const list = withAsker(command(program, 'connections', 'the connections that policy gives you'))
    .enablePositionalOptions()
    .option('--json')
    .option('--check', 'connect to each and say what its role can do besides')
    .action(does(async (options: Listing & { readonly check?: boolean }) => connections(io, home(options), options)));
  const about = (name: string, description: string): Command =>
    command(list, name, description)
      .argument('<name>', 'name of a connection')
      .option('--as <email>', 'which of the people signed in')
      .option('--json');
  about('show', 'one connection, with what its role can do').action(
    does(async (name: string, options: Listing) => connectionsShow(io, home(options), name, options)),
  );
  about('doctor', 'whether a connection is as it should be, and what mends it').action(
    does(async (name: string, options: Listing) => connectionsDoctor(io, home(options), name, options)),
  );
  command(list, 'role-script', 'the SQL that sets up the role of a connection')
    .argument('<name>', 'name of a connection')
    .action(does(async (name: string, options: Home) => connectionsRoleScript(io, home(options), name)));
  command(list, 'add', 'add a connection by its address (local profile)')
    .argument('<url>', 'postgres://user:password@host:port/database')
    .option('--title <title>', 'name to show', '')
    .addOption(
      new Option('--environment <environment>', 'where it belongs').choices([...ENVIRONMENTS]).default('development'),
    )
    .action(
      does(async (url: string, options: Home & { readonly title: string; readonly environment: Environment }) =>
        connectionsAdd(io, home(options), url, options),
      ),
    );
  command(list, 'remove', 'remove a connection (local profile)')
    .argument('<name>')
    .action(does(async (name: string, options: Home) => connectionsRemove(io, home(options), name)));

  asking('query', 'run one statement')
    .addOption(new Option('--format <format>').choices(['table', 'json', 'csv']).default('table'))
    .action(
      does(async (connection: string, from: string | undefined, options: Home & StatementOptions) =>
        (await import('./query.ts')).query(io, home(options), connection, from, options),
      ),
    );
  asking('explain', 'the verdict on one statement, without running it')
    .option('--json')
    .action(
      does(async (connection: string, from: string | undefined, options: Home & StatementOptions) =>
        (await import('./query.ts')).explain(io, home(options), connection, from, options),
      ),
    );
  const classify = program.command('classify').description('which columns hold what kind of value');
  command(classify, 'suggest', 'what columns that nobody classified look like')
    .argument('<connection>', 'name of a connection')
    .option('--as <email>', 'which of the people signed in')
    .option('--json')
    .action(
      does(async (connection: string, options: Listing) =>
        (await import('./classify.ts')).classifySuggest(io, home(options), connection, options),
      ),
    );
  command(classify, 'show', 'the columns that are classified, and what says so')
    .argument('<connection>', 'name of a connection')
    .option('--as <email>', 'which of the people signed in')
    .option('--json')
    .action(
      does(async (connection: string, options: Listing) =>
        (await import('./classify.ts')).classifyShow(io, home(options), connection, options),
      ),
    );
  command(classify, 'accept', 'write classifications that you have looked at into classification.yaml')
    .argument('<connection>', 'name of a connection')
    .argument('<column=class...>', 'such as public.customers.email=email')
    .option('--as <email>', 'which of the people signed in')
    .action(
      does(async (connection: string, columns: readonly string[], options: Listing) =>
        (await import('./classify.ts')).classifyAccept(io, home(options), connection, columns, options),
      ),
    );
  const record = program.command('record').description('how far the record has come, and what is kept of it elsewhere');
  command(record, 'status', 'what is recorded, uploaded and witnessed')
    .option('--json')
    .action(does(async (options: Listing) => (await import('./record.ts')).recordStatus(io, home(options), options)));
  command(record, 'upload', 'bring everything recorded to the store and the witnesses')
    .option('--seconds <n>', 'how long to try', wholeNumber, 300)
    .option('--json')
    .action(
      does(async (options: Listing & { readonly seconds: number }) =>
        (await import('./record.ts')).recordUpload(io, home(options), options),
      ),
    );
  command(record, 'doctor', 'what the store does not promise, and what mends it')
    .option('--json')
    .action(does(async (options: Listing) => (await import('./record.ts')).recordDoctor(io, home(options), options)));
  command(record, 'erase', 'erase the sealed content of one event for good; the event and its proof stay')
    .argument('<log>', 'id of the log')
    .argument('<index>', 'index of the event', wholeNumber)
    .requiredOption('--reason <text>', 'why: it is recorded')
    .option('--as <email>', 'which of the people signed in')
    .option('--json')
    .action(
      does(async (log: string, index: number, options: Listing & { readonly reason: string }) =>
        (await import('./record.ts')).recordErase(io, home(options), log, index, options),
      ),
    );

  const witness = program.command('witness').description('a witness that signs that logs only grew (docs/witness.md)');
  const witnessing = (name: string, description: string): Command =>
    witness.command(name).description(description).argument('<dir>', 'directory of the witness').option('--json');
  witnessing('init', 'make a witness: a key, an empty memory, an empty list of logs')
    .requiredOption('--name <name>', 'its name, such as witness.example.com/w1')
    .addOption(new Option('--secrets <where>', 'where its key is kept').choices(['keyring', 'file']).default('file'))
    .action(
      does(
        async (
          directory: string,
          options: { readonly json?: boolean; readonly name: string; readonly secrets?: 'keyring' | 'file' },
        ) => (await import('./witness.ts')).witnessInit(io, directory, options),
      ),
    );
  witnessing('serve', 'run it in the foreground')
    .option('--listen <address>', 'address and port')
    .action(
      does(async (directory: string, options: { readonly json?: boolean; readonly listen?: string }) =>
        (await import('./witness.ts')).witnessServe(io, directory, options),
      ),
    );
  witnessing('show', 'who it is and what it knows').action(
    does(async (directory: string, options: { readonly json?: boolean }) =>
      (await import('./witness.ts')).witnessShow(io, directory, options),
    ),
  );

  withVerifierOptions(
    command(program, 'verify', 'check the record end to end').argument(
      '[source]',
      'a log, a directory of logs, a store, or s3://bucket/prefix; default: the record of this profile',
    ),
  )
    .option('--content', "open what is sealed in this profile's own record, with its key")
    .action(
      does(async (source: string | undefined, { home: of, ...values }: Home & VerifierValues) =>
        (await import('./verify.ts')).verify(io, homeOf(io, of), source, values),
      ),
    );

  const activity = command(program, 'activity', 'what was done, by whom, newest first')
    .enablePositionalOptions()
    .option('--as <email>', 'which of the people signed in');
  activity
    .option('--person <who>', 'e-mail address, or issuer and subject')
    .option('--agent <id>')
    .option('--connection <name>')
    .addOption(new Option('--env <environment>').choices([...ENVIRONMENTS]))
    .option('--table <name>', 'schema.table')
    .option('--column <name>', 'schema.table.column: who touched it')
    .option('--class <class>', 'class of a column that was touched')
    .addOption(new Option('--verdict <verdict>').choices(['allow', 'refuse', 'ask']))
    .addOption(new Option('--status <status>', 'how it ended').choices(STATUSES))
    .option('--kind <kind...>', 'kinds of events')
    .option('--since <time>', 'ISO 8601, or a span such as 24h')
    .option('--until <time>')
    .option('--text <words>', 'all of these words')
    .option('--limit <n>', 'how many at most', wholeNumber, 100)
    .option('--json', 'one JSON object per line')
    .option('--csv')
    .action(
      does(async (options: Home & ActivityOptions) =>
        (await import('./activity.ts')).activity(io, home(options), options),
      ),
    );
  command(activity, 'show', 'one event with its decision, its text where you may read it, and its proof')
    .argument('<log>', 'id of the log')
    .argument('<index>', 'index of the event', wholeNumber)
    .option('--proof <file>', 'write the proof (C2SP tlog-proof) to a file')
    .option('--as <email>', 'which of the people signed in')
    .option('--json')
    .action(
      does(async (log: string, index: number, options: Listing & { readonly proof?: string }) =>
        (await import('./activity.ts')).activityShow(io, home(options), log, index, options),
      ),
    );

  const line: CommandLine = { program, io, command, does, home };
  agentCommands(line);
  grantCommands(line);
  policyCommands(line);
  accountCommands(line);

  command(activity, 'rebuild', 'make the search index anew from the record').action(
    does(async (options: Home) => (await import('./activity.ts')).activityRebuild(io, home(options))),
  );

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof ReaderGone) return DONE;
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : CANNOT;
    printError(io, error);
    return CANNOT;
  }
}
