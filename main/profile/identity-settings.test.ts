import { describe, expect, it } from 'vitest';
import { readOrganisation } from './organisation-file.ts';

const OIDC = 'version: 1\nname: Shop\nidentity:\n  kind: oidc\n  issuer: https://idp.example\n  clientId: c\n';
const read = (more: string, base = OIDC) => {
  const result = readOrganisation(base + more);
  return result.ok ? result.organisation : result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n');
};

describe('identity of organisation.yaml', () => {
  it('has sensible defaults for groups, step-up, checks and who administers', () => {
    expect(read('')).toMatchObject({
      session: { maxHours: 12, idleMinutes: 60, revalidateMinutes: 15, checkSeconds: 15 },
      administrators: [],
      identity: {
        provider: {
          groupsFrom: ['id-token', 'userinfo'],
          stepUp: { acrValues: [], acr: [], amr: [], requireAuthTime: false },
        },
      },
    });
  });

  it('takes groups from a directory only with the key that signs it', () => {
    expect(read('  groupsFrom: [id-token, directory]\n')).toContain('need identity.directoryKey');
    const key = `{ kty: OKP, crv: Ed25519, x: ${'A'.repeat(43)} }`;
    expect(read(`  groupsFrom: [directory]\n  directoryKey: ${key}\n`)).toMatchObject({
      identity: { provider: { groupsFrom: ['directory'], directoryKey: { kty: 'OKP' } } },
    });
  });

  it('refuses a private key where the public one belongs', () => {
    const key = `{ kty: OKP, crv: Ed25519, x: ${'A'.repeat(43)}, d: ${'B'.repeat(43)} }`;
    expect(read(`  directoryKey: ${key}\n`)).toContain('directoryKey');
  });
});

describe('what a provider wants besides', () => {
  it('is a claim that must be there, and parameters of a closed list', () => {
    expect(
      read(
        '  requiredClaims: { hd: shop.example }\n  authorizationParameters: { access_type: offline, prompt: consent }\n',
      ),
    ).toMatchObject({
      identity: {
        provider: {
          requiredClaims: { hd: 'shop.example' },
          authorizationParameters: { access_type: 'offline', prompt: 'consent' },
        },
      },
    });
  });

  it.each([
    'state: x',
    'nonce: x',
    'redirect_uri: "https://evil.example"',
    'code_challenge: x',
    'prompt: none',
    'scope: x',
  ])('is never %s', (line) => {
    expect(typeof read(`  authorizationParameters: { ${line} }\n`)).toBe('string');
  });
});

describe('services of organisation.yaml', () => {
  it('have a client with its key, or a token that their platform gives', () => {
    const organisation = read(
      'services:\n  nightly: { clientId: n, key: "keyring:nightly", assertionAudience: token-endpoint }\n  deploy: { token: github }\n  pod: { token: { file: /var/run/secrets/token } }\n  job: { token: { environment: ID_TOKEN } }\n',
    );
    expect(typeof organisation === 'object' && Object.fromEntries(organisation.services)).toEqual({
      nightly: {
        kind: 'client',
        clientId: 'n',
        key: 'keyring:nightly',
        assertionAudience: 'token-endpoint',
        scopes: [],
      },
      deploy: { kind: 'github' },
      pod: { kind: 'file', path: '/var/run/secrets/token' },
      job: { kind: 'environment', variable: 'ID_TOKEN' },
    });
  });

  it.each([
    ['neither', '{}'],
    ['both', '{ clientId: n, key: "env:K", token: github }'],
    ['a client without its key', '{ clientId: n }'],
    ['the key itself', '{ clientId: n, key: "-----BEGIN PRIVATE KEY-----" }'],
  ])('are refused with %s', (_what, text) => {
    expect(typeof read(`services:\n  nightly: ${text}\n`)).toBe('string');
  });
});
