import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readPrivateFile, writePrivateFile } from '../../credentials/index.ts';
import { CountersignError } from '../../errors.ts';
import { withLock } from '../../lock.ts';
import { type AgentToken } from '../identity.ts';
import { type SessionId } from '../principal.ts';
import { type Clock } from '../settings.ts';

const issued = z.strictObject({
  id: z.uuid(),
  agent: z.string(),
  issuedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  connections: z.array(z.string()).readonly().exactOptional(),
  /** The person, the login and its key by which it was issued. */
  issuer: z.string(),
  subject: z.string(),
  login: z.uuid().transform((id) => id as SessionId),
  key: z.string(),
});
export type IssuedToken = Readonly<z.infer<typeof issued>>;

const registry = z.strictObject({ version: z.literal(1), tokens: z.array(issued) });

/** Tokens that count at one time in one profile: a loop that issues them must not fill the disk. */
const MOST = 1_000;

/**
 * The agents' tokens of a profile that still count, shared by every process that uses it: nothing of a token that would
 * let anybody make or use one. A token that is not listed does not count, so a lost file ends tokens and revives none.
 */
export interface TokenRegistry {
  readonly path: string;
  list(): Promise<readonly IssuedToken[]>;
  /** Durable when it resolves. @throws CountersignError `agent-too-many-tokens` */
  add(token: IssuedToken): Promise<void>;
  /** Takes out what `which` chooses and gives it back. Durable when it resolves. */
  remove(which: (token: IssuedToken) => boolean): Promise<readonly IssuedToken[]>;
}

export function createTokenRegistry(path: string, clock: Clock): TokenRegistry {
  let remembered: { readonly revision: string; readonly tokens: readonly IssuedToken[] } | undefined;

  const revision = (): string => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? 'none' : `${String(found.ino)}:${String(found.mtimeNs)}:${String(found.size)}`;
  };

  async function load(): Promise<readonly IssuedToken[]> {
    const bytes = await readPrivateFile(path);
    if (bytes === undefined) return [];
    try {
      return registry.parse(JSON.parse(new TextDecoder().decode(bytes))).tokens;
    } catch {
      throw new CountersignError('agent-tokens-damaged', `${path} is not a list of agents' tokens.`, {
        next: "Remove it: every agent's token then counts no more, and new ones can be issued.",
      });
    }
  }

  async function list(): Promise<readonly IssuedToken[]> {
    const now = revision();
    // Taken before the file is read: a change meanwhile is read again next time.
    if (remembered?.revision !== now) remembered = { revision: now, tokens: await load() };
    return remembered.tokens;
  }

  async function changing<T>(change: (tokens: readonly IssuedToken[]) => readonly [readonly IssuedToken[], T]) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return withLock(`${path}.lock`, async () => {
      const live = (await load()).filter(({ expiresAt }) => clock() < Date.parse(expiresAt));
      const [tokens, given] = change(live);
      await writePrivateFile(path, new TextEncoder().encode(JSON.stringify({ version: 1, tokens })));
      return given;
    });
  }

  return {
    path,
    list,
    add: (token) =>
      changing((tokens) => {
        if (tokens.length >= MOST) {
          throw new CountersignError(
            'agent-too-many-tokens',
            `This profile has ${String(MOST)} agents' tokens that still count.`,
            { next: 'Stop those that nobody uses: countersign agent list, countersign agent stop.' },
          );
        }
        return [[...tokens, token], undefined];
      }),
    remove: (which) =>
      changing((tokens) => [tokens.filter((token) => !which(token)), tokens.filter((token) => which(token))]),
  };
}

/** What a person is told of a token. */
export function summaryOf({ id, agent, issuedAt, expiresAt, connections }: IssuedToken): AgentToken {
  return { id, agent, issuedAt, expiresAt, ...(connections === undefined ? {} : { connections }) };
}
