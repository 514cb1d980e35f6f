import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CountersignError } from '../errors.ts';
import { readPrivateFile } from './private-file.ts';
import { checkSecretName, type SecretStore } from './secret-store.ts';

export type ParsedSecretReference =
  | { readonly kind: 'keyring'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string };

const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;

/**
 * Takes `keyring:NAME`, `file:PATH` or `env:NAME` apart. The text itself is in no error: somebody may have put a password
 * where a reference belongs.
 */
export function parseSecretReference(reference: string): ParsedSecretReference {
  const colon = reference.indexOf(':');
  const kind = reference.slice(0, colon);
  const rest = reference.slice(colon + 1);
  if (colon > 0 && kind === 'keyring') {
    checkSecretName(rest);
    return { kind, name: rest };
  }
  if (colon > 0 && kind === 'env' && ENVIRONMENT_NAME.test(rest)) return { kind, name: rest };
  if (colon > 0 && kind === 'file' && isInside(rest)) return { kind, path: rest };
  throw new CountersignError('secret-reference-invalid', 'A secret is written as a reference, and this is not one.', {
    next: 'Write keyring:NAME, file:PATH (a path inside the profile) or env:NAME; never the secret itself.',
  });
}

/** A relative path that stays below where it begins, on this platform and on those with another separator. */
function isInside(path: string): boolean {
  const parts = path.split(/[/\\]/);
  return (
    path !== '' &&
    !path.includes('\0') &&
    !isAbsolute(path) &&
    !/^[A-Za-z]:/.test(path) &&
    !parts.includes('..') &&
    parts[0] !== ''
  );
}

export interface SecretSources {
  readonly store: SecretStore;
  readonly profileDirectory: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The secret that a reference points at, as text (one line break at the end of a file is not part of it). Throws
 * CountersignError `secret-missing`, `secret-reference-invalid`, `secret-permissions`, `secret-not-text` or
 * `secret-store-unavailable`.
 */
export async function resolveSecret(reference: string, sources: SecretSources): Promise<string> {
  const parsed = parseSecretReference(reference);
  switch (parsed.kind) {
    case 'keyring': {
      const value = await sources.store.get(parsed.name);
      if (value === undefined)
        missing(
          `There is no secret named ${parsed.name} in the key store of this profile.`,
          'Add the password to the connection again.',
        );
      return asText(value, `The secret ${parsed.name}`);
    }
    case 'env': {
      const value = (sources.environment ?? process.env)[parsed.name];
      if (value === undefined || value === '')
        missing(`The environment variable ${parsed.name} is not set.`, `Set ${parsed.name} before starting.`);
      return value;
    }
    case 'file': {
      const path = await locate(sources.profileDirectory, parsed.path);
      const value = path === undefined ? undefined : await readPrivateFile(path);
      if (value === undefined)
        missing(
          `The secret file ${parsed.path} is not in the profile.`,
          'Put it there, readable by its owner only (chmod 600).',
        );
      return asText(value, `The secret file ${parsed.path}`).replace(/\r?\n$/, '');
    }
  }
}

/** The file's true place, or undefined where it is absent; refused where a linked directory leads out of the profile. */
async function locate(profileDirectory: string, path: string): Promise<string | undefined> {
  const root = await realpath(profileDirectory);
  const wanted = resolve(root, path);
  const directory = await realpath(join(wanted, '..')).catch(() => undefined);
  if (directory === undefined) return undefined;
  const below = relative(root, directory);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) {
    throw new CountersignError('secret-reference-invalid', `The secret file ${path} leads out of the profile.`, {
      next: 'Keep the file inside the profile directory.',
    });
  }
  return wanted;
}

function missing(message: string, next: string): never {
  throw new CountersignError('secret-missing', message, { next });
}

function asText(value: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new CountersignError('secret-not-text', `${what} is not UTF-8 text.`, { next: 'Store it again as text.' });
  }
}
