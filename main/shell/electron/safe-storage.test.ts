import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSecretStore, type SecretStore } from '../../credentials/index.ts';
import { type GateReport, type ParentPort, type Protected } from '../gate-service.ts';
import { protectorBeyond } from '../protector-beyond.ts';
import { answerProtection } from './safe-storage.ts';
import * as electron from './testing/electron-stub.ts';

const CANARY = 'canary-7d2e';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

/** A machine whose key store cannot be reached. */
const noKeyStore = () => ({
  getSecret: () => Promise.reject(new Error("Couldn't access platform storage")),
  setSecret: () => Promise.reject(new Error("Couldn't access platform storage")),
  deleteCredential: () => Promise.reject(new Error("Couldn't access platform storage")),
});

/** The gate's side and Electron's, joined as the channel between the processes joins them. */
function joined() {
  const parent: ParentPort = {
    postMessage: (report: GateReport) => {
      if (report.kind === 'secret') void answerProtection(report).then(tell);
    },
    on: () => undefined,
  };
  const { protector, answered } = protectorBeyond(parent);
  const tell = (answer: Protected): void => answered(answer);
  return protector;
}

let profile: string;
const open = (): Promise<SecretStore> =>
  openSecretStore('keyring', profile, { keyStore: noKeyStore, protector: joined() });

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'countersign-safe-storage-'));
  Object.assign(electron.storage, { available: true, backend: 'gnome_libsecret' });
});
afterEach(() => rm(profile, { recursive: true, force: true }));

describe("Electron's safeStorage, where the key store itself cannot be used", () => {
  it('keeps secrets between two openings, and none in clear', async () => {
    const store = await open();
    await store.set('session.one', bytes(CANARY));
    expect(text(await (await open()).get('session.one'))).toBe(CANARY);
    expect(store.describe().kind).toBe('safe-storage');
    for (const name of await readdir(join(profile, 'secrets-protected'))) {
      expect((await readFile(join(profile, 'secrets-protected', name))).toString('latin1')).not.toContain(CANARY);
    }
  });

  it.runIf(process.platform === 'linux').each(['basic_text', 'unknown'])(
    'is refused where Electron has only %s, which protects nothing',
    async (backend) => {
      electron.storage.backend = backend;
      await expect(open()).rejects.toMatchObject({ code: 'secret-store-unavailable' });
      expect(await readdir(profile)).not.toContain('secrets-protected');
    },
  );

  it('is refused where Electron cannot encrypt at all', async () => {
    electron.storage.available = false;
    await expect(open()).rejects.toMatchObject({ code: 'secret-store-unavailable' });
  });

  it('notices a file put in the place of another', async () => {
    const store = await open();
    await store.set('a', bytes('one'));
    await store.set('b', bytes('two'));
    await rename(join(profile, 'secrets-protected', 'a'), join(profile, 'secrets-protected', 'b'));
    await expect(store.get('b')).rejects.toMatchObject({ code: 'secret-damaged' });
  });

  it('says that a secret cannot be opened which another machine encrypted', async () => {
    const store = await open();
    await store.set('a', bytes('one'));
    const path = join(profile, 'secrets-protected', 'a');
    await writeFile(path, 'something else', { mode: 0o600 });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'secret-damaged' });
  });

  it('stays the store of a profile that began with it; the command line says who has the secrets', async () => {
    await (await open()).set('a', bytes('one'));
    await expect(openSecretStore('keyring', profile)).rejects.toMatchObject({
      code: 'secret-store-unavailable',
      message: expect.stringContaining('desktop application') as string,
    });
  });
});
