import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startFakeS3, type FakeS3, type Ways } from '../testing/fake-s3.ts';
import { PATIENCE } from './s3-requests.ts';
import { createS3Store, type S3Settings } from './s3.ts';
import { type ObjectStore } from './store.ts';

const openssl = spawnSync('openssl', ['version']).status === 0;

/** A key and a certificate that nobody vouches for, PEM. */
function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const work = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
  try {
    const [key, cert] = [join(work, 'key'), join(work, 'cert')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost'];
    spawnSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

describe('a server that calls itself S3', () => {
  const ended: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0)) await end();
  });
  const open = async (
    ways: Ways,
    settings: Partial<S3Settings> = {},
  ): Promise<{ server: FakeS3; store: ObjectStore }> => {
    const server = await startFakeS3(ways);
    const keys = { accessKeyId: 'key', secretAccessKey: 'of-nobody-else' };
    const store = createS3Store(
      {
        ...{
          bucket: 'audit',
          prefix: 'p',
          region: 'default',
          endpoint: server.endpoint,
          pathStyle: true,
          retainDays: 0,
        },
        ...keys,
        ...settings,
      },
      { ...PATIENCE, wait: async () => undefined },
    );
    ended.push(() => store.close(), server.close);
    return { server, store };
  };
  const put = async (store: ObjectStore, key: string, text = key): Promise<'created' | 'exists'> =>
    store.create(key, Buffer.from(text), {});

  it.each(['null', 'unknown'] as const)('and replaces objects is refused for use (versions: %s)', async (versions) => {
    const { server, store } = await open({ honoursCondition: false, versions });
    await expect(put(store, 'a')).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('replaces an object'),
    });
    expect([...server.objects.keys()]).toEqual(['p/.probe/create-once']);
    expect((await store.examine()).map(({ code }) => code)).toContain('may-overwrite');
    await expect(put(store, 'a')).rejects.toMatchObject({ code: 'store-refused' });
    expect(server.objects.has('p/a')).toBe(false);
  });

  it('and has no versions is used, and said to have none', async () => {
    const { store } = await open({ honoursCondition: true, versions: 'unknown' });
    expect(await put(store, 'a', 'first')).toBe('created');
    expect(await put(store, 'a', 'second')).toBe('exists');
    expect(String(await store.read('a'))).toBe('first');
    expect(await store.read('b')).toBeNull();
    expect((await store.examine()).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['no-versioning', 'public']),
    );
  });

  it('and takes a retention without keeping it is named', async () => {
    const { store } = await open({ honoursCondition: true, versions: 'null' }, { retainDays: 365 });
    expect((await store.examine()).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['no-object-lock', 'may-delete']),
    );
  });

  it('and adds nothing to a place that was tried before', async () => {
    const { server, store } = await open({ honoursCondition: true, versions: 'null' });
    await put(store, 'a');
    const second = await open({ honoursCondition: true, versions: 'null' }, { endpoint: server.endpoint });
    expect(await put(second.store, 'b')).toBe('created');
    expect([...server.objects.keys()]).toEqual(['p/.probe/create-once', 'p/a', 'p/b']);
  });

  it.each(['paged', 'paged-raw'] as const)(
    'and goes from page to page in its own way is not led astray by a name that somebody chose for that (%s)',
    async (versions) => {
      const { server, store } = await open({ honoursCondition: true, versions });
      // Decoded once too often "a%7a" is "az", behind all that follow it. "%" alone encodes nothing.
      for (const key of ['a%', 'a%7a', 'a+', 'a0', 'a1', 'a2', 'b', 'b%', 'c'])
        server.objects.set(`p/${key}`, Buffer.from(key));
      expect(await Array.fromAsync(store.list(''))).toEqual(['a0', 'a1', 'a2', 'b', 'c']);
    },
  );

  it('and lists without an end is left', async () => {
    const { server, store } = await open({ honoursCondition: true, versions: 'endless' });
    server.objects.set('p/a', Buffer.from('a'));
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ code: 'store-unreachable' });
  });

  it('and lists in an order of its own is refused: something would be left out', async () => {
    const { server, store } = await open({ honoursCondition: true, versions: 'unordered' });
    for (const key of ['a', 'b', 'c']) server.objects.set(`p/${key}`, Buffer.from(key));
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ code: 'store-refused' });
  });

  it.skipIf(!openssl)(
    `and cannot prove it with a certificate is not spoken to${openssl ? '' : ' (skipped: needs openssl)'}`,
    async () => {
      const { store } = await open({ honoursCondition: true, versions: 'null', tls: selfSigned() });
      await expect(put(store, 'a')).rejects.toMatchObject({
        code: 'store-unreachable',
        message: expect.stringContaining('cannot prove'),
        next: expect.stringContaining('certificate'),
      });
    },
  );

  it('is not waited for when who gives the credentials for it never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    ended.push(() => {
      vi.unstubAllEnvs();
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) vi.stubEnv(name, join(tmpdir(), 'none'));
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${String(port)}/credentials`);
    const place = { bucket: 'audit', prefix: '', region: 'eu-central-1', pathStyle: true, retainDays: 0 };
    const store = createS3Store(
      { ...place, endpoint: 'http://127.0.0.1:1' },
      { ...PATIENCE, attempts: 1, attempt: 50, wait: async () => undefined },
    );
    ended.push(() => store.close());
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'store-unreachable',
      message: expect.stringContaining('does not answer in time'),
    });
  });

  it('and speaks in clear where https: was asked for is not believed', async () => {
    const { server } = await open({ honoursCondition: true, versions: 'null' });
    const { store } = await open(
      { honoursCondition: true, versions: 'null' },
      { endpoint: server.endpoint.replace('http', 'https') },
    );
    await expect(put(store, 'a')).rejects.toMatchObject({ code: 'store-unreachable' });
  });

  it.each([
    ['shorter', (bytes: number) => bytes + 1, 'store-unreachable'],
    ['longer', (bytes: number) => bytes - 1, 'store-unreachable'],
    ['larger than any memory', () => 2 ** 41, 'store-refused'],
  ])('and gives an object that is %s than it said is not believed', async (_, size, code) => {
    const { server, store } = await open({ honoursCondition: true, versions: 'null', size });
    server.objects.set('p/a', Buffer.from('bytes'));
    await expect(store.read('a')).rejects.toMatchObject({ code });
  });
});
