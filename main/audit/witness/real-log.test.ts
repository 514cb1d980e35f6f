/** The record of this program before a witness over HTTP, on a machine whose disk was put back to an earlier day. */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog } from '../log.ts';
import { consistencyProof, rootAt } from '../proofs.ts';
import { createWitness, type CosignAnswer } from './client.ts';
import { logList } from './log-list.ts';
import { serveWitness } from './server.ts';
import { createWitnessState, openWitnessState } from './state.ts';
import { listed, temporaryDirectory } from './testing.ts';
import { generateSignerKey, SIGNATURE_TYPE } from './verifier-key.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function record(log: AuditLog, count: number): Promise<void> {
  const actor = { user: { iss: 'test', sub: 'ana', verified: false } };
  for (let i = 0; i < count; i++) await log.append({ k: 'session.start', s: randomUUID(), actor });
}

/** A witness that cosigns every log of this key. */
async function witnessOf(path: string, logKey: string) {
  const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
  createWitnessState(join(path, 'state.db'), key.verifier);
  const state = openWitnessState(join(path, 'state.db'), key.verifier);
  undo.push(() => state.close());
  const logs = logList(listed([{ key: logKey, below: 'test.example/desk/' }]));
  const server = await serveWitness(
    { key, state, logs: () => logs, report: () => undefined },
    { host: '127.0.0.1', port: 0 },
  );
  undo.push(() => server.close());
  return createWitness({ url: server.url, key: key.verifier.text });
}

describe('a disk that was put back to an earlier day', () => {
  it('is refused by the witness, and what it shows proves why', { timeout: 120_000 }, async () => {
    const { path, remove } = temporaryDirectory();
    undo.push(remove);
    const options = {
      directory: join(path, 'log'),
      key: generateKeyPairSync('ed25519').privateKey,
      blobKey: randomBytes(32),
      origin: 'test.example/desk',
      app: { app: 'test', version: '0' },
    };
    const open = async (): Promise<AuditLog> => {
      const log = await openAuditLog(options);
      undo.push(() => log.close());
      return log;
    };

    const before = await open();
    await record(before, 3);
    await before.close();
    cpSync(before.path, join(path, 'image'), { recursive: true });
    const first = await open();
    expect(first.id).toBe(before.id);

    const { key } = JSON.parse(readFileSync(join(first.path, 'log.json'), 'utf8')) as { readonly key: string };
    const witness = await witnessOf(path, key);
    const signal = new AbortController().signal;
    const cosign = async (log: AuditLog, oldSize: number): Promise<CosignAnswer> => {
      const { note, size } = await log.checkpoint();
      return witness.cosign({ checkpoint: note, oldSize, proof: consistencyProof(log.path, oldSize, size) }, signal);
    };
    await record(first, 2);
    const { size } = await first.checkpoint();
    expect(await cosign(first, 0)).toMatchObject({ kind: 'cosigned' });
    await record(first, 4);
    expect(await cosign(first, size)).toMatchObject({ kind: 'cosigned' });
    const kept = await first.checkpoint();
    await first.close();

    // As a snapshot does it: the directory is the same one, and holds what it held then.
    for (const name of readdirSync(first.path)) rmSync(join(first.path, name), { recursive: true });
    cpSync(join(path, 'image'), first.path, { recursive: true });
    const second = await open();
    expect(second.id).toBe(first.id);
    await record(second, 30);
    const conflict = await cosign(second, 0);
    expect(conflict).toEqual({ kind: 'conflict', size: kept.size });
    expect(await cosign(second, kept.size)).toMatchObject({ kind: 'refused', code: 'inconsistent' });
    const newest = await witness.newest(key, signal);
    expect(newest?.note.startsWith(kept.note)).toBe(true);
    expect(newest?.root).not.toEqual(rootAt(second.path, kept.size));
  });
});
