import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProfile } from './load.ts';
import { addRevocation, readRevocations } from './revocations-file.ts';
import { temporaryProfile } from './testing.ts';

const problemsOf = (text: string) => {
  const read = readRevocations(text);
  return read.ok ? [] : read.problems.map(({ line, message }) => `${line}: ${message}`);
};

describe('readRevocations', () => {
  const DEVICE = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
  const GRANT = '1eb591e2e54678405db20f4ae961b35fc88a81aaa8609e90c7a2a88df5993d52';

  it('takes each kind, and e-mail addresses without case', () => {
    const read = readRevocations(
      `version: 1\nrevoked:\n  - { person: Ana@Shop.Example, reason: left }\n  - { person: "https://idp.example Ana" }\n  - { device: ${DEVICE} }\n  - { agent: scout }\n  - { service: nightly }\n  - { token: 7d0c1a52-2f1e }\n  - { grant: ${GRANT} }\n`,
    );
    expect(read.ok && read.revocations).toEqual([
      { kind: 'person', id: 'ana@shop.example', reason: 'left' },
      { kind: 'person', id: 'https://idp.example Ana' },
      { kind: 'device', id: DEVICE },
      { kind: 'agent', id: 'scout' },
      { kind: 'service', id: 'nightly' },
      { kind: 'token', id: '7d0c1a52-2f1e' },
      { kind: 'grant', id: GRANT },
    ]);
  });

  it('refuses a line that names two things, nothing, or something it does not know', () => {
    expect(problemsOf('version: 1\nrevoked:\n  - { person: a@b.c, agent: scout }\n')).toEqual([
      expect.stringContaining('3: a line names exactly one of person'),
    ]);
    expect(problemsOf('version: 1\nrevoked:\n  - { reason: why }\n')).toEqual([expect.stringContaining('exactly one')]);
    expect(problemsOf('version: 1\nrevoked:\n  - { persn: a@b.c }\n')).toContainEqual(
      expect.stringContaining('unknown key "persn"'),
    );
  });

  it.each([
    ['person: Ana', 'an e-mail address, or issuer and subject'],
    ['device: laptop', 'the thumbprint of a device key'],
    ['token: eyJhbGciOiJFZERTQSJ9.e30.c2ln', 'the id of a token, never the token'],
    ['grant: 1eb591e2', 'the whole id of a grant'],
    ['agent: " "', 'the name of an agent'],
  ])(
    'refuses a line that could name nothing: it would look like a revocation, and revoke nobody (%s)',
    (line, says) => {
      expect(problemsOf(`version: 1\nrevoked:\n  - { ${line} }\n`)).toEqual([
        expect.stringContaining(`must be ${says}`),
      ]);
    },
  );

  it('refuses invisible characters, which would make a name look like another', () => {
    expect(problemsOf('version: 1\nrevoked:\n  - { person: "a\\u200b@b.c" }\n')).toEqual([
      expect.stringContaining('invisible'),
    ]);
  });
});

describe('revocations of a profile', () => {
  let profile: Awaited<ReturnType<typeof temporaryProfile>>;
  beforeEach(async () => {
    profile = await temporaryProfile();
  });
  afterEach(() => profile.remove());

  it('are none where there is no file', async () => {
    expect((await loadProfile(profile.home)).revocations).toEqual([]);
  });

  it('are added to a new file once, and to one with comments without losing them', async () => {
    await addRevocation(profile.home, { kind: 'agent', id: 'scout' });
    await addRevocation(profile.home, { kind: 'agent', id: 'scout' });
    expect((await loadProfile(profile.home)).revocations).toEqual([{ kind: 'agent', id: 'scout' }]);
    const path = join(profile.home, 'revocations.yaml');
    await writeFile(path, 'version: 1\nrevoked: # who left\n  - { person: a@b.c } # in May\n', { mode: 0o600 });
    await addRevocation(profile.home, { kind: 'agent', id: 'k', reason: 'lost' });
    expect(await readFile(path, 'utf8')).toMatch(/# who left[^]*# in May[^]*agent: k/);
    expect((await loadProfile(profile.home)).revocations).toHaveLength(2);
  });

  it('that cannot be read let nothing run, rather than nobody be revoked', async () => {
    await writeFile(join(profile.home, 'revocations.yaml'), 'version: 1\nrevokd: []\n', { mode: 0o600 });
    await expect(loadProfile(profile.home)).rejects.toMatchObject({
      code: 'profile-invalid',
      message: expect.stringContaining('revocations.yaml:2:1: unknown key "revokd"') as string,
    });
  });
});
