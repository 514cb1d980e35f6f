import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { startFakeS3 } from '../testing/fake-s3.ts';
import { openStore, type StoreDescription } from './open.ts';
import { type ObjectStore } from './store.ts';

const noSecrets = async (reference: string): Promise<string> => Promise.reject(new Error(`asked for ${reference}`));

describe('the store that a profile describes', () => {
  const ended: (() => unknown)[] = [];
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const end of ended.splice(0)) await end();
  });

  /** An S3 store whose server says who signed the requests. */
  const s3 = async (
    credentials: 'environment' | { readonly accessKeyId: string; readonly secretAccessKey: string },
    resolve: (reference: string) => Promise<string>,
  ): Promise<{ readonly store: ObjectStore; readonly signers: () => readonly string[] }> => {
    const server = await startFakeS3({ honoursCondition: true, versions: 'null' });
    const description: StoreDescription<string> = {
      kind: 's3',
      bucket: 'audit',
      prefix: '',
      region: 'eu-central-1',
      endpoint: server.endpoint,
      pathStyle: true,
      credentials,
      retainDays: 0,
    };
    const store = await openStore(description, resolve);
    ended.push(() => store.close(), server.close);
    const signers = (): readonly string[] =>
      server.signatures.map((text) => /Credential=([^,]*)\/\d{8}\/([^/]*)\//.exec(text)?.slice(1).join(' in ') ?? text);
    return { store, signers };
  };

  it('is a directory that knows where the record itself is', async () => {
    const root = mkdtempSync(join(tmpdir(), 'countersign-store-'));
    ended.push(() => rmSync(root, { recursive: true }));
    const store = await openStore({ kind: 'directory', path: root, retainDays: 0 }, noSecrets, root);
    expect(store.name).toBe(root);
    expect((await store.examine()).map(({ code }) => code)).toContain('same-disk');
  });

  it('signs with the two secrets that it names, for its region', async () => {
    const secrets: Readonly<Record<string, string>> = { 'keyring:id': 'AKID', 'keyring:key': 'secret' };
    const { store, signers } = await s3(
      { accessKeyId: 'keyring:id', secretAccessKey: 'keyring:key' },
      async (reference) => Promise.resolve(secrets[reference] ?? ''),
    );
    expect(store.name).toBe('s3://audit');
    await store.create('a', Buffer.from('a'), {});
    expect(new Set(signers())).toEqual(new Set(['AKID in eu-central-1']));
  });

  it('signs with what the environment gives', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'FROMENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    const { store, signers } = await s3('environment', noSecrets);
    await store.create('a', Buffer.from('a'), {});
    expect(new Set(signers())).toEqual(new Set(['FROMENV in eu-central-1']));
  });

  it('says that the environment gives nothing, and asks nobody', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(tmpdir(), 'no-such-file'));
    vi.stubEnv('AWS_CONFIG_FILE', join(tmpdir(), 'no-such-file'));
    const { store, signers } = await s3('environment', noSecrets);
    await expect(store.create('a', Buffer.from('a'), {})).rejects.toMatchObject({
      code: 'store-refused',
      next: expect.stringContaining('AWS_PROFILE'),
    });
    expect(signers()).toEqual([]);
  });

  it('is not opened where a secret is not there', async () => {
    const gone = new CountersignError('secret-missing', 'There is no such secret.');
    const credentials = { accessKeyId: 'keyring:id', secretAccessKey: 'keyring:key' };
    await expect(s3(credentials, async () => Promise.reject(gone))).rejects.toBe(gone);
  });
});
