import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';
import { writePrivateFile } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { withLock } from '../lock.ts';
import { type Clock } from './settings.ts';

/** Public members of a signature key (RFC 7518 §6, RFC 8037 §2); anything else that is published is not kept. */
const publicKey = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  ...{
    n: z.string().optional(),
    e: z.string().optional(),
    crv: z.string().optional(),
    x: z.string().optional(),
    y: z.string().optional(),
  },
  ...{ kid: z.string().max(500).optional(), alg: z.string().max(40).optional(), use: z.string().max(40).optional() },
});

const archive = z.strictObject({
  version: z.literal(1),
  issuer: z.string(),
  /** ISO 8601 times between which the provider was seen to publish the key. */
  keys: z.array(
    z.strictObject({ thumbprint: z.string(), jwk: publicKey, firstSeen: z.iso.datetime(), lastSeen: z.iso.datetime() }),
  ),
});
type Archive = z.infer<typeof archive>;

/** Keys taken from one answer of a provider: a hostile one must not fill the disk. */
const MAX_KEYS = 100;
/** `lastSeen` is moved at most this often, ms. */
const REFRESH_MS = 3_600_000;

export interface JwksArchive {
  /** Remembers the keys that the issuer publishes now. */
  record(issuer: string, keys: JSONWebKeySet): Promise<void>;
  /** Every key the issuer was ever seen to publish; empty for an issuer never seen. */
  read(issuer: string): Promise<JSONWebKeySet>;
}

/** Providers rotate keys without notice. Kept here, a login verifies offline long after (`identity/jwks/` of the profile). */
export function createJwksArchive(directory: string, clock: Clock): JwksArchive {
  const pathOf = (issuer: string): string =>
    join(directory, `${createHash('sha256').update(issuer).digest('hex').slice(0, 32)}.json`);

  async function load(issuer: string): Promise<Archive> {
    const path = pathOf(issuer);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return { version: 1, issuer, keys: [] };
    try {
      const found = archive.parse(JSON.parse(text));
      if (found.issuer === issuer) return found;
    } catch {
      // Falls through to the error below, which says all that is known.
    }
    throw new CountersignError('jwks-archive-damaged', `${path} is not an archive of the keys of ${issuer}.`, {
      next: 'Restore it from a backup, or move it away: earlier logins can then no longer be verified offline.',
    });
  }

  return {
    record: async (issuer, published) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await withLock(join(directory, 'lock'), async () => {
        const known = await load(issuer);
        const now = new Date(clock()).toISOString();
        const keys = new Map(known.keys.map((key) => [key.thumbprint, key]));
        let changed = false;
        for (const candidate of published.keys.slice(0, MAX_KEYS)) {
          const jwk = publicKey.safeParse(candidate);
          if (!jwk.success) continue;
          const key = withoutUndefined(jwk.data);
          const thumbprint = await calculateJwkThumbprint(key).catch(() => undefined);
          if (thumbprint === undefined) continue;
          const earlier = keys.get(thumbprint);
          if (earlier !== undefined && Date.parse(now) - Date.parse(earlier.lastSeen) < REFRESH_MS) continue;
          keys.set(thumbprint, { thumbprint, jwk: jwk.data, firstSeen: earlier?.firstSeen ?? now, lastSeen: now });
          changed = true;
        }
        if (!changed) return;
        const content = `${JSON.stringify({ version: 1, issuer, keys: [...keys.values()] }, null, 2)}\n`;
        await writePrivateFile(pathOf(issuer), new TextEncoder().encode(content));
      });
    },
    read: async (issuer) => ({ keys: (await load(issuer)).keys.map((key) => withoutUndefined(key.jwk)) }),
  };
}

function withoutUndefined(jwk: z.infer<typeof publicKey>): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined)) as JWK;
}
