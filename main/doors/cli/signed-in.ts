import { readPrivateFile } from '../../credentials/index.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation, openInstallation } from '../../installation.ts';
import { AGENT_TOKEN, type AskerOptions } from './asker-options.ts';
import { type CliIo, type ExitCode } from './io.ts';

/** Runs `work` with the profile opened and closes it whatever happens. */
export async function withInstallation(
  home: string,
  work: (installation: Installation) => Promise<ExitCode>,
): Promise<ExitCode> {
  const installation = await openInstallation(home, 'cli');
  try {
    return await work(installation);
  } finally {
    await installation.close();
  }
}

/**
 * Who a command runs as: an agent where the environment or a file holds its token, whoever else is signed in; a service where
 * `--as service:NAME` names one, which signs in for this one command; else a person. Whoever is named twice is refused:
 * a program that thinks it is held to an agent's rights must never have a person's.
 * @throws CountersignError `signed-out`, `asker-conflict`, `agent-*`, `service-*`, `secret-*`
 */
export async function askerOf(
  { identity }: Pick<Installation, 'identity'>,
  { as, agentTokenFile }: AskerOptions,
  { environment, signal }: Pick<CliIo, 'environment' | 'signal'>,
): Promise<Session> {
  const inEnvironment = environment[AGENT_TOKEN];
  const named = [
    inEnvironment !== undefined && AGENT_TOKEN,
    agentTokenFile !== undefined && '--agent-token-file',
    as !== undefined && '--as',
  ];
  const given = named.filter((name) => name !== false);
  if (given.length > 1) {
    throw new CountersignError('asker-conflict', `${given.join(' and ')} each say who is asking.`, {
      next: 'Give one of them.',
    });
  }
  if (inEnvironment !== undefined) return identity.agentSession(tokenInEnvironment(inEnvironment));
  if (agentTokenFile !== undefined) return identity.agentSession(await tokenIn(agentTokenFile));
  const service = as?.startsWith(SERVICE) === true ? as.slice(SERVICE.length) : undefined;
  if (service !== undefined) return identity.signInService(service, signal);
  const session = await identity.restore(as === undefined ? {} : { email: as });
  if (session !== undefined) return session;
  throw new CountersignError(
    'signed-out',
    as === undefined ? 'Nobody is signed in to this profile.' : `${as} is not signed in to this profile.`,
    {
      next: 'Sign in with: countersign login',
    },
  );
}

const SERVICE = 'service:';

/** A variable without a token is one whose token was not found: whoever set it meant an agent, never the person instead. */
function tokenInEnvironment(value: string): string {
  const token = value.trim();
  if (token !== '') return token;
  throw new CountersignError('agent-token-missing', `${AGENT_TOKEN} is set, and there is no token in it.`, {
    next: `Put the token of an agent into it (countersign agent issue AGENT), or take it away: unset ${AGENT_TOKEN}`,
  });
}

/** Only its owner may read it (0600): whoever has the token is the agent. */
async function tokenIn(path: string): Promise<string> {
  const bytes = await readPrivateFile(path);
  if (bytes === undefined) {
    throw new CountersignError('agent-token-missing', `There is no file ${path} with the token of an agent.`, {
      next: 'Make one with: countersign agent issue AGENT --out FILE',
    });
  }
  return new TextDecoder().decode(bytes).trim();
}
