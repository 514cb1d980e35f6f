import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type SecretStore } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { deviceKeySchema } from './device-key.ts';
import { withLock } from '../lock.ts';
import { pkTokenSchema } from './pk-token.ts';
import { type SessionId } from './principal.ts';

const time = z.iso.datetime();

const principal = z
  .strictObject({
    issuer: z.string(),
    subject: z.string(),
    name: z.string(),
    email: z.string().exactOptional(),
    groups: z.union([z.array(z.string()).readonly(), z.literal('unknown')]),
    verified: z.boolean().refine((verified) => verified),
    device: z.string().exactOptional(),
    authenticatedAt: time,
    acr: z.string().exactOptional(),
    amr: z.array(z.string()).readonly().exactOptional(),
    steppedUpAt: time.exactOptional(),
  })
  .readonly();

/** One login as the secret store keeps it. */
const sessionRecord = z.strictObject({
  version: z.literal(1),
  id: z.uuid().transform((id) => id as SessionId),
  clientId: z.string(),
  principal,
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time,
  /** When the provider last confirmed the person. */
  revalidatedAt: time,
  refreshToken: z.string().exactOptional(),
  /** Which of the provider's documents the groups are from; absent where none stated them. */
  groupsFrom: z.enum(['id-token', 'userinfo']).exactOptional(),
  /** Thumbprints of keys that this login had before a step-up, so that naming any of them revokes it. */
  formerDevices: z.array(z.string()).readonly().exactOptional(),
  binding: z.strictObject({ deviceKey: deviceKeySchema, pkToken: pkTokenSchema }).exactOptional(),
});
export type SessionRecord = Readonly<z.infer<typeof sessionRecord>>;

const entry = z.strictObject({
  id: z.uuid().transform((id) => id as SessionId),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().exactOptional(),
});
/** Secret stores cannot list: the index names the logins, the last one signed in at the end. */
const index = z.strictObject({ version: z.literal(1), sessions: z.array(entry) });
export type IndexEntry = Readonly<z.infer<typeof entry>>;

const INDEX = 'sessions';
const nameOf = (id: SessionId): string => `session.${id}`;

/** The logins of a profile, in its secret store, shared by every process that uses the profile. */
export interface SessionRecords {
  list(): Promise<readonly IndexEntry[]>;
  read(id: SessionId): Promise<SessionRecord | undefined>;
  /** Adds a login as the current one. */
  add(record: SessionRecord): Promise<void>;
  /** Replaces a login that is still there; false where somebody signed it out meanwhile, and then nothing is written. */
  replace(id: SessionId, change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord | undefined>;
  remove(ids: readonly SessionId[]): Promise<void>;
  /** Changes whenever any process changes a login: one stat, so that it can be asked before every statement. */
  revision(): string;
}

export function createSessionRecords(store: SecretStore, directory: string): SessionRecords {
  const stamp = join(directory, 'changed');

  async function readJson<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const bytes = await store.get(name);
    if (bytes === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      // The parser's message could quote the record, which holds tokens.
      throw new CountersignError('session-damaged', 'The stored sign-in of this profile cannot be read.', {
        next:
          name === INDEX
            ? `Remove the secret ${name} of this profile from its store, then sign in again.`
            : 'Sign in again.',
      });
    }
  }
  const write = (name: string, value: unknown): Promise<void> =>
    store.set(name, new TextEncoder().encode(JSON.stringify(value)));
  const list = async (): Promise<readonly IndexEntry[]> => (await readJson(INDEX, index))?.sessions ?? [];
  const read = (id: SessionId): Promise<SessionRecord | undefined> => readJson(nameOf(id), sessionRecord);

  /** Read, change and write as one step among all processes; then the stamp moves. */
  async function changing<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return withLock(join(directory, 'sessions.lock'), async () => {
      try {
        return await work();
      } finally {
        const temporary = `${stamp}.${randomUUID()}`;
        await writeFile(temporary, randomUUID(), { mode: 0o600 });
        await rename(temporary, stamp);
      }
    });
  }

  return {
    list,
    read,
    add: (record) =>
      changing(async () => {
        const { issuer, subject, email } = record.principal;
        // The record first: an index never names a login that is not there.
        await write(nameOf(record.id), record);
        const others = (await list()).filter((other) => other.id !== record.id);
        await write(INDEX, {
          version: 1,
          sessions: [...others, { id: record.id, issuer, subject, ...(email === undefined ? {} : { email }) }],
        });
      }),
    replace: (id, change) =>
      changing(async () => {
        const record = await read(id);
        if (record === undefined) return undefined;
        const changed = change(record);
        await write(nameOf(id), changed);
        return changed;
      }),
    remove: (ids) =>
      changing(async () => {
        // The secrets first: after a crash the index names a login that is gone, which reads as signed out.
        for (const id of ids) await store.delete(nameOf(id));
        await write(INDEX, { version: 1, sessions: (await list()).filter((other) => !ids.includes(other.id)) });
      }),
    revision: () => {
      const found = statSync(stamp, { bigint: true, throwIfNoEntry: false });
      return found === undefined ? 'none' : `${String(found.ino)}:${String(found.mtimeNs)}:${String(found.ctimeNs)}`;
    },
  };
}
