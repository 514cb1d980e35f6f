import { startDemonstration } from '../../demonstration/demonstration.ts';
import { demonstrationHome } from './home.ts';
import { type CliIo, DONE, type ExitCode, write } from './io.ts';

/** Runs the demonstration organisation in the foreground until the person ends it. */
export async function demo(io: CliIo, options: { readonly home?: string; readonly json?: boolean }): Promise<ExitCode> {
  const home = demonstrationHome(io, options.home);
  const demonstration = await startDemonstration(home, (text) => io.stderr.write(`${text}\n`));
  try {
    if (io.signal.aborted) return DONE;
    const { issuer, connections } = demonstration;
    const people = demonstration.people.map(({ name, email, role, groups, password }) => ({
      name,
      email,
      role,
      groups,
      password,
    }));
    if (options.json === true) await write(io.stdout, `${JSON.stringify({ home, issuer, connections, people })}\n`);
    else {
      const lines = [
        `The demonstration runs. Profile: ${home}`,
        `Identity provider: ${issuer}`,
        ...connections.map((c) => `Connection ${c.name}: ${c.host}:${String(c.port)}/${c.database}`),
        ...people.map((p) => `${p.name} (${p.role}): ${p.email}, password ${p.password}`),
        'Ctrl+C ends it.',
      ];
      await write(io.stdout, `${lines.join('\n')}\n`);
    }
    if (!io.signal.aborted)
      await new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }));
  } finally {
    await demonstration.stop();
  }
  return DONE;
}
