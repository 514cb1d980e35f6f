import { join } from 'node:path';
import { isMap, parseDocument, type Document } from 'yaml';
import { CountersignError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import { writeConfiguration } from './configuration-file.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { PROFILE_FILES } from './directory.ts';
import { readProfile, readTexts, type ProfileTexts } from './load.ts';
import { type Connection, type Environment } from './types.ts';

/** What adding and removing connections needs of a secret store. */
export interface ConnectionSecrets {
  set(name: string, value: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
}

/**
 * Adds a connection by its address. The password goes to the secret store and only a reference to it into
 * connections.yaml, which is replaced as one step and keeps its comments. Nothing is written that would not load again.
 * Throws CountersignError `connection-url`, `profile-busy` or what `loadProfile` throws.
 */
export async function addConnection(
  home: string,
  url: string,
  title: string,
  environment: Environment,
  secrets: ConnectionSecrets,
): Promise<Connection> {
  const { password, ...server } = parseConnectionUrl(url);
  return locked(home, async () => {
    const texts = await readTexts(home);
    const document = parseDocument(texts.connections);
    const taken = readProfile(home, texts).connections.map((connection) => connection.name);
    const name = freeName(title.trim() === '' ? server.database : title, taken);
    const secret = secretName(name);
    const entry = {
      title: title.trim() === '' ? server.database : title.trim(),
      environment,
      ...server,
      ...(password === undefined ? {} : { password: `keyring:${secret}` }),
    };
    const list = document.get('connections');
    if (isMap(list)) list.flow = false;
    document.setIn(['connections', name], document.createNode(entry));
    const written = check(home, texts, document);
    const added = written.connections.find((connection) => connection.name === name);
    if (added === undefined) throw new Error(`connection ${name} is not in the file it was written to`);
    if (password !== undefined) await secrets.set(secret, new TextEncoder().encode(password));
    try {
      await write(home, document);
    } catch (error) {
      if (password !== undefined) await secrets.delete(secret);
      throw error;
    }
    return added;
  });
}

/**
 * Removes a connection and the password that was stored with it. Refused while policy.yaml or classification.yaml still
 * names it: the profile would not load again. Throws CountersignError `connection-unknown`, `profile-busy`,
 * `profile-invalid`.
 */
export async function removeConnection(home: string, name: string, secrets: ConnectionSecrets): Promise<void> {
  await locked(home, async () => {
    const texts = await readTexts(home);
    const { connections } = readProfile(home, texts);
    const connection = connections.find((entry) => entry.name === name);
    if (connection === undefined) {
      throw new CountersignError('connection-unknown', 'There is no connection of that name.', {
        next: `The connections are ${connections.map((entry) => entry.name).join(', ') || 'none'}.`,
      });
    }
    const document = parseDocument(texts.connections);
    document.deleteIn(['connections', name]);
    check(home, texts, document);
    await write(home, document);
    if (connection.password === `keyring:${secretName(name)}`) await secrets.delete(secretName(name));
  });
}

function secretName(connection: string): string {
  return `connection-${connection}`;
}

function check(home: string, texts: ProfileTexts, document: Document) {
  return readProfile(home, { ...texts, connections: String(document) });
}

const write = (home: string, document: Document): Promise<void> =>
  writeConfiguration(home, PROFILE_FILES.connections, String(document));

/** One writer at a time, across processes: two that add at once must not lose one another's connection. */
async function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  const lock = tryLock(join(home, 'connections.lock'));
  if (lock === null) {
    throw new CountersignError('profile-busy', 'The connections are being changed by another window or command.', {
      next: 'Try again in a moment.',
    });
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** `Shop (EU) 2` becomes shop-eu-2; a number is added where the name is taken. */
function freeName(title: string, taken: readonly string[]): string {
  const plain = title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
  const base = plain === '' ? 'connection' : plain;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(name)) return name;
  }
}
