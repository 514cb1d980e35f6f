import { type Environment } from '../../policy/vocabulary.ts';
import { addConnection, removeConnection } from '../../profile/edit-connections.ts';
import { createLocalProfile } from '../../profile/local.ts';
import { visibleConnections } from '../connections.ts';
import { formatTable } from '../format/rows.ts';
import { type CliIo, DONE, type ExitCode, write } from './io.ts';
import { sessionOf, withInstallation } from './signed-in.ts';

export async function connections(
  io: CliIo,
  home: string,
  options: { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await sessionOf(installation, options.as));
    const list = visibleConnections(installation, session);
    if (options.json === true) await write(io.stdout, `${JSON.stringify(list)}\n`);
    else {
      const names = ['name', 'environment', 'database', 'access', 'strength', 'title'] as const;
      await write(
        io.stdout,
        formatTable(
          names.map((name) => ({ name, numeric: false })),
          list.map((connection) => names.map((name) => connection[name])),
        ),
      );
    }
    return DONE;
  });
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
