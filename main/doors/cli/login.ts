import { spawn } from 'node:child_process';
import { CountersignError } from '../../errors.ts';
import { mayNot } from '../../identity/agents/refusals.ts';
import { type SignInProgress } from '../../identity/identity.ts';
import { type Session } from '../../identity/principal.ts';
import { printable } from '../format/printable.ts';
import { AGENT_TOKEN, type AskerOptions } from './asker-options.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

export interface LoginOptions {
  readonly device?: boolean;
  readonly printUrl?: boolean;
  readonly stepUp?: boolean;
  readonly service?: string;
  readonly as?: string;
}

/** Signs a person in, has one who is signed in prove again who they are, or signs a service in. */
export async function login(io: CliIo, home: string, options: LoginOptions): Promise<ExitCode> {
  checkTogether(options);
  const { device, service, stepUp, as } = options;
  const method = device === true ? 'device' : 'browser';
  return withInstallation(home, async (installation) => {
    const { identity } = installation;
    if (stepUp !== true && io.environment[AGENT_TOKEN] !== undefined) throw mayNot('sign anybody in');
    if (service !== undefined) {
      const session = await identity.signInService(service, io.signal);
      tell(io, `Signed in as the service ${service}, until ${session.expiresAt}.\n`);
    } else if (stepUp === true) {
      const session = await identity.ensureLive(await askerOf(installation, as === undefined ? {} : { as }, io));
      const proven = await follow(io, identity.stepUp(session, method, io.signal), options);
      tell(io, `Confirmed that it is ${nameOf(proven)}.\n`);
    } else {
      const session = await follow(io, identity.signIn(method, io.signal), options);
      tell(io, `Signed in as ${nameOf(session)}.\n`);
    }
    return DONE;
  });
}

/** Options that would be ignored are refused: whoever gave them meant something. */
function checkTogether({ service, stepUp, device, printUrl, as }: LoginOptions): void {
  const wrong =
    service !== undefined && (stepUp === true || device === true || printUrl === true || as !== undefined)
      ? 'A service signs in by itself: --service stands alone.'
      : as !== undefined && stepUp !== true
        ? '--as says whose sign-in is confirmed, so it goes with --step-up.'
        : undefined;
  if (wrong === undefined) return;
  throw new CountersignError('options-conflict', wrong, { next: 'See: countersign login --help' });
}

/** Takes the person through the steps: an address to open, or a code to enter elsewhere. */
async function follow(io: CliIo, steps: AsyncIterable<SignInProgress>, { printUrl }: LoginOptions): Promise<Session> {
  for await (const step of steps) {
    if (step.kind === 'open') {
      if (printUrl === true) await write(io.stdout, `${step.url}\n`);
      else {
        openInBrowser(step.url);
        tell(io, `Sign in in your browser. If none opened, go to:\n${step.url}\n`);
      }
    } else if (step.kind === 'device') {
      if (printUrl === true) await write(io.stdout, `${step.verificationUriComplete ?? step.verificationUri}\n`);
      tell(io, `Open ${step.verificationUri} and enter the code ${step.userCode}\n`);
    } else if (step.kind === 'done') return step.session;
  }
  throw new CountersignError('sign-in-cancelled', 'The sign-in was cancelled.');
}

export async function logout(io: CliIo, home: string, email: string | undefined): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, email === undefined ? {} : { as: email }, io);
    await installation.identity.signOut(session);
    tell(io, `Signed out ${nameOf(session)}.\n`);
    return DONE;
  });
}

export async function whoami(
  io: CliIo,
  home: string,
  options: AskerOptions & { readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await askerOf(installation, options, io));
    const { issuer, subject, name, email, groups, verified, device, acr, amr, service, steppedUpAt } =
      session.principal;
    if (options.json === true) {
      const strength = { acr: acr ?? null, amr: amr ?? null, steppedUpAt: steppedUpAt ?? null };
      const who = { issuer, subject, name, email: email ?? null, groups, verified, device: device ?? null };
      await write(
        io.stdout,
        `${JSON.stringify({ ...who, ...actingOf(session), ...strength, expiresAt: session.expiresAt })}\n`,
      );
    } else {
      const known = groups === 'unknown' ? 'groups unknown' : groups.length === 0 ? 'no groups' : groups.join(', ');
      const belongs = service === undefined ? known : `service ${service.name}`;
      const vouched = verified ? `verified by ${issuer}` : 'identity not verified';
      const again = steppedUpAt === undefined ? '' : `, confirmed again at ${steppedUpAt}`;
      await write(
        io.stdout,
        `${printable(nameOf(session))} (${printable(belongs)}), ${vouched}${again}, until ${session.expiresAt}\n`,
      );
    }
    return DONE;
  });
}

const nameOf = ({ principal: { name, email, agent } }: Session): string => {
  const person = email === undefined ? name : `${name} <${email}>`;
  return agent === undefined ? person : `${agent.name} (agent ${agent.id}) for ${person}`;
};

/** For programs: what acts in whose place, and where it is held to. */
const actingOf = ({ principal: { agent, service }, connections }: Session): object => ({
  agent: agent ?? null,
  service: service?.name ?? null,
  connections: connections ?? null,
});

/** The address goes to the system as one argument and never through a shell. */
function openInBrowser(url: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
        : ['xdg-open', [url]];
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
