import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemorySecretStore } from '../credentials/index.ts';
import { tryLock } from '../lock.ts';
import { addConnection, removeConnection } from './edit-connections.ts';
import { loadProfile } from './load.ts';
import { temporaryProfile } from './testing.ts';

const COMMENTED = `# Kept by the platform team
version: 1
connections:
  # the old one
  legacy: { environment: staging, host: old.example.com, database: d, user: u } # soon gone
`;
const URL_WITH_PASSWORD = 'postgres://gate:hunter%232@db.example.com/shop?sslmode=verify-full';

describe('connections of a profile', () => {
  let profile: Awaited<ReturnType<typeof temporaryProfile>>;
  const secrets = createMemorySecretStore();
  const file = () => readFile(join(profile.home, 'connections.yaml'), 'utf8');
  const add = (title: string, url = URL_WITH_PASSWORD) =>
    addConnection(profile.home, url, title, 'production', secrets);

  beforeEach(async () => {
    profile = await temporaryProfile({ connections: COMMENTED });
  });
  afterEach(() => profile.remove());

  it('adds one that loads again, its password in the store and not in the file', async () => {
    const added = await add('Shop (EU)');
    expect(added).toMatchObject({
      name: 'shop-eu',
      title: 'Shop (EU)',
      environment: 'production',
      user: 'gate',
      tls: 'verify-full',
    });
    expect((await loadProfile(profile.home)).connections).toContainEqual(added);
    expect(added.password).toBe('keyring:connection-shop-eu');
    expect(new TextDecoder().decode(await secrets.get('connection-shop-eu'))).toBe('hunter#2');
    expect(await file()).not.toContain('hunter');
  });

  it('keeps the comments of the file and its permissions private', async () => {
    await add('Shop');
    const text = await file();
    for (const comment of ['# Kept by the platform team', '# the old one', '# soon gone'])
      expect(text).toContain(comment);
    expect((await stat(join(profile.home, 'connections.yaml'))).mode & 0o777).toBe(0o600);
  });

  it('fits in where the file has no list yet, or an empty one', async () => {
    for (const text of ['version: 1\n', 'version: 1\nconnections: {}\n']) {
      await profile.write('connections', text);
      await add('Shop');
      expect((await loadProfile(profile.home)).connections.map((entry) => entry.name)).toEqual(['shop']);
    }
  });

  it.each([
    ['Shop', 'shop-2'],
    ['', 'shop-2'],
    ['Größe & Maß', 'gro-e-ma'],
    ['***', 'connection'],
    ['x'.repeat(200), 'x'.repeat(50)],
    ['title: [a, #b] "c" &d', 'title-a-b-c-d'],
  ])('names the connection titled %j %s, beside one named shop', async (title, name) => {
    await add('Shop');
    expect((await add(title)).name).toBe(name);
  });

  it('needs no password', async () => {
    expect(await add('Open', 'postgres://gate@localhost/shop')).not.toHaveProperty('password');
  });

  it('changes nothing when the address is refused', async () => {
    await expect(add('Bad', 'postgres://gate:x@h')).rejects.toMatchObject({ code: 'connection-url' });
    expect(await file()).toBe(COMMENTED);
  });

  it('changes nothing when the secret store refuses', async () => {
    const closed = { set: () => Promise.reject(new Error('locked')), delete: () => Promise.resolve() };
    await expect(addConnection(profile.home, URL_WITH_PASSWORD, 'Shop', 'staging', closed)).rejects.toThrow('locked');
    expect(await file()).toBe(COMMENTED);
  });

  it('says so when another process is changing the connections', async () => {
    const lock = tryLock(join(profile.home, 'connections.lock'));
    try {
      await expect(add('Shop')).rejects.toMatchObject({ code: 'profile-busy' });
    } finally {
      lock?.release();
    }
  });

  it('removes one together with its password', async () => {
    await add('Shop');
    await removeConnection(profile.home, 'shop', secrets);
    expect((await loadProfile(profile.home)).connections.map((entry) => entry.name)).toEqual(['legacy']);
    expect(await secrets.get('connection-shop')).toBeUndefined();
  });

  it('leaves the last one’s removal a file that loads', async () => {
    await removeConnection(profile.home, 'legacy', secrets);
    expect((await loadProfile(profile.home)).connections).toEqual([]);
  });

  it('refuses to remove what the policy still names', async () => {
    await profile.write('policy', 'version: 1\nrules: [{ id: a, allow: read, in: { connection: legacy } }]\n');
    await expect(removeConnection(profile.home, 'legacy', secrets)).rejects.toMatchObject({ code: 'profile-invalid' });
    expect(await file()).toBe(COMMENTED);
  });

  it('refuses to remove what is not there', async () => {
    await expect(removeConnection(profile.home, 'nothing', secrets)).rejects.toMatchObject({
      code: 'connection-unknown',
      next: 'The connections are legacy.',
    });
  });
});
