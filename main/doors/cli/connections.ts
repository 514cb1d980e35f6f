import { type ConnectionView } from '../../../shared/views.ts';
import { inForce } from '../../gate/in-force.ts';
import { type Environment } from '../../policy/vocabulary.ts';
import { addConnection, removeConnection } from '../../profile/edit-connections.ts';
import { createLocalProfile } from '../../profile/local.ts';
import { roleScript } from '../../profile/role-script.ts';
import { loadProfile } from '../../profile/load.ts';
import { connectionDetail, examineConnection, visibleConnections } from '../connections.ts';
import { formatTable } from '../format/rows.ts';
import { type AskerOptions } from './asker-options.ts';
import { connectionText, examinationText } from './connection-text.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

export async function connections(
  io: CliIo,
  home: string,
  options: Asked & { readonly check?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await askerOf(installation, options, io));
    if (options.check === true) {
      const names = (await visibleConnections(installation, session)).map(({ name }) => name);
      await Promise.all(names.map((name) => examineConnection(installation, session, name, io.signal)));
    }
    const list = await visibleConnections(installation, session);
    if (options.json === true) await write(io.stdout, `${JSON.stringify(list)}\n`);
    else {
      const names = ['name', 'environment', 'database', 'access', 'strength', 'title'] as const;
      const rows = list.map((connection) => [
        ...names.map((name) => connection[name]),
        ...(options.check === true ? [weaknessWords(connection)] : []),
      ]);
      const headings = options.check === true ? [...names, 'weaknesses'] : names;
      await write(
        io.stdout,
        formatTable(
          headings.map((name) => ({ name, numeric: false })),
          rows,
        ),
      );
    }
    return DONE;
  });
}

interface Asked extends AskerOptions {
  readonly json?: boolean;
}

function weaknessWords({ weaknesses }: ConnectionView): string {
  if (weaknesses === null) return 'not known';
  return weaknesses.length === 0 ? 'none' : weaknesses.map(({ code }) => code).join(', ');
}

/** One connection with what its server says of its role. */
export async function connectionsShow(io: CliIo, home: string, name: string, options: Asked): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const detail = await connectionDetail(installation, await askerOf(installation, options, io), name, io.signal);
    await write(io.stdout, options.json === true ? `${JSON.stringify(detail)}\n` : connectionText(detail));
    return DONE;
  });
}

/** Whether a connection is as it should be, and what mends it where it is not. */
export async function connectionsDoctor(io: CliIo, home: string, name: string, options: Asked): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const view = await examineConnection(installation, await askerOf(installation, options, io), name, io.signal);
    await write(io.stdout, options.json === true ? `${JSON.stringify(view)}\n` : examinationText(view));
    return view.usable ? DONE : REFUSED;
  });
}

/** The SQL that sets up the role of a connection. Needs neither a login nor the server. */
export async function connectionsRoleScript(io: CliIo, home: string, name: string): Promise<ExitCode> {
  await write(io.stdout, roleScript(inForce(await loadProfile(home)).connection(name)));
  return DONE;
}

/** A profile for somebody without an organisation. */
export async function init(
  io: CliIo,
  home: string,
  options: { readonly secrets: 'keyring' | 'file' },
): Promise<ExitCode> {
  await createLocalProfile(home, options);
  io.stderr.write(
    `Made a local profile in ${home}. Identity is this account of the machine, not verified by anybody.\n`,
  );
  return DONE;
}

export async function connectionsAdd(
  io: CliIo,
  home: string,
  url: string,
  options: { readonly title: string; readonly environment: Environment },
): Promise<ExitCode> {
  return withInstallation(home, async ({ secrets }) => {
    const connection = await addConnection(home, url, options.title, options.environment, secrets);
    await write(io.stdout, `${connection.name}\n`);
    return DONE;
  });
}

export async function connectionsRemove(_io: CliIo, home: string, name: string): Promise<ExitCode> {
  return withInstallation(home, async ({ secrets }) => {
    await removeConnection(home, name, secrets);
    return DONE;
  });
}
