import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveSecret, type SecretSources } from './secret-reference.ts';
import { createMemorySecretStore } from './secret-store.ts';

const CANARY = 'canary-83ab2';
let root: string;
let sources: SecretSources;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-reference-'));
  await mkdir(join(root, 'profile', 'keys'), { recursive: true });
  sources = {
    store: createMemorySecretStore(),
    profileDirectory: join(root, 'profile'),
    environment: { SHOP_PASSWORD: 'from-env', EMPTY: '' },
  };
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('a secret reference', () => {
  it('keyring:NAME reads the store of the profile', async () => {
    await sources.store.set('shop', new TextEncoder().encode('s3cret'));
    expect(await resolveSecret('keyring:shop', sources)).toBe('s3cret');
  });

  it('env:NAME reads the environment, and an empty variable counts as missing', async () => {
    expect(await resolveSecret('env:SHOP_PASSWORD', sources)).toBe('from-env');
    await expect(resolveSecret('env:EMPTY', sources)).rejects.toMatchObject({ code: 'secret-missing' });
  });

  it('file:PATH reads a 0600 file of the profile without its last line break', async () => {
    await writeFile(join(root, 'profile', 'keys', 'shop'), ' pass word \n', { mode: 0o600 });
    expect(await resolveSecret('file:keys/shop', sources)).toBe(' pass word ');
  });

  it.each(['keyring:absent', 'env:ABSENT', 'file:absent', 'file:no/such/place'])(
    '%s says that the secret is missing',
    async (reference) => {
      await expect(resolveSecret(reference, sources)).rejects.toMatchObject({ code: 'secret-missing' });
    },
  );

  it.each([
    CANARY,
    `plain:${CANARY}`,
    `:${CANARY}`,
    `env:${CANARY}!`,
    `env:A=${CANARY}`,
    '',
    'file:',
    'env:',
    `KEYRING:${CANARY}`,
  ])('%j is refused and not repeated in the error, for it may be the password itself', async (reference) => {
    const refused = resolveSecret(reference, sources);
    await expect(refused).rejects.toMatchObject({ code: 'secret-reference-invalid' });
    await expect(refused).rejects.not.toThrow(CANARY);
  });

  it.each([
    'file:../outside',
    'file:keys/../../outside',
    'file:/etc/hostname',
    'file:..\\outside',
    'file:C:\\x',
    'file:\\\\server\\x',
  ])('%s cannot leave the profile', async (reference) => {
    await writeFile(join(root, 'outside'), CANARY, { mode: 0o600 });
    await expect(resolveSecret(reference, sources)).rejects.toMatchObject({ code: 'secret-reference-invalid' });
  });

  it('cannot leave the profile by a linked directory or a linked file', async () => {
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere', 'key'), CANARY, { mode: 0o600 });
    await symlink(join(root, 'elsewhere'), join(root, 'profile', 'linked'));
    await symlink(join(root, 'elsewhere', 'key'), join(root, 'profile', 'key'));
    await expect(resolveSecret('file:linked/key', sources)).rejects.toMatchObject({ code: 'secret-reference-invalid' });
    await expect(resolveSecret('file:key', sources)).rejects.toMatchObject({ code: 'secret-permissions' });
  });

  it('to a file that others may read, or to a directory, is refused', async () => {
    await writeFile(join(root, 'profile', 'key'), CANARY, { mode: 0o600 });
    await chmod(join(root, 'profile', 'key'), 0o644);
    await expect(resolveSecret('file:key', sources)).rejects.toMatchObject({ code: 'secret-permissions' });
    await expect(resolveSecret('file:keys', sources)).rejects.toMatchObject({ code: 'secret-permissions' });
  });

  it('to bytes that are no text is refused instead of being bent into another password', async () => {
    await sources.store.set('shop', Uint8Array.of(0xff, 0xfe));
    await expect(resolveSecret('keyring:shop', sources)).rejects.toMatchObject({ code: 'secret-not-text' });
  });
});
