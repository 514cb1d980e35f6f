import { randomBytes } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryStore } from './directory.ts';
import { type ObjectStore } from './store.ts';

const LOG = '0198c5d2-7f00-7000-8000-000000000000';
const BLOB = `${LOG}/blob/${'ab'.repeat(32)}`;
const posix = process.platform !== 'win32';

/** Why no disk can be mounted here. */
const whyNoMount = ((): string | undefined => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount a tmpfs';
  const directory = mkdtempSync(join(tmpdir(), 'countersign-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', directory], { stdio: 'ignore' });
  spawnSync('umount', [directory], { stdio: 'ignore' });
  rmSync(directory, { recursive: true });
  return status === 0 ? undefined : 'this machine does not let root mount a tmpfs';
})();
const because = whyNoMount === undefined ? '' : ` (skipped: ${whyNoMount})`;

describe('a record copied to a directory', () => {
  let root: string;
  let store: ObjectStore;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'countersign-store-'));
    store = createDirectoryStore(root);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (key: string, text = key): Promise<'created' | 'exists'> => store.create(key, Buffer.from(text), {});
  const keys = async (prefix = '', after?: string): Promise<string[]> =>
    Array.fromAsync(store.list(prefix, after === undefined ? {} : { after }));

  it('creates an object where none is and leaves the one that is', async () => {
    expect(await put(`${LOG}/log.json`, 'first')).toBe('created');
    expect(await put(`${LOG}/log.json`, 'second')).toBe('exists');
    expect(String(await store.read(`${LOG}/log.json`))).toBe('first');
  });

  it('lets one of forty racing writers win, with what it wrote', async () => {
    const stores = Array.from({ length: 40 }, () => createDirectoryStore(root));
    const outcomes = await Promise.all(
      stores.map((one, n) => one.create(`${LOG}/chunk/0`, Buffer.from(`writer ${String(n)}`), {})),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(String(await store.read(`${LOG}/chunk/0`))).toBe(`writer ${String(outcomes.indexOf('created'))}`);
  });

  it('keeps 5 MB as they are', async () => {
    const bytes = randomBytes(5 * 1024 * 1024);
    await store.create(BLOB, bytes, {});
    expect((await store.read(BLOB))?.equals(bytes)).toBe(true);
  });

  it('knows nothing of what is not there', async () => {
    expect(await store.read(`${LOG}/log.json`)).toBeNull();
    expect(await keys()).toEqual([]);
  });

  it('leaves no temporary file behind, whoever won', async () => {
    await put('a');
    await put('a');
    expect(readdirSync(join(root, '.tmp'))).toEqual([]);
  });

  it.skipIf(!posix)('makes files that nobody writes to and only their owner reads (POSIX only)', async () => {
    await put(`${LOG}/checkpoint/1`);
    expect(lstatSync(join(root, LOG, 'checkpoint', '1')).mode & 0o777).toBe(0o400);
    expect(lstatSync(join(root, LOG)).mode & 0o777).toBe(0o700);
  });

  it('takes a half-written temporary file of a crashed writer for nothing, and removes it when it is old', async () => {
    mkdirSync(join(root, '.tmp'));
    writeFileSync(join(root, '.tmp', 'of-a-crash'), 'half');
    writeFileSync(join(root, '.tmp', 'of-a-writer'), 'half');
    const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
    utimesSync(join(root, '.tmp', 'of-a-crash'), yesterday, yesterday);
    await put('a');
    expect(readdirSync(join(root, '.tmp'))).toEqual(['of-a-writer']);
    expect(await keys()).toEqual(['a']);
  });

  it.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../../b',
    'a/./b',
    '.hidden',
    '.tmp/a',
    '.probe/a',
    'a\\b',
    'a\\..\\..\\b',
    'C:/a',
    'c:a',
    'a:stream',
    'Log',
    'a b',
    'a.',
    'a./b',
    'con',
    'nul.json',
    'a/com1/b',
    'lpt9.txt',
    'a\0b',
    'a\nb',
    'ä',
    'a%2fb',
    'a*',
    'a?',
    `${'a/'.repeat(100)}a`,
    'a'.repeat(101),
  ])('refuses the key %j', async (key) => {
    const refused = { code: 'store-key-invalid' };
    await expect(put(key)).rejects.toMatchObject(refused);
    await expect(store.read(key)).rejects.toMatchObject(refused);
    await expect(store.erase(key)).rejects.toMatchObject(refused);
    expect(readdirSync(root)).toEqual([]);
  });

  it('takes every key a record has', async () => {
    const named = [
      `${LOG}/log.json`,
      `${LOG}/chunk/00000000000000041000`,
      `${LOG}/checkpoint/00000000000000041234`,
      `${LOG}/tile/0/x000/160`,
      `${LOG}/tile/entries/x001/x234/067`,
      `${LOG}/tile/0/x000/161.p/255`,
      BLOB,
      `${LOG}/cosig/00000000000000041234/0a1b2c3d`,
      `${LOG}/stamp/00000000000000041234`,
      'abcdefghijklmnopqrstuvwxyz0123456789_-.a',
    ];
    for (const key of named) expect(await put(key)).toBe('created');
    expect(await keys()).toEqual([...named].sort());
  });

  it('lists in the order of bytes, where a directory stands by its slash', async () => {
    for (const key of ['a0', 'a/b', 'a.b', 'a-b', 'a/b0', 'a/b.c', 'a_b', 'b']) await put(key);
    expect(await keys()).toEqual(['a-b', 'a.b', 'a/b', 'a/b.c', 'a/b0', 'a0', 'a_b', 'b']);
    for (const [n, key] of (await keys()).entries()) expect(await keys('', key)).toEqual((await keys()).slice(n + 1));
  });

  it('lists from any place within a prefix that ends within a part', async () => {
    for (const key of ['x/10', 'x/11', 'x/12', 'x/2', 'xy/1']) await put(key);
    expect(await keys('x/1')).toEqual(['x/10', 'x/11', 'x/12']);
    expect(await keys('x/1', 'x/10')).toEqual(['x/11', 'x/12']);
    expect(await keys('x')).toHaveLength(5);
    expect(await keys('x/', 'x/105')).toEqual(['x/11', 'x/12', 'x/2']);
    await expect(keys('../')).rejects.toMatchObject({ code: 'store-key-invalid' });
  });

  it('does not list what no record put there', async () => {
    await put('a/b');
    writeFileSync(join(root, 'a', '.DS_Store'), '');
    writeFileSync(join(root, 'a', 'Thumbs.db'), '');
    expect(await keys()).toEqual(['a/b']);
  });

  it('erases a blob, once and again, and nothing else', async () => {
    await put(BLOB);
    await put(`${LOG}/chunk/0`);
    await store.erase(BLOB);
    await store.erase(BLOB);
    expect(await store.read(BLOB)).toBeNull();
    await expect(store.erase(`${LOG}/chunk/0`)).rejects.toMatchObject({ code: 'store-key-invalid' });
    await expect(store.erase(`${LOG}/blob/${'AB'.repeat(32)}`)).rejects.toMatchObject({ code: 'store-key-invalid' });
    expect(await keys()).toEqual([`${LOG}/chunk/0`]);
  });

  it('never makes the directory itself: it may be a disk that is not mounted', async () => {
    const gone = createDirectoryStore(join(root, 'usb-disk'));
    const unreachable = { code: 'store-unreachable' };
    await expect(gone.create('a', Buffer.from('a'), {})).rejects.toMatchObject(unreachable);
    await expect(gone.read('a')).rejects.toMatchObject(unreachable);
    await expect(Array.fromAsync(gone.list(''))).rejects.toMatchObject(unreachable);
    await expect(gone.examine()).rejects.toMatchObject(unreachable);
    expect(existsSync(join(root, 'usb-disk'))).toBe(false);
  });

  it('sees that a disk was unmounted under it, and goes on when it is back', async () => {
    await put('a/b');
    renameSync(root, `${root}.away`);
    mkdirSync(root);
    const unreachable = { code: 'store-unreachable' };
    await expect(put('a/c')).rejects.toMatchObject(unreachable);
    await expect(store.read('a/b')).rejects.toMatchObject(unreachable);
    await expect(keys()).rejects.toMatchObject(unreachable);
    expect(readdirSync(root)).toEqual([]);
    rmSync(root, { recursive: true });
    renameSync(`${root}.away`, root);
    expect(await put('a/c')).toBe('created');
    expect(await keys()).toEqual(['a/b', 'a/c']);
  });

  it('makes a folder again that somebody removed', async () => {
    await put('a/b/c');
    rmSync(join(root, 'a'), { recursive: true });
    expect(await put('a/b/c')).toBe('created');
  });

  it('writes nothing once it is told to stop', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(store.create('a', Buffer.from('a'), { signal: stopped })).rejects.toThrow('enough');
    await expect(store.read('a', stopped)).rejects.toThrow('enough');
    expect(await keys()).toEqual([]);
  });

  describe.skipIf(!posix)('somebody else writes to (POSIX only)', () => {
    it('does not follow a link out of the directory', async () => {
      const outside = mkdtempSync(join(tmpdir(), 'countersign-outside-'));
      try {
        writeFileSync(join(outside, 'secret'), 'secret');
        symlinkSync(outside, join(root, 'a'));
        symlinkSync(join(outside, 'secret'), join(root, 'b'));
        await expect(put('a/c')).rejects.toMatchObject({ code: 'store-refused' });
        await expect(put('b')).rejects.toMatchObject({ code: 'store-refused' });
        await expect(store.read('b')).rejects.toMatchObject({ code: 'store-refused' });
        expect(await keys()).toEqual([]);
        expect(readdirSync(outside)).toEqual(['secret']);
        expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
      } finally {
        rmSync(outside, { recursive: true });
      }
    });

    it('takes a folder, or a pipe that nobody feeds, for no object', async () => {
      mkdirSync(join(root, 'a'));
      execFileSync('mkfifo', [join(root, 'b')]);
      for (const key of ['a', 'b']) {
        await expect(put(key)).rejects.toMatchObject({ code: 'store-refused' });
        await expect(store.read(key)).rejects.toMatchObject({ code: 'store-refused' });
      }
    });
  });

  describe.skipIf(whyNoMount !== undefined)(`on a disk of its own${because}`, () => {
    const mount = (...args: readonly string[]): void => void execFileSync('mount', args, { stdio: 'ignore' });
    beforeEach(() => mount('-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', root));
    afterEach(() => void spawnSync('umount', ['-l', root], { stdio: 'ignore' }));

    it('says when that is full, keeps what it had and goes on when there is room', async () => {
      await put('a');
      const large = Buffer.alloc(2 * 1024 * 1024);
      await expect(store.create('b', large, {})).rejects.toMatchObject({ code: 'store-full' });
      expect(await store.read('b')).toBeNull();
      expect(readdirSync(join(root, '.tmp'))).toEqual([]);
      expect(await put('c')).toBe('created');
      expect(await keys()).toEqual(['a', 'c']);
    });

    it('says when that is read-only, and still reads', async () => {
      await put('a');
      mount('-o', 'remount,ro', root);
      await expect(put('b')).rejects.toMatchObject({
        code: 'store-refused',
        message: expect.stringContaining('read-only'),
      });
      expect(String(await store.read('a'))).toBe('a');
      expect(await keys()).toEqual(['a']);
    });

    it('says when that was taken away, and writes nothing where it was', async () => {
      await put('a');
      execFileSync('umount', ['-l', root]);
      await expect(put('b')).rejects.toMatchObject({ code: 'store-unreachable' });
      expect(readdirSync(root)).toEqual([]);
    });

    it('does not say that it is on the disk of the profile', async () => {
      const codes = (await createDirectoryStore(root, { profile: tmpdir() }).examine()).map(({ code }) => code);
      expect(codes).toEqual(['no-retention']);
    });
  });

  describe('examined', () => {
    const codes = async (examined = store): Promise<string[]> => (await examined.examine()).map(({ code }) => code);

    it('says that nothing keeps it from being removed, and leaves nothing behind', async () => {
      expect(await codes()).toEqual(['no-retention']);
      expect(readdirSync(root)).toEqual(['.tmp']);
      expect(readdirSync(join(root, '.tmp'))).toEqual([]);
    });

    it('says that it is on the disk of the profile', async () => {
      expect(await codes(createDirectoryStore(root, { profile: tmpdir() }))).toContain('same-disk');
    });

    it.skipIf(!posix)('says that others may write to it, or to a folder above it (POSIX only)', async () => {
      mkdirSync(join(root, 'open', 'own'), { recursive: true, mode: 0o700 });
      chmodSync(join(root, 'open'), 0o777);
      expect(await codes(createDirectoryStore(join(root, 'open')))).toContain('writable-by-others');
      const [, weakness] = await createDirectoryStore(join(root, 'open', 'own')).examine();
      expect(weakness).toMatchObject({ code: 'writable-by-others', mend: expect.stringContaining(join(root, 'open')) });
      chmodSync(join(root, 'open'), 0o1777);
      expect(await codes(createDirectoryStore(join(root, 'open', 'own')))).toEqual(['no-retention']);
    });

    it.each(['Dropbox', 'OneDrive - Example Ltd', 'iCloud Drive', 'Nextcloud', 'Google Drive', 'Syncthing'])(
      'says that %s may bring older files back',
      async (folder) => {
        mkdirSync(join(root, folder, 'audit'), { recursive: true, mode: 0o700 });
        expect(await codes(createDirectoryStore(join(root, folder, 'audit')))).toContain('sync-folder');
      },
    );
  });
});
