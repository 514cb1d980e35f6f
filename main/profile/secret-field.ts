import { z } from 'zod';
import { parseSecretReference } from '../credentials/index.ts';
import { type SecretReference } from './types.ts';

/** A field of a profile file that says where a secret is. */
export const secretReference = z.custom<SecretReference>((value) => typeof value === 'string' && isReference(value), {
  error: ({ path }) =>
    `${String(path?.at(-1) ?? 'it')} takes a reference and never the secret itself: keyring:NAME, file:PATH inside the profile, or env:NAME`,
});

function isReference(value: string): boolean {
  try {
    parseSecretReference(value);
    return true;
  } catch {
    return false;
  }
}
