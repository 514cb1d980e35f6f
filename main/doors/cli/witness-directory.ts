import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  createWitnessState,
  generateSignerKey,
  logList,
  type LogList,
  logListSchema,
  openWitnessState,
  parseSignerKey,
  parseVerifierKey,
  SIGNATURE_TYPE,
  type SignerKey,
  type VerifierKey,
  type WitnessState,
} from '../../audit/witness/index.ts';
import { ensurePrivateDirectory, openSecretStore, type SecretStore } from '../../credentials/index.ts';
import { CountersignError } from '../../errors.ts';
import { printProblems, readYaml } from '../../policy/yaml-file.ts';
import { readConfiguration } from '../../profile/configuration-file.ts';

/** Files of a witness's directory (docs/witness.md). */
const SETTINGS = 'witness.yaml';
const STATE = 'state.db';
/** Name of the private key in the store of secrets. */
const SECRET = 'witness-key';

const settingsSchema = z.strictObject({
  version: z.literal(1),
  key: z.string().max(1_000),
  secrets: z.enum(['file', 'keyring']),
  logs: logListSchema,
});

export interface WitnessSettings {
  readonly key: VerifierKey;
  readonly secrets: 'file' | 'keyring';
  readonly logs: LogList;
}

const settingsText = (key: VerifierKey, secrets: string): string => `version: 1
key: ${key.text} # what logs and verifiers are told: keep it
secrets: ${secrets} # where the private key is: file (secrets/, 0600) or keyring
# The logs to cosign. A change holds from the next request on. For each, the verifier key from its log.json:
#   - key: countersign.local/desk-7/0198c2a0-...+1a2b3c4d+AX...
#     below: countersign.local/desk-7/ # also the other logs that this key signs there
#     revoked: true # the key is lost: nothing it signs is cosigned any more
logs: []
`;

/**
 * Makes a witness: its key, its empty memory, its settings, in this order.
 * @throws CountersignError `witness-exists`, `secret-*`, `witness-state-unwritten`
 */
export async function createWitnessDirectory(
  directory: string,
  name: string,
  secrets: 'file' | 'keyring',
): Promise<VerifierKey> {
  if (existsSync(join(directory, SETTINGS)) || existsSync(join(directory, STATE))) {
    throw new CountersignError('witness-exists', `There is a witness in ${directory} already.`, {
      next: 'Make the new one in a directory of its own: key and memory belong together.',
    });
  }
  await ensurePrivateDirectory(directory);
  const key = generateSignerKey(name, SIGNATURE_TYPE.cosignature);
  const store = await openStore(directory, secrets);
  await store.set(SECRET, Buffer.from(key.text));
  createWitnessState(join(directory, STATE), key.verifier);
  const file = await open(join(directory, SETTINGS), 'wx', 0o600);
  try {
    await file.writeFile(settingsText(key.verifier, secrets));
    await file.sync();
  } finally {
    await file.close();
  }
  return key.verifier;
}

/** @throws CountersignError `witness-missing`, `witness-settings-invalid`, `profile-file-refused` */
export async function readWitnessSettings(directory: string): Promise<WitnessSettings> {
  if (!existsSync(join(directory, SETTINGS))) {
    throw new CountersignError('witness-missing', `There is no witness in ${directory}.`, {
      next: 'Make one with: countersign witness init DIR --name NAME',
    });
  }
  const read = readYaml(await readConfiguration(directory, SETTINGS), settingsSchema);
  if (!read.ok) throw invalidSettings(printProblems(SETTINGS, read.problems));
  const { key: text, secrets, logs } = read.file.value;
  const key = parseVerifierKey(text, SIGNATURE_TYPE.cosignature);
  if (key === null) throw invalidSettings(`${SETTINGS}: key is not the verifier key that was written there`);
  return { key, secrets, logs: logList(logs) };
}

/** @throws CountersignError `witness-key-missing`, `secret-*` */
export async function readWitnessKey(directory: string, settings: WitnessSettings): Promise<SignerKey> {
  const store = await openStore(directory, settings.secrets);
  const secret = await store.get(SECRET);
  const key =
    secret === undefined ? null : parseSignerKey(Buffer.from(secret).toString('utf8'), SIGNATURE_TYPE.cosignature);
  if (key !== null && key.verifier.text === settings.key.text) return key;
  throw new CountersignError('witness-key-missing', `The private key of the witness in ${directory} is not there.`, {
    next: 'Put it back where it was, or make a new witness with a new key and tell its logs and verifiers.',
  });
}

/** A witness often runs where nobody is signed in, and no key store is open. */
async function openStore(directory: string, secrets: 'file' | 'keyring'): Promise<SecretStore> {
  try {
    return await openSecretStore(secrets, directory);
  } catch (cause) {
    if (!(cause instanceof CountersignError) || cause.code !== 'secret-store-unavailable') throw cause;
    throw new CountersignError(cause.code, cause.message, {
      next: 'Open the key store of this account, or make the witness with --secrets file.',
      cause,
    });
  }
}

export const openStateOf = (directory: string, key: VerifierKey): WitnessState =>
  openWitnessState(join(directory, STATE), key);

function invalidSettings(problems: string): CountersignError {
  return new CountersignError('witness-settings-invalid', problems, {
    next: 'Nothing is cosigned until the file is right (docs/witness.md).',
  });
}
