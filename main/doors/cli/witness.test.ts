import { once } from 'node:events';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createWitness } from '../../audit/witness/index.ts';
import { fakeLog, type FakeLog, temporaryDirectory } from '../../audit/witness/testing.ts';
import { type CliIo, type ExitCode } from './io.ts';
import { ioOf, type Ran } from './testing/terminal.ts';
import { witnessInit, witnessServe, witnessShow } from './witness.ts';

const never = new AbortController().signal;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function place(): string {
  const { path, remove } = temporaryDirectory();
  undo.push(remove);
  return join(path, 'witness');
}

async function ran(command: (io: CliIo) => Promise<ExitCode>): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  try {
    const code = await command(ioOf(stdout, stderr));
    stdout.end();
    stderr.end();
    const [out, err] = await said;
    return { code, stdout: out, stderr: err };
  } finally {
    stdout.end();
    stderr.end();
  }
}

const init = (directory: string, name = 'witness.example/w1'): Promise<Ran> =>
  ran((io) => witnessInit(io, directory, { name, json: true }));

/** Serves until the test is over, or `stop` is called. */
async function serving(directory: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = text(stderr);
  const controller = new AbortController();
  const ended = witnessServe(ioOf(stdout, stderr, { signal: controller.signal }), directory, {
    listen: '127.0.0.1:0',
    json: true,
  });
  const stop = async (): Promise<string> => {
    controller.abort();
    await ended;
    stderr.end();
    return said;
  };
  const [line] = await Promise.race([once(stdout, 'data'), ended.then(() => ['{}'])]);
  const shown = JSON.parse(String(line)) as { readonly url: string; readonly key: string; readonly name: string };
  undo.push(stop);
  return { ...shown, witness: createWitness(shown), stop };
}

async function list(directory: string, logs: readonly FakeLog[], more = ''): Promise<void> {
  const file = join(directory, 'witness.yaml');
  const entries = logs.map((log) => `  - key: ${log.key.verifier.text}\n${more}`).join('');
  const before = await readFile(file, 'utf8');
  const changed = before.replace(/^logs:[^]*$/m, logs.length === 0 ? 'logs: []\n' : `logs:\n${entries}`);
  await writeFile(`${file}.new`, changed);
  await rename(`${file}.new`, file);
}

const asks = (log: FakeLog, oldSize: number, size: number) => ({
  checkpoint: log.checkpoint(size),
  oldSize,
  proof: log.proof(oldSize, size),
});

describe('countersign witness init', () => {
  it('makes a key that only its owner reads, and tells its public half in one line', async () => {
    const directory = place();
    const { code, stdout, stderr } = await init(directory);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      directory,
      name: 'witness.example/w1',
      key: expect.stringMatching(/^witness\.example\/w1\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}$/),
    });
    const secret = join(directory, 'secrets', 'witness-key');
    if (process.platform !== 'win32') expect((await stat(secret)).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain('PRIVATE');
    expect(await readFile(join(directory, 'witness.yaml'), 'utf8')).not.toContain('PRIVATE');
  });

  it('never makes a second witness where one is', async () => {
    const directory = place();
    const { stdout } = await init(directory);
    await expect(init(directory)).rejects.toMatchObject({ code: 'witness-exists' });
    await rm(join(directory, 'witness.yaml'));
    await expect(init(directory)).rejects.toMatchObject({ code: 'witness-exists' });
    expect(stdout).not.toBe('');
  });

  it.each(['', 'two words', 'a+b', 'tab\t', 'n\u0085l', 'x'.repeat(256)])('refuses the name %j', async (name) => {
    await expect(init(place(), name)).rejects.toMatchObject({ code: 'witness-name-invalid' });
  });
});

describe('countersign witness serve', () => {
  it('cosigns what is listed, from the request after it was listed to the one before it is revoked', async () => {
    const directory = place();
    const log = fakeLog();
    await init(directory);
    const { witness, name } = await serving(directory);
    expect(name).toBe('witness.example/w1');
    expect(await witness.cosign(asks(log, 0, 3), never)).toMatchObject({ code: 'unknown-log' });
    await list(directory, [log]);
    expect(await witness.cosign(asks(log, 0, 3), never)).toMatchObject({ kind: 'cosigned' });
    await list(directory, [log], '    revoked: true\n');
    expect(await witness.cosign(asks(log, 3, 5), never)).toMatchObject({ code: 'key-refused' });
  });

  it('cosigns nothing while its list does not read, and says what is wrong with it', async () => {
    const directory = place();
    const log = fakeLog();
    await init(directory);
    await list(directory, [log]);
    const { witness, stop } = await serving(directory);
    await list(directory, [log], '    revokd: true\n');
    await expect(witness.cosign(asks(log, 0, 3), never)).rejects.toMatchObject({ code: 'witness-unavailable' });
    await list(directory, [log]);
    expect(await witness.cosign(asks(log, 0, 3), never)).toMatchObject({ kind: 'cosigned' });
    expect(await stop()).toMatch(/witness\.yaml:\d+:\d+: unknown key "revokd"/);
  });

  it('goes on where it stopped', async () => {
    const directory = place();
    const log = fakeLog();
    await init(directory);
    await list(directory, [log]);
    const first = await serving(directory);
    await first.witness.cosign(asks(log, 0, 3), never);
    await first.stop();
    const { witness } = await serving(directory);
    expect(await witness.cosign(asks(log, 0, 5), never)).toEqual({ kind: 'conflict', size: 3 });
  });

  it('never starts without its memory or its key', async () => {
    const directory = place();
    await init(directory);
    await rename(join(directory, 'state.db'), join(directory, 'elsewhere'));
    await expect(serving(directory)).rejects.toMatchObject({ code: 'witness-state-missing' });
    await rename(join(directory, 'elsewhere'), join(directory, 'state.db'));
    await rm(join(directory, 'secrets', 'witness-key'));
    await expect(serving(directory)).rejects.toMatchObject({ code: 'witness-key-missing' });
    await expect(serving(place())).rejects.toMatchObject({ code: 'witness-missing' });
  });

  it('never starts with the memory of another witness', async () => {
    const [directory, other] = [place(), place()];
    await init(directory);
    await init(other);
    await rename(join(other, 'state.db'), join(directory, 'state.db'));
    await expect(serving(directory)).rejects.toMatchObject({ code: 'witness-state-damaged' });
  });

  it.each(['8765', '127.0.0.1', '127.0.0.1:65536', 'http://127.0.0.1:1', '[::1]', ''])(
    'refuses to listen on %j',
    async (listen) => {
      const directory = place();
      await init(directory);
      await expect(ran((io) => witnessServe(io, directory, { listen }))).rejects.toMatchObject({
        code: 'witness-listen-invalid',
      });
    },
  );
});

describe('countersign witness show', () => {
  it('tells the key, each log with its newest checkpoint, and whether it is still listed', async () => {
    const directory = place();
    const [log, gone] = [fakeLog('log.example/one'), fakeLog('log.example/two')];
    await init(directory);
    await list(directory, [log, gone]);
    const { witness, key } = await serving(directory);
    await witness.cosign(asks(log, 0, 3), never);
    await witness.cosign(asks(gone, 0, 4), never);
    await list(directory, [log]);
    const { code, stdout } = await ran((io) => witnessShow(io, directory, { json: true }));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      key,
      logs: [
        { origin: 'log.example/one', size: 3, root: log.root(3).toString('hex'), status: 'listed' },
        { origin: 'log.example/two', size: 4, status: 'unlisted' },
      ],
      contradictions: [],
    });
  });

  it('shows both histories of a log that told two, to people and to programs', async () => {
    const directory = place();
    const log = fakeLog();
    const other = log.forked(1, 'another story');
    await init(directory);
    await list(directory, [log]);
    const { witness, stop } = await serving(directory);
    await witness.cosign(asks(log, 0, 3), never);
    await witness.cosign(asks(other, 3, 3), never);
    const json = await ran((io) => witnessShow(io, directory, { json: true }));
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      contradictions: [{ origin: log.origin, size: 3, refused: other.checkpoint(3) }],
    });
    const people = await ran((io) => witnessShow(io, directory, {}));
    expect(people.stdout).toContain('signed two histories of 3 entries');
    expect(people.stdout).toContain(other.checkpoint(3));
    expect(await stop()).toContain('signed two histories of 3 entries');
  });
});
