import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedServer, startEmbedded } from './server.ts';

/** A server for one test file: in a directory of its own below the system's temporary one, removed with it. */
export interface TemporaryServer extends EmbeddedServer {
  readonly user: 'postgres';
  readonly password: string;
}

export async function startTemporary(): Promise<TemporaryServer> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-server-'));
  const password = 'only for tests';
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const server = await startEmbedded({ directory, superuserPassword: password, onProgress: () => undefined });
    const { stop: stopServer } = server;
    const stop = async (): Promise<void> => {
      await stopServer();
      remove();
    };
    // The same object, so that `asSuperuser` knows it.
    return Object.assign(server, { user: 'postgres' as const, password, stop });
  } catch (error) {
    remove();
    throw error;
  }
}
