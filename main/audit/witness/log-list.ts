import { z } from 'zod';
import { isKeyName, parseVerifierKey, renamed, SIGNATURE_TYPE, type VerifierKey } from './verifier-key.ts';

const listedKey = z
  .string()
  .max(1_000)
  .transform((text, context) => {
    const key = parseVerifierKey(text, SIGNATURE_TYPE.note);
    if (key !== null) return key;
    context.addIssue({
      code: 'custom',
      message: 'must be an Ed25519 verifier key of a log: name+hash+key, as log.json has it',
    });
    return z.NEVER;
  });

const prefix = z
  .string()
  .max(500)
  .refine(
    (text) => text.endsWith('/') && isKeyName(text),
    'must be the beginning of an origin, up to and with a slash',
  );

/** Which logs a witness cosigns, as people write it down. */
export const logListSchema = z
  .array(
    z.strictObject({
      /** Verifier key of a log. */
      key: listedKey,
      /** The key may also sign other logs, whose origins begin so: an installation begins a new log more than once. */
      below: prefix.optional(),
      revoked: z.boolean().default(false),
      note: z.string().max(500).optional(),
    }),
  )
  .max(20_000);
export type LogListEntry = z.infer<typeof logListSchema>[number];

/** A key that may sign for one origin. */
export interface ListedKey {
  readonly key: VerifierKey;
  readonly revoked: boolean;
  /** The origin itself is listed with this key, and not only its beginning. */
  readonly exact: boolean;
}

export interface LogList {
  /** Keys that are listed for this origin, revoked ones among them; none where the log is unknown. */
  keysFor(origin: string): readonly ListedKey[];
}

export function logList(entries: readonly LogListEntry[]): LogList {
  const publicKey = ({ key }: LogListEntry): string => key.publicKey.toString('hex');
  // The key is what is stolen or lost: revoked once, it vouches for nothing under any other entry either.
  const revoked = new Set(entries.filter((entry) => entry.revoked).map(publicKey));
  const exact = Map.groupBy(entries, ({ key }) => key.name);
  const below = entries.filter((entry) => entry.below !== undefined);
  return {
    keysFor(origin) {
      if (!isKeyName(origin)) return [];
      const keys = new Map<string, ListedKey>();
      for (const entry of below) {
        if (!origin.startsWith(entry.below ?? origin) || origin === entry.below) continue;
        keys.set(publicKey(entry), {
          key: renamed(entry.key, origin),
          revoked: revoked.has(publicKey(entry)),
          exact: false,
        });
      }
      for (const entry of exact.get(origin) ?? [])
        keys.set(publicKey(entry), { key: entry.key, revoked: revoked.has(publicKey(entry)), exact: true });
      return [...keys.values()];
    },
  };
}
