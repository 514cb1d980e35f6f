import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logsBelow } from '../audit/journal/reader.ts';
import {
  createWitnessState,
  generateSignerKey,
  logList,
  type LogList,
  logListSchema,
  openWitnessState,
  parseSignerKey,
  serveWitness,
  SIGNATURE_TYPE,
  type SignerKey,
} from '../audit/witness/index.ts';
import { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';

export interface RunningWitness {
  readonly url: string;
  /** Its verifier key. */
  readonly key: string;
  stop(): Promise<void>;
}

/**
 * Signs that the demonstration's record only grew. In a real organisation somebody else runs it on another machine
 * (docs/witness.md): here it shows what that looks like, and vouches for nothing.
 */
export async function startWitness(directory: string, auditDirectory: string): Promise<RunningWitness> {
  await ensurePrivateDirectory(directory);
  const key = await ownKey(join(directory, 'key'));
  const memory = join(directory, 'state.db');
  if (!existsSync(memory)) createWitnessState(memory, key.verifier);
  const state = openWitnessState(memory, key.verifier);
  const server = await serveWitness(
    { key, state, logs: () => logsOf(auditDirectory), report: () => undefined },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: server.url,
    key: key.verifier.text,
    async stop() {
      await server.close();
      state.close();
    },
  };
}

async function ownKey(path: string): Promise<SignerKey> {
  const known = await readPrivateFile(path);
  if (known !== undefined) {
    const key = parseSignerKey(new TextDecoder().decode(known), SIGNATURE_TYPE.cosignature);
    if (key !== null) return key;
    throw new CountersignError('witness-key-missing', `${path} is not the key of the demonstration's witness.`, {
      next: 'Remove the directory it is in: a new witness is made at the next start.',
    });
  }
  const made = generateSignerKey('countersign.local/demonstration-witness', SIGNATURE_TYPE.cosignature);
  await writePrivateFile(path, new TextEncoder().encode(made.text));
  return made;
}

/** The profile's own logs, and those that its key begins beside them. */
function logsOf(auditDirectory: string): LogList {
  const keys = logsBelow(auditDirectory).flatMap(({ path }) => {
    const identity: unknown = JSON.parse(readFileSync(join(path, 'log.json'), 'utf8'));
    return typeof identity === 'object' && identity !== null && 'key' in identity ? [String(identity.key)] : [];
  });
  return logList(
    logListSchema.parse(keys.map((key) => ({ key, below: key.slice(0, key.lastIndexOf('/', key.indexOf('+')) + 1) }))),
  );
}
