/** kill -9 of a real witness, again and again, while logs that contradict each other ask it all at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { type CosignAnswer, createWitness } from './client.ts';
import { cosignedAt } from './cosignature.ts';
import { parseSignatureLine } from './signed-note.ts';
import { createWitnessState } from './state.ts';
import { fakeLog, type FakeLog, temporaryDirectory } from './testing.ts';
import { generateSignerKey, SIGNATURE_TYPE } from './verifier-key.ts';

/** More for a longer run: COUNTERSIGN_WITNESS_KILLS=500. */
const KILLS = Number(process.env['COUNTERSIGN_WITNESS_KILLS'] ?? 6);

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const never = new AbortController().signal;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
const SERVER = `
  import { openWitnessState } from ${url('./state.ts')};
  import { parseSignerKey } from ${url('./verifier-key.ts')};
  import { logList, logListSchema } from ${url('./log-list.ts')};
  import { serveWitness } from ${url('./server.ts')};
  const { path, key: text, log } = JSON.parse(process.env.INPUT);
  const key = parseSignerKey(text, 4);
  const list = logList(logListSchema.parse([{ key: log }]));
  const report = (notice) => { if (notice.kind === 'trouble') console.error(notice.error); };
  const state = openWitnessState(path, key.verifier);
  const server = await serveWitness({ key, state, logs: () => list, report }, { host: '127.0.0.1', port: 0 });
  console.log(server.url);`;

async function start(path: string, log: FakeLog): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', SERVER], {
    env: { ...process.env, INPUT: JSON.stringify({ path, key: key.text, log: log.key.verifier.text }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { process: child, url: line };
}

interface Cosigned {
  readonly size: number;
  readonly root: string;
  /** Greatest size that any log had in hand when this one was asked for. */
  readonly floor: number;
}

describe('a witness that is killed again and again', () => {
  it('signs one history only, and never a smaller size after a greater one', { timeout: 600_000 }, async () => {
    const directory = temporaryDirectory();
    undo.push(() => directory.remove());
    const path = join(directory.path, 'state.db');
    createWitnessState(path, key.verifier);
    const log = fakeLog();
    const stories = ['one', 'two', 'three', 'four'].map((story) => log.forked(0, story));
    const cosigned: Cosigned[] = [];
    let greatest = 0;

    /** One log that asks until the witness is gone; gives how many answers it got. */
    async function ask(story: FakeLog, witness: ReturnType<typeof createWitness>, answered: () => void): Promise<void> {
      let oldSize = 0;
      for (let step = 0; ; step++) {
        // Forward mostly, now and then the same or an older checkpoint again.
        const size = Math.max(1, oldSize + ([1, 3, 0, -1][step % 4] ?? 0));
        const from = Math.min(oldSize, size);
        const floor = greatest;
        let answer: CosignAnswer;
        try {
          const request = { checkpoint: story.checkpoint(size), oldSize: from, proof: story.proof(from, size) };
          answer = await witness.cosign(request, never);
        } catch {
          return;
        }
        if (answer.kind === 'cosigned') {
          const line = parseSignatureLine(answer.line);
          expect(line === null ? null : cosignedAt(line, key.verifier, story.text(size))).not.toBeNull();
          cosigned.push({ size, root: story.root(size).toString('hex'), floor });
          greatest = Math.max(greatest, size);
          oldSize = size;
        } else if (answer.kind === 'conflict') oldSize = answer.size;
        answered();
      }
    }

    for (let kill = 0; kill < KILLS; kill++) {
      const server = await start(path, log);
      const witness = createWitness({ url: server.url, key: key.verifier.text });
      let left = 5 + ((kill * 7) % 23);
      const answered = (): void => {
        if (--left === 0) server.process.kill('SIGKILL');
      };
      await Promise.all([once(server.process, 'exit'), ...stories.map((story) => ask(story, witness, answered))]);
    }

    const winners = stories.filter((story) =>
      cosigned.some(({ size, root }) => root === story.root(size).toString('hex')),
    );
    expect(winners).toHaveLength(1);
    for (const { size, root, floor } of cosigned) {
      expect(root).toBe(winners[0]?.root(size).toString('hex'));
      expect(size).toBeGreaterThanOrEqual(floor);
    }
    expect(greatest).toBeGreaterThan(KILLS);
  });
});
