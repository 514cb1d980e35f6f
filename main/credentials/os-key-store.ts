import { randomUUID } from 'node:crypto';
import { CountersignError } from '../errors.ts';
import { checkSecretName, type SecretStore } from './secret-store.ts';

/** One entry of the platform's key store; the part of @napi-rs/keyring's AsyncEntry that is used. */
export interface KeyStoreEntry {
  getSecret(): Promise<ArrayLike<number> | null | undefined>;
  setSecret(secret: Uint8Array): Promise<void>;
  deleteCredential(): Promise<boolean>;
}
export type OpenKeyStoreEntry = (account: string) => KeyStoreEntry;

const SERVICE = 'countersign';

/** Windows Credential Manager holds at most 2,560 bytes in an entry (CRED_MAX_CREDENTIAL_BLOB_SIZE); a session is larger. */
const MAX_ENTRY_BYTES = 2_000;
const MAX_PARTS = 64;

/** Content of the entry NAME of a value kept in parts: their generation, and how many there are. */
const PARTS = /^countersign:parts:1:([0-9a-f-]{36}):(\d{1,3})$/;
const PARTS_PREFIX = 'countersign:parts:';

function unavailable(cause: unknown): CountersignError {
  const platform =
    process.platform === 'linux'
      ? 'Start a Secret Service (gnome-keyring or KWallet) in this desktop session'
      : "Unlock the system's key store";
  return new CountersignError('secret-store-unavailable', "The operating system's key store cannot be used here.", {
    next: `${platform}, or have an administrator set secrets: file in organisation.yaml.`,
    cause,
  });
}

/**
 * macOS Keychain, Windows Credential Manager or a Secret Service on Linux. There, the kernel keyring is not accepted in its
 * place: it forgets at the next restart, and every process of the user can read it.
 */
export async function loadPlatformKeyStore(): Promise<OpenKeyStoreEntry> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch((error: unknown) => {
    throw unavailable(error);
  });
  const options = process.platform === 'linux' ? { linux: { store: 'secret-service' as const } } : undefined;
  return (account) => new AsyncEntry(SERVICE, account, options);
}

/** Entries are `countersign` / `<profile id>/<name>`; values over 2,000 bytes lie in numbered parts beside them. */
export function createOsKeyStore(open: OpenKeyStoreEntry, profileId: string): SecretStore {
  const account = (name: string): string => `${profileId}/${name}`;

  async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof CountersignError ? error : unavailable(error);
    }
  }

  async function read(entry: string): Promise<Uint8Array | undefined> {
    const value = await open(entry).getSecret();
    return value === null || value === undefined ? undefined : Uint8Array.from(value);
  }

  async function remove(entry: string): Promise<void> {
    if ((await read(entry)) !== undefined) await open(entry).deleteCredential();
  }

  /** Accounts of the parts that the entry's present value points at; none where the value is whole. */
  function partsOf(name: string, head: Uint8Array | undefined): readonly string[] {
    if (head === undefined || head.length > 100) return [];
    const match = PARTS.exec(Buffer.from(head).toString('latin1'));
    if (match === null) return [];
    const [, generation, count] = match;
    return Array.from(
      { length: Math.min(Number(count), MAX_PARTS) },
      (_, part) => `${account(name)}#${String(generation)}.${String(part)}`,
    );
  }

  return {
    get: (name) =>
      guard(async () => {
        checkSecretName(name);
        const head = await read(account(name));
        const parts = partsOf(name, head);
        if (parts.length === 0) return head;
        const values = [];
        for (const part of parts) values.push(await read(part));
        // A missing part means another process replaced the value meanwhile, or somebody removed it: no secret either way.
        return values.some((value) => value === undefined)
          ? undefined
          : Uint8Array.from(Buffer.concat(values.filter((value) => value !== undefined)));
      }),
    set: (name, value) =>
      guard(async () => {
        checkSecretName(name);
        const before = partsOf(name, await read(account(name)));
        const looksLikeParts = Buffer.from(value.subarray(0, PARTS_PREFIX.length)).toString('latin1') === PARTS_PREFIX;
        if (value.length <= MAX_ENTRY_BYTES && !looksLikeParts) {
          await open(account(name)).setSecret(value);
        } else {
          const count = Math.ceil(value.length / MAX_ENTRY_BYTES);
          if (count > MAX_PARTS)
            throw new CountersignError('secret-too-large', 'A secret may have at most 128,000 bytes.');
          const head = Buffer.from(`countersign:parts:1:${randomUUID()}:${String(count)}`, 'latin1');
          // Parts first, the entry that names them last: a crash between leaves the old value in force.
          for (const [part, entry] of partsOf(name, head).entries()) {
            await open(entry).setSecret(value.subarray(part * MAX_ENTRY_BYTES, (part + 1) * MAX_ENTRY_BYTES));
          }
          await open(account(name)).setSecret(head);
        }
        for (const entry of before) await remove(entry);
      }),
    delete: (name) =>
      guard(async () => {
        checkSecretName(name);
        const parts = partsOf(name, await read(account(name)));
        await remove(account(name));
        for (const entry of parts) await remove(entry);
      }),
    describe: () => ({ kind: 'os-key-store', sentence: "Secrets are in the operating system's key store." }),
  };
}
