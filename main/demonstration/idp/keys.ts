import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { readPrivateFile, writePrivateFile } from '../../credentials/index.ts';

const jwk = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.string() });
const stored = z.strictObject({ signing: jwk, cookies: z.array(z.string()), agent: jwk });
export type IdpKeys = z.infer<typeof stored>;

/** Signing key, cookie key and the agent's client key of this demonstration: made once, kept 0600 beside the state. */
export async function openKeys(directory: string): Promise<IdpKeys> {
  const path = join(directory, 'keys.json');
  const found = await readPrivateFile(path);
  if (found !== undefined) return stored.parse(JSON.parse(new TextDecoder().decode(found)));
  const keys = {
    signing: await generate('RS256'),
    cookies: [randomBytes(32).toString('base64url')],
    agent: await generate('ES256'),
  };
  await writePrivateFile(path, new TextEncoder().encode(JSON.stringify(keys)));
  return keys;
}

async function generate(alg: 'RS256' | 'ES256'): Promise<z.infer<typeof jwk>> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = await exportJWK(privateKey);
  return jwk.parse({ ...key, kid: await calculateJwkThumbprint(key), alg, use: 'sig' });
}

/** The public part of an EC key (RFC 7518 §6.2.1), as a client registration shows it. */
export function publicEcKey(key: IdpKeys['agent']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(key).filter(([name]) => ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use'].includes(name)),
  );
}
