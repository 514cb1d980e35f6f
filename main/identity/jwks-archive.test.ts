import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJwksArchive } from './jwks-archive.ts';
import { createIssuerKey } from './testing/issuer.ts';

const ISSUER = 'https://login.example.com';
let directory: string;
let now = Date.parse('2026-03-01T12:00:00Z');
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-jwks-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the archive of keys', () => {
  it('keeps a key that the provider has withdrawn', async () => {
    const archive = createJwksArchive(join(directory, 'jwks'), () => now);
    const [first, second] = [await createIssuerKey('k1'), await createIssuerKey('k2')];
    await archive.record(ISSUER, { keys: [first.publicJwk] });
    now += 86_400_000;
    await archive.record(ISSUER, { keys: [second.publicJwk] });
    expect((await archive.read(ISSUER)).keys.map((key) => key.kid)).toEqual(['k1', 'k2']);
    expect((await archive.read('https://other.example')).keys).toEqual([]);
  });

  it('says when each key was first and last seen', async () => {
    const archive = createJwksArchive(directory, () => now);
    const key = await createIssuerKey('k1');
    const begin = new Date(now).toISOString();
    await archive.record(ISSUER, { keys: [key.publicJwk] });
    now += 7_200_000;
    await archive.record(ISSUER, { keys: [key.publicJwk] });
    const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.json'));
    expect(JSON.parse(await readFile(join(directory, name), 'utf8'))).toMatchObject({
      issuer: ISSUER,
      keys: [{ firstSeen: begin, lastSeen: new Date(now).toISOString() }],
    });
  });

  it('keeps the public part only, and no symmetric key at all', async () => {
    const archive = createJwksArchive(directory, () => now);
    const key = await createIssuerKey('k1');
    await archive.record(ISSUER, {
      keys: [
        { ...key.publicJwk, d: 'canary' },
        { kty: 'oct', k: 'canary' },
      ],
    });
    expect(JSON.stringify(await archive.read(ISSUER))).not.toContain('canary');
    expect((await archive.read(ISSUER)).keys).toHaveLength(1);
  });

  it('loses nothing when several processes write at once', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, (_, index) => createIssuerKey(`k${String(index)}`)));
    await Promise.all(
      keys.map((key) => createJwksArchive(directory, () => now).record(ISSUER, { keys: [key.publicJwk] })),
    );
    expect((await createJwksArchive(directory, () => now).read(ISSUER)).keys).toHaveLength(6);
  });

  it('says that it is damaged instead of starting anew', async () => {
    const archive = createJwksArchive(directory, () => now);
    await archive.record(ISSUER, { keys: [(await createIssuerKey('k1')).publicJwk] });
    const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.json'));
    await writeFile(join(directory, name), '{"version":1');
    await expect(archive.read(ISSUER)).rejects.toMatchObject({ code: 'jwks-archive-damaged' });
  });
});
