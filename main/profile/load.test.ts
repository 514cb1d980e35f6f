import { chmod, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProfile, readProfile } from './load.ts';
import { smallest, temporaryProfile } from './testing.ts';

const OIDC = `version: 1
name: Shop
identity:
  kind: oidc
  issuer: ISSUER
  clientId: countersign
`;
const CONNECTION = `version: 1
connections:
  shop:
    environment: production
    host: db.example.com
    database: shop
    user: gate
`;

describe('loadProfile', () => {
  let profile: Awaited<ReturnType<typeof temporaryProfile>>;
  beforeEach(async () => {
    profile = await temporaryProfile({ connections: CONNECTION });
  });
  afterEach(() => profile.remove());

  it('reads the four files into one profile', async () => {
    expect(await loadProfile(profile.home)).toMatchObject({
      home: profile.home,
      organisation: { name: 'Test', identity: { kind: 'os-account' } },
      connections: [{ name: 'shop', title: 'shop', port: 5432, tls: 'verify-full', searchPath: ['public'] }],
      classification: { detect: 'suggest' },
      policy: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('takes a role that can do too much only with a reason', async () => {
    const because = 'the shop has one role until March';
    await profile.write('connections', `${CONNECTION}    accept: [superuser]\n    because: ${because}\n`);
    expect((await loadProfile(profile.home)).connections[0]?.accept).toEqual({ weaknesses: ['superuser'], because });
  });

  it.each([
    ['accept: [superuser]', 'accept needs because'],
    ['accept: [superuser]\n    because: "  "', 'accept needs because'],
    ['because: no word to accept', 'because is only used with accept'],
    ['accept: []\n    because: nothing', 'connections.shop.accept: Too small'],
    ['accept: [temporary-tables]\n    because: not needed', 'execute-server-programs'],
    ['secondLineage: sometimes', 'when_quiet'],
  ])('refuses a connection that says %j', async (words, message) => {
    await profile.write('connections', `${CONNECTION}    ${words}\n`);
    await expect(loadProfile(profile.home)).rejects.toMatchObject({
      code: 'profile-invalid',
      message: expect.stringMatching(new RegExp(message)),
    });
  });

  it.each(['organisation.yaml', 'connections.yaml', 'classification.yaml', 'policy.yaml'])(
    'refuses a profile without %s and names it',
    async (name) => {
      await rm(join(profile.home, name));
      await expect(loadProfile(profile.home)).rejects.toMatchObject({
        code: 'profile-file-missing',
        message: expect.stringContaining(`There is no ${name} in ${profile.home}`),
        next: expect.stringContaining('docs/configuration.md'),
      });
    },
  );

  it('refuses a directory that does not exist', async () => {
    await expect(loadProfile(join(profile.home, 'nowhere'))).rejects.toMatchObject({ code: 'profile-file-missing' });
  });

  it('refuses a file that leads out of the profile', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'countersign-outside-'));
    try {
      await writeFile(join(outside, 'policy.yaml'), 'version: 1\nrules: [{ id: a, allow: all }]\n');
      await rm(join(profile.home, 'policy.yaml'));
      await symlink(join(outside, 'policy.yaml'), join(profile.home, 'policy.yaml'));
      await expect(loadProfile(profile.home)).rejects.toMatchObject({
        code: 'profile-file-refused',
        message: expect.stringContaining('leads out of the profile'),
      });
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('follows a link to another place of the profile', async () => {
    await mkdir(join(profile.home, 'checkout'));
    await rename(join(profile.home, 'policy.yaml'), join(profile.home, 'checkout', 'policy.yaml'));
    await symlink(join('checkout', 'policy.yaml'), join(profile.home, 'policy.yaml'));
    await expect(loadProfile(profile.home)).resolves.toMatchObject({ home: profile.home });
  });

  it('refuses a policy that every user of the machine can write', async () => {
    await chmod(join(profile.home, 'policy.yaml'), 0o666);
    await expect(loadProfile(profile.home)).rejects.toMatchObject({
      code: 'profile-file-refused',
      next: `Run chmod o-w ${join(profile.home, 'policy.yaml')}. Nothing can run without the file.`,
    });
  });

  it('refuses a directory in the place of a file', async () => {
    await rm(join(profile.home, 'policy.yaml'));
    await mkdir(join(profile.home, 'policy.yaml'));
    await expect(loadProfile(profile.home)).rejects.toMatchObject({ code: 'profile-file-refused' });
  });

  it('refuses a file of a gigabyte without reading it', async () => {
    await truncate(join(profile.home, 'policy.yaml'), 1024 ** 3);
    await expect(loadProfile(profile.home)).rejects.toMatchObject({ code: 'profile-file-refused' });
  });

  it('refuses bytes that are not UTF-8', async () => {
    await writeFile(join(profile.home, 'policy.yaml'), Buffer.from([0x76, 0xff, 0xfe]));
    await expect(loadProfile(profile.home)).rejects.toMatchObject({
      message: expect.stringContaining('is not UTF-8 text'),
    });
  });
});

describe('readProfile', () => {
  it('says which file, line and choice, and that nothing can run', () => {
    const policy = 'version: 1\nrules:\n  - { id: a, allow: reed }\n';
    expect(() => readProfile('/p', { ...smallest, policy })).toThrow(
      expect.objectContaining({
        code: 'profile-invalid',
        message: expect.stringMatching(
          /^policy\.yaml is not right:\npolicy\.yaml:3:14: rules\.allow is not one of its choices \(choices: read, write,/,
        ),
        next: 'Correct policy.yaml: nothing can run without it. docs/configuration.md has an example of every key.',
      }),
    );
  });

  it.each([
    ['http://login.example.com', false],
    ['https://login.example.com', true],
    ['https://login.example.com/realms/shop', true],
    ['https://login.example.com?x=1', false],
    ['https://user:pw@login.example.com', false],
    ['http://127.0.0.1:4000', true],
    ['http://[::1]:4000', true],
    ['http://localhost:4000', true],
    ['http://127.0.0.1.example.com', false],
    ['javascript:alert(1)', false],
    ['login.example.com', false],
  ])('the issuer %s: %s', (issuer, good) => {
    const read = () => readProfile('/p', { ...smallest, organisation: OIDC.replace('ISSUER', issuer) });
    if (good) expect(read().organisation.identity.kind).toBe('oidc');
    else expect(read).toThrow(/organisation\.yaml:5:3: the issuer must be an https: address/);
  });

  it.each([
    [
      'an unknown kind of identity',
      { organisation: 'version: 1\nname: a\nidentity: { kind: ldap }\n' },
      'organisation.yaml:3:13: identity.kind is not one of its choices (choices: oidc, os-account)',
    ],
    [
      'an unknown key of identity',
      { organisation: `${OIDC.replace('ISSUER', 'https://a.b')}  secret: x\n` },
      /organisation\.yaml:7:3: unknown key "secret" in identity \(choices: kind, issuer, clientId/,
    ],
    [
      'a redirect to another machine',
      { organisation: `${OIDC.replace('ISSUER', 'https://a.b')}  redirect: { host: 0.0.0.0 }\n` },
      /identity\.redirect\.host is not one of its choices \(choices: 127\.0\.0\.1, \[::1\], localhost\)/,
    ],
    [
      'scopes without openid',
      { organisation: `${OIDC.replace('ISSUER', 'https://a.b')}  scopes: [profile]\n` },
      /identity\.scopes|the scopes must hold openid/,
    ],
    [
      'a password in the file',
      { connections: `${CONNECTION}    password: hunter2\n` },
      /^connections\.yaml:8:5: password takes a reference and never the secret itself/,
    ],
    [
      'a secret outside the profile',
      { connections: `${CONNECTION}    password: file:../../etc/shadow\n` },
      /password takes a reference/,
    ],
    [
      'a certificate outside the profile',
      { connections: `${CONNECTION}    ca: /etc/ssl/ca.pem\n` },
      /ca is the path of a PEM file inside the profile/,
    ],
    [
      'a certificate that would not be checked',
      { connections: `${CONNECTION}    tls: require\n    ca: ca.pem\n` },
      /ca is only used with tls: verify-full/,
    ],
    [
      'a connection name in capitals',
      { connections: CONNECTION.replace('shop:', 'Shop:') },
      /the connection name "Shop" must be lower case/,
    ],
    [
      'an environment of the house',
      { connections: CONNECTION.replace('production', 'prod') },
      /connections\.shop\.environment is not one of its choices \(choices: development, staging, production\)/,
    ],
    [
      'a port that is a text',
      { connections: `${CONNECTION}    port: "5432"\n` },
      /connections\.shop\.port must be a (whole )?number/,
    ],
    [
      'a policy about a connection that was removed',
      { policy: 'version: 1\nrules: [{ id: a, allow: read, in: { connection: shop } }]\n' },
      /no connection is called "shop"/,
    ],
    [
      'a classification of a connection that was removed',
      { classification: 'version: 1\ncolumns: [{ connections: shop, classes: {} }]\n' },
      /no connection is called "shop"/,
    ],
  ])('refuses %s', (_sentence, texts, line) => {
    let message = 'accepted';
    try {
      readProfile('/p', { ...smallest, ...texts });
    } catch (error) {
      message = String((error as Error).message);
    }
    expect(message.split('\n')).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
    expect(message).not.toContain('hunter2');
  });
});
