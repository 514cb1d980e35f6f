import { open } from 'node:fs/promises';
import { CountersignError } from '../../errors.ts';
import { type AgentToken } from '../../identity/index.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { formatTable } from '../format/rows.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

interface Asked {
  readonly as?: string;
  readonly json?: boolean;
}

export interface AgentIssueOptions extends Asked {
  readonly minutes?: number;
  readonly connection?: readonly string[];
  readonly out?: string;
}

export interface AgentStopOptions extends Asked {
  readonly token?: string;
}

/** An agent as the list shows it. */
interface ListedAgent {
  readonly name: string;
  readonly title: string;
  readonly maxMinutes: number;
  readonly mine: boolean;
  readonly tokens: readonly AgentToken[];
}

export async function agentList(io: CliIo, home: string, options: Asked): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await signedIn(installation, options, io);
    const agents = await agentsFor(installation, session);
    if (options.json === true) await write(io.stdout, `${JSON.stringify(agents)}\n`);
    else await write(io.stdout, agentsText(agents));
    return DONE;
  });
}

export async function agentIssue(
  io: CliIo,
  home: string,
  agent: string,
  options: AgentIssueOptions,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const { identity, people } = installation;
    const session = await signedIn(installation, options, io);
    for (const name of options.connection ?? []) installation.inForce().connection(name);
    // An agent that nobody knows is refused by identity, in its own words.
    const minutes = options.minutes ?? people.agents().get(agent)?.maxMinutes ?? 1;
    const { connection: connections } = options;
    const { token, issued } = await identity.issueAgentToken(session, {
      agent,
      minutes,
      ...(connections === undefined ? {} : { connections }),
    });
    if (options.out !== undefined) {
      await writeNewFile(options.out, `${token}\n`).catch(async (error: unknown) => {
        // Nobody has it: it must not count either.
        await identity.stopAgent(session, { token: issued.id });
        throw error;
      });
    }
    if (options.json === true) {
      const shown = options.out === undefined ? { token } : { file: options.out };
      await write(io.stdout, `${JSON.stringify({ ...issued, ...shown })}\n`);
    } else if (options.out === undefined) await write(io.stdout, `${token}\n`);
    tell(io, `Token ${issued.id} for ${agent} counts until ${issued.expiresAt}. It is shown once and kept nowhere.\n`);
    return DONE;
  });
}

export async function agentStop(
  io: CliIo,
  home: string,
  agent: string | undefined,
  { token, ...options }: AgentStopOptions,
): Promise<ExitCode> {
  if ((agent === undefined) === (token === undefined)) {
    throw new CountersignError('agent-unnamed', 'Stop an agent, or one token, and not both.', {
      next: 'Write countersign agent stop AGENT, or countersign agent stop --token ID.',
    });
  }
  return withInstallation(home, async (installation) => {
    const session = await signedIn(installation, options, io);
    const before = await installation.identity.agentTokens(session);
    const stopped = before.filter(({ id, agent: name }) => (token === undefined ? name === agent : id === token));
    await installation.identity.stopAgent(session, token === undefined ? { agent: agent ?? '' } : { token });
    if (options.json === true) await write(io.stdout, `${JSON.stringify({ stopped: stopped.map(({ id }) => id) })}\n`);
    else if (stopped.length === 0) tell(io, 'There was nothing to stop.\n');
    else for (const { id, agent: name } of stopped) tell(io, `Stopped token ${id} of ${name}.\n`);
    return DONE;
  });
}

/** Stopping works by a login that is over, too: it only takes away. What needs a live one asks for it itself. */
const signedIn = (installation: Installation, { as }: Asked, io: CliIo): Promise<Session> =>
  askerOf(installation, as === undefined ? {} : { as }, io);

async function agentsFor({ identity, people }: Installation, session: Session): Promise<readonly ListedAgent[]> {
  const { principal } = await identity.ensureLive(session);
  const tokens = await identity.agentTokens(session);
  return [...people.agents().values()].map((known) => ({
    name: known.name,
    title: known.title,
    maxMinutes: known.maxMinutes,
    mine: people.isOf(known.for, principal),
    tokens: tokens.filter(({ agent }) => agent === known.name),
  }));
}

function agentsText(agents: readonly ListedAgent[]): string {
  if (agents.length === 0) return 'The policy names no agents.\n';
  const names = ['agent', 'title', 'for you', 'token', 'until', 'connections'];
  const rows = agents.flatMap(({ name, title, maxMinutes, mine, tokens }) => {
    const said = [name, title, mine ? `up to ${String(maxMinutes)} minutes` : 'no'];
    if (tokens.length === 0) return [[...said, '', '', '']];
    return tokens.map(({ id, expiresAt, connections }) => [...said, id, expiresAt, connections?.join(', ') ?? 'all']);
  });
  return formatTable(
    names.map((name) => ({ name, numeric: false })),
    rows,
  );
}

/** A new file, never one that is there: that could be somebody's link to elsewhere, or open to others. */
async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new CountersignError('file-not-written', `The token could not be written to ${path} (${code}).`, {
      next: code === 'EEXIST' ? 'Name a file that is not there yet.' : 'Check the path and who may write there.',
      cause,
    });
  }
}
