import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryStore } from './directory.ts';

const STORE = fileURLToPath(new URL('./directory.ts', import.meta.url));
const strace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;
const without = strace ? '' : ' (skipped: needs strace)';

/** Creates one object and prints what came of it. */
const program = (root: string, key: string): string =>
  `import(${JSON.stringify(STORE)}).then(async ({ createDirectoryStore }) => {
     const outcome = await createDirectoryStore(${JSON.stringify(root)}).create(${JSON.stringify(key)}, Buffer.from('bytes'), {});
     process.stdout.write(outcome);
   });`;

describe('system calls of a directory that keeps a record', () => {
  let home: string;
  let root: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'countersign-traced-'));
    root = mkdtempSync(join(home, 'store-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const trace = async (key: string): Promise<readonly string[]> => {
    const file = join(home, 'trace');
    const options = ['-f', '-y', '-e', 'trace=fsync,link,mkdir,write', '-o', file];
    const node = [process.execPath, '--input-type=module', '-e', program(root, key)];
    await promisify(execFile)('strace', [...options, ...node]);
    // A call that another thread's call interrupts in the trace ends where it is resumed.
    const started = new Map<string, string>();
    const calls: string[] = [];
    for (const line of readFileSync(file, 'latin1').split('\n')) {
      const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
      if (call.endsWith('<unfinished ...>')) started.set(thread, call.replace(' <unfinished ...>', ''));
      else calls.push(call.replace(/^<\.\.\. \w+ resumed>/, started.get(thread) ?? ''));
    }
    return calls;
  };
  /** The marks that are found in this order. */
  const found = (calls: readonly string[], marks: readonly RegExp[]): readonly RegExp[] => {
    let at = -1;
    return marks.filter((mark) => {
      const next = calls.findIndex((call, n) => n > at && mark.test(call));
      if (next !== -1) at = next;
      return next !== -1;
    });
  };
  const named = (path: string): string => path.replaceAll(/[.]/g, '\\.');

  it.skipIf(!strace)(
    `sync the bytes before they get their name, and the name before anything is said${without}`,
    { timeout: 60_000 },
    async () => {
      const calls = await trace('a/b');
      const [, temporary = ''] =
        calls.map((call) => /^link\("([^"]+)"/.exec(call)).find((found) => found !== null) ?? [];
      const marks = [
        new RegExp(`^mkdir\\("${named(root)}/a".*= 0$`),
        new RegExp(`^fsync\\(\\d+<${named(root)}>\\) += 0$`),
        new RegExp(`^fsync\\(\\d+<${named(temporary)}>\\) += 0$`),
        new RegExp(`^link\\(.*"${named(root)}/a/b"\\) += 0$`),
        new RegExp(`^fsync\\(\\d+<${named(root)}/a>\\) += 0$`),
        /^write\(1<.*"created"/,
      ];
      expect(found(calls, marks)).toEqual(marks);
    },
  );

  it.skipIf(!strace)(
    `sync the name that a dead writer may have left unsynced before they call the object there${without}`,
    { timeout: 60_000 },
    async () => {
      await createDirectoryStore(root).create('a/b', Buffer.from('bytes'), {});
      const marks = [
        new RegExp(`^fsync\\(\\d+<${named(root)}>\\) += 0$`),
        new RegExp(`^fsync\\(\\d+<${named(root)}/a>\\) += 0$`),
        /^write\(1<.*"exists"/,
      ];
      expect(found(await trace('a/b'), marks)).toEqual(marks);
    },
  );

  it('leave whole objects or none when the writer is killed at any moment', { timeout: 60_000 }, async () => {
    const loop = `import(${JSON.stringify(STORE)}).then(async ({ createDirectoryStore }) => {
      const store = createDirectoryStore(${JSON.stringify(root)});
      for (let n = 0; ; n += 1) {
        await store.create('chunk/' + process.argv[1] + '-' + n, Buffer.alloc(100_000, 1), {});
        process.stdout.write(n + '\\n');
      }
    });`;
    const said: string[] = [];
    for (let life = 0; life < 8; life += 1) {
      const writer = spawn(process.execPath, ['--input-type=module', '-e', loop, String(life)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let text = '';
      writer.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        // Each life ends after another number of objects, wherever the next one then is.
        if (text.split('\n').length > 3 + life * 5) writer.kill('SIGKILL');
      });
      await once(writer, 'close');
      said.push(
        ...text
          .split('\n')
          .slice(0, -1)
          .map((n) => `chunk/${String(life)}-${n}`),
      );
    }
    const store = createDirectoryStore(root);
    const kept = await Array.fromAsync(store.list(''));
    expect(kept).toEqual(expect.arrayContaining(said));
    for (const key of kept) expect((await store.read(key))?.equals(Buffer.alloc(100_000, 1))).toBe(true);
  });
});
