import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileSecretStore } from './file-store.ts';
import { openSecretStore } from './open-secret-store.ts';
import { createOsKeyStore, type OpenKeyStoreEntry } from './os-key-store.ts';
import { createMemorySecretStore, type SecretStore } from './secret-store.ts';

const CANARY = 'canary-4f1c9';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

let profile: string;
beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'countersign-secrets-'));
});
afterEach(async () => {
  await rm(profile, { recursive: true, force: true });
});

/** A key store with the limit of Windows Credential Manager, the smallest of the platforms. */
function fakeKeyStore(): { readonly entries: Map<string, Uint8Array>; readonly open: OpenKeyStoreEntry } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    open: (account) => ({
      getSecret: () => Promise.resolve(entries.get(account) ?? null),
      setSecret: (value) => {
        if (value.length > 2560) return Promise.reject(new Error('too large'));
        entries.set(account, Uint8Array.from(value));
        return Promise.resolve();
      },
      deleteCredential: () => Promise.resolve(entries.delete(account)),
    }),
  };
}

const stores: readonly (readonly [string, () => SecretStore])[] = [
  ['memory', () => createMemorySecretStore()],
  ['file', () => createFileSecretStore(profile)],
  ['os-key-store', () => createOsKeyStore(fakeKeyStore().open, 'p')],
];

describe.each(stores)('a secret store (%s)', (kind, open) => {
  it('gives back the bytes that were set, and undefined for a name that was never set', async () => {
    const store = open();
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.set('connection.shop', value);
    expect([...((await store.get('connection.shop')) ?? [])]).toEqual([...value]);
    expect(await store.get('other')).toBeUndefined();
    expect(store.describe().kind).toBe(kind);
  });

  it('replaces and deletes, and deleting what is absent is no error', async () => {
    const store = open();
    await store.set('a', bytes('one'));
    await store.set('a', bytes('two'));
    expect(text(await store.get('a'))).toBe('two');
    await store.delete('a');
    await store.delete('a');
    expect(await store.get('a')).toBeUndefined();
  });

  it('holds a value of 20,000 bytes and an empty one', async () => {
    const store = open();
    await store.set('big', new Uint8Array(20_000).fill(7));
    expect((await store.get('big'))?.length).toBe(20_000);
    await store.set('big', new Uint8Array(0));
    expect((await store.get('big'))?.length).toBe(0);
  });

  it.each(['../escape', 'a/b', 'A', '', '.hidden', 'a\0b', 'a'.repeat(101)])('refuses the name %j', async (name) => {
    const store = open();
    await expect(async () => store.set(name, bytes('x'))).rejects.toMatchObject({ code: 'secret-name-invalid' });
    await expect(async () => store.get(name)).rejects.toMatchObject({ code: 'secret-name-invalid' });
  });
});

describe('secrets in files', () => {
  it('lie in a 0700 directory as 0600 files, with nothing left of the writing', async () => {
    const store = createFileSecretStore(profile);
    await store.set('a', bytes('one'));
    await store.set('a', bytes('two'));
    expect((await stat(join(profile, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(profile, 'secrets', 'a'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(profile, 'secrets'))).toEqual(['a']);
  });

  it('are refused when other users could read the file or enter the directory', async () => {
    const store = createFileSecretStore(profile);
    await store.set('a', bytes(CANARY));
    await chmod(join(profile, 'secrets', 'a'), 0o640);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'secret-permissions' });
    await expect(store.get('a')).rejects.not.toThrow(CANARY);
    await chmod(join(profile, 'secrets', 'a'), 0o600);
    await chmod(join(profile, 'secrets'), 0o755);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'secret-permissions' });
    await expect(store.set('b', bytes('x'))).rejects.toMatchObject({ code: 'secret-permissions' });
  });

  it('are never read through a symbolic link, and writing replaces a link instead of following it', async () => {
    const store = createFileSecretStore(profile);
    await mkdir(join(profile, 'secrets'), { mode: 0o700 });
    await writeFile(join(profile, 'outside'), CANARY, { mode: 0o600 });
    await symlink(join(profile, 'outside'), join(profile, 'secrets', 'a'));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'secret-permissions' });
    await store.set('a', bytes('new'));
    expect(await readFile(join(profile, 'outside'), 'utf8')).toBe(CANARY);
    expect(text(await store.get('a'))).toBe('new');
  });
});

describe('secrets in the key store of the operating system', () => {
  it('of two profiles never meet', async () => {
    const { open } = fakeKeyStore();
    const [one, two] = [createOsKeyStore(open, 'one'), createOsKeyStore(open, 'two')];
    await one.set('a', bytes('mine'));
    expect(await two.get('a')).toBeUndefined();
  });

  it('leave no part behind when a large value is replaced by a small one or deleted', async () => {
    const { open, entries } = fakeKeyStore();
    const store = createOsKeyStore(open, 'p');
    await store.set('a', new Uint8Array(9_000));
    expect(entries.size).toBe(6);
    await store.set('a', bytes('small'));
    expect([...entries.keys()]).toEqual(['p/a']);
    await store.set('a', new Uint8Array(9_000));
    await store.delete('a');
    expect(entries.size).toBe(0);
  });

  it('keep the old large value in force when writing the new one fails half way', async () => {
    const { open, entries } = fakeKeyStore();
    await createOsKeyStore(open, 'p').set('a', new Uint8Array(5_000).fill(1));
    let written = 0;
    const failing: OpenKeyStoreEntry = (account) => ({
      ...open(account),
      setSecret: (value) => (++written > 2 ? Promise.reject(new Error(CANARY)) : open(account).setSecret(value)),
    });
    await expect(createOsKeyStore(failing, 'p').set('a', new Uint8Array(9_000).fill(2))).rejects.toMatchObject({
      code: 'secret-store-unavailable',
    });
    expect(entries.size).toBeGreaterThan(0);
    expect([...new Set(await createOsKeyStore(open, 'p').get('a'))]).toEqual([1]);
  });

  it('that look like the head of a value in parts are still given back as they are', async () => {
    const { open } = fakeKeyStore();
    const store = createOsKeyStore(open, 'p');
    const value = 'countersign:parts:1:00000000-0000-0000-0000-000000000000:3';
    await store.set('a', bytes(value));
    expect(text(await store.get('a'))).toBe(value);
  });

  it('say what to do when there is no key store, and opening the profile already says so', async () => {
    const none: OpenKeyStoreEntry = () => {
      throw new Error(`no bus ${CANARY}`);
    };
    const opening = openSecretStore('keyring', profile, { keyStore: none });
    await expect(opening).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await expect(opening).rejects.not.toThrow(CANARY);
  });

  it('stay with the profile: the id is made once, also by two processes at the same moment', async () => {
    const { open, entries } = fakeKeyStore();
    const [one, two] = await Promise.all([
      openSecretStore('keyring', profile, { keyStore: open }),
      openSecretStore('keyring', profile, { keyStore: open }),
    ]);
    await one.set('a', bytes('x'));
    expect(text(await two.get('a'))).toBe('x');
    expect(entries.size).toBe(1);
  });

  it('are not looked for under a damaged profile id', async () => {
    await writeFile(join(profile, 'profile-id'), 'other/name');
    await expect(openSecretStore('keyring', profile, { keyStore: fakeKeyStore().open })).rejects.toMatchObject({
      code: 'profile-id-invalid',
    });
  });
});
