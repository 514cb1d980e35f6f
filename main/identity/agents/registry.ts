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

const listed = z.strictObject({
  id: z.string(),
  agent: z.string(),
  issuedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  connections: z.array(z.string()).readonly().exactOptional(),
  /** The person, the login and its key by which it was issued. */
  issuer: z.string(),
  subject: z.string(),
  login: z.uuid().transform((id) => id as SessionId),
  key: z.string(),
  /** The provider, where it made the token in an exchange; else the person made it. */
  madeBy: z.enum(['person', 'provider']),
});
export type ListedToken = Readonly<z.infer<typeof listed>>;

/** Tokens of the provider that count no more: one, or all that an agent had of a person before. */
const stop = z.strictObject({
  issuer: z.string(),
  subject: z.string(),
  agent: z.string(),
  id: z.string().exactOptional(),
  at: z.iso.datetime(),
  until: z.iso.datetime(),
});
type Stop = Readonly<z.infer<typeof stop>>;

const registry = z.strictObject({ version: z.literal(1), tokens: z.array(listed), stopped: z.array(stop) });
type Contents = Readonly<z.infer<typeof registry>>;

/** A token of the provider lasts less: the policy's `maxMinutes` counts from its issue. */
const REMEMBERED_MS = 30 * 86_400_000;

/** Tokens that count at one time in one profile: a loop that issues them must not fill the disk. */
const MOST = 1_000;

/** Whose tokens, and which of them. */
export interface Stopping {
  readonly issuer: string;
  readonly subject: string;
  readonly which: { readonly token: string } | { readonly agent: string };
}

/**
 * The agents' tokens of a profile that still count, shared by every process that uses it: nothing of a token that would
 * let anybody make or use one. A token of a person that is not listed does not count, so a lost file ends those and revives
 * none; of tokens that the provider makes it remembers which were stopped.
 */
export interface TokenRegistry {
  readonly path: string;
  list(): Promise<readonly ListedToken[]>;
  /** Durable when it resolves; false where it is listed already. @throws CountersignError `agent-too-many-tokens` */
  add(token: ListedToken): Promise<boolean>;
  /** Takes tokens out and gives them back. Durable when it resolves. */
  stop(stopping: Stopping): Promise<readonly ListedToken[]>;
  /** Whether a token that the provider made was stopped here; `issuedAt` in ms since the epoch. */
  wasStopped(token: Pick<ListedToken, 'issuer' | 'subject' | 'agent' | 'id'>, issuedAt: number): Promise<boolean>;
}

export function createTokenRegistry(path: string, clock: Clock): TokenRegistry {
  let remembered: { readonly revision: string; readonly contents: Contents } | undefined;

  const revision = (): string => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? 'none' : `${String(found.ino)}:${String(found.mtimeNs)}:${String(found.size)}`;
  };

  async function load(): Promise<Contents> {
    const bytes = await readPrivateFile(path);
    if (bytes === undefined) return { version: 1, tokens: [], stopped: [] };
    try {
      return registry.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      throw new CountersignError('agent-tokens-damaged', `${path} is not a list of agents' tokens.`, {
        next: "Remove it: tokens that people made then count no more, and new ones can be issued. Stop the provider's there.",
      });
    }
  }

  async function read(): Promise<Contents> {
    const now = revision();
    // Taken before the file is read: a change meanwhile is read again next time.
    if (remembered?.revision !== now) remembered = { revision: now, contents: await load() };
    return remembered.contents;
  }

  async function changing<T>(change: (contents: Contents) => readonly [Omit<Contents, 'version'>, T]): Promise<T> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return withLock(`${path}.lock`, async () => {
      const { tokens, stopped } = await load();
      const [contents, given] = change({
        version: 1,
        tokens: tokens.filter(({ expiresAt }) => clock() < Date.parse(expiresAt)),
        stopped: stopped.filter(({ until }) => clock() < Date.parse(until)),
      });
      await writePrivateFile(path, new TextEncoder().encode(JSON.stringify({ version: 1, ...contents })));
      return given;
    });
  }

  return {
    path,
    list: async () => (await read()).tokens,
    add: (token) =>
      changing(({ tokens, stopped }) => {
        if (tokens.some(({ id }) => id === token.id)) return [{ tokens, stopped }, false];
        if (tokens.length >= MOST) {
          throw new CountersignError(
            'agent-too-many-tokens',
            `This profile has ${String(MOST)} agents' tokens that still count.`,
            { next: 'Stop those that nobody uses: countersign agent list, countersign agent stop.' },
          );
        }
        return [{ tokens: [...tokens, token], stopped }, true];
      }),
    stop: ({ issuer, subject, which }) =>
      changing(({ tokens, stopped }) => {
        const meant = (token: ListedToken): boolean =>
          token.issuer === issuer &&
          token.subject === subject &&
          ('token' in which ? token.id === which.token : token.agent === which.agent);
        const ended = tokens.filter(meant);
        const at = new Date(clock()).toISOString();
        const until = new Date(clock() + REMEMBERED_MS).toISOString();
        const made = ended.filter(({ madeBy }) => madeBy === 'provider');
        const stops: readonly Stop[] =
          'agent' in which
            ? [{ issuer, subject, agent: which.agent, at, until }]
            : made.map(({ id, agent }) => ({ issuer, subject, agent, id, at, until }));
        return [{ tokens: tokens.filter((token) => !meant(token)), stopped: [...stopped, ...stops] }, ended];
      }),
    wasStopped: async ({ issuer, subject, agent, id }, issuedAt) =>
      (await read()).stopped.some(
        (past) =>
          past.issuer === issuer &&
          past.subject === subject &&
          (past.id === undefined ? past.agent === agent && issuedAt <= Date.parse(past.at) : past.id === id),
      ),
  };
}

/** What a person is told of a token. */
export function summaryOf({ id, agent, issuedAt, expiresAt, connections }: ListedToken): AgentToken {
  return { id, agent, issuedAt, expiresAt, ...(connections === undefined ? {} : { connections }) };
}
