import { spawn } from 'node:child_process';
import { type Session } from '../../identity/principal.ts';
import { type CliIo, DONE, type ExitCode, write } from './io.ts';
import { sessionOf, withInstallation } from './signed-in.ts';

export interface LoginOptions {
  readonly device?: boolean;
  readonly printUrl?: boolean;
}

export async function login(io: CliIo, home: string, options: LoginOptions): Promise<ExitCode> {
  return withInstallation(home, async ({ identity }) => {
    for await (const step of identity.signIn(options.device === true ? 'device' : 'browser', io.signal)) {
      if (step.kind === 'open') {
        if (options.printUrl === true) await write(io.stdout, `${step.url}\n`);
        else {
          openInBrowser(step.url);
          io.stderr.write(`Sign in in your browser. If none opened, go to:\n${step.url}\n`);
        }
      } else if (step.kind === 'device') {
        const address = step.verificationUriComplete ?? step.verificationUri;
        if (options.printUrl === true) await write(io.stdout, `${address}\n`);
        io.stderr.write(`Open ${step.verificationUri} and enter the code ${step.userCode}\n`);
      } else if (step.kind === 'done') {
        io.stderr.write(`Signed in as ${nameOf(step.session)}.\n`);
      }
    }
    return DONE;
  });
}

export async function logout(io: CliIo, home: string, email: string | undefined): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await sessionOf(installation, email);
    await installation.identity.signOut(session);
    io.stderr.write(`Signed out ${nameOf(session)}.\n`);
    return DONE;
  });
}

export async function whoami(
  io: CliIo,
  home: string,
  options: { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await sessionOf(installation, options.as));
    const { issuer, subject, name, email, groups, verified, device } = session.principal;
    if (options.json === true) {
      await write(
        io.stdout,
        `${JSON.stringify({ issuer, subject, name, email: email ?? null, groups, verified, device: device ?? null, expiresAt: session.expiresAt })}\n`,
      );
    } else {
      const belongs = groups === 'unknown' ? 'groups unknown' : groups.length === 0 ? 'no groups' : groups.join(', ');
      await write(
        io.stdout,
        `${nameOf(session)} (${belongs}), ${verified ? `verified by ${issuer}` : 'identity not verified'}, until ${session.expiresAt}\n`,
      );
    }
    return DONE;
  });
}

const nameOf = ({ principal }: Session): string =>
  principal.email === undefined ? principal.name : `${principal.name} <${principal.email}>`;

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
