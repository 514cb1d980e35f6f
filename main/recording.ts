import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Anchors, createAnchors } from './audit/anchors/index.ts';
import { type AuditLog, type Device, openAuditLog } from './audit/index.ts';
import { stampCheckpoint } from './audit/stamp/client.ts';
import { type ObjectStore, openStore } from './audit/store/index.ts';
import { createWitness, type MonitoredWitness } from './audit/witness/client.ts';
import { resolveSecret, type SecretStore } from './credentials/index.ts';
import { ownKey } from './own-keys.ts';
import { type RecordSettings } from './profile/types.ts';

/** The record of a profile: its log, and copies and signatures of it outside this machine. */
export interface Recording {
  readonly audit: AuditLog;
  readonly anchors: Anchors;
  readonly store: ObjectStore | undefined;
  readonly witnesses: readonly MonitoredWitness[];
  /** Opens what is sealed in the record. */
  readonly blobKey: Uint8Array;
  /** Signs the log, brings it to store and witnesses as far as that goes soon, and lets go of it. */
  close(): Promise<void>;
}

/** Name of the key that opens what is sealed in the record, in the profile's store of secrets. */
export const BLOB_KEY = 'audit-blob-key';

/** Where a profile's logs lie: what `countersign verify` reads. */
export const auditDirectory = (home: string): string => join(home, 'audit');

/**
 * Longest wait for store and witnesses when the program ends, ms, as long as they answer; what is left goes when a profile
 * is opened next.
 */
const LAST_UPLOAD = 5_000;

/** @throws CountersignError `audit-*`, `witness-*-invalid`, and whatever the secret store throws */
export async function openRecording(
  home: string,
  settings: RecordSettings,
  secrets: SecretStore,
  app: Device,
): Promise<Recording> {
  const directory = auditDirectory(home);
  const signing = await ownKey(home, secrets, 'audit-signing-key', () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
  );
  const key = createPrivateKey({ key: Buffer.from(signing), format: 'der', type: 'pkcs8' });
  const blobKey = await ownKey(home, secrets, BLOB_KEY, () => randomBytes(32));
  const witnesses = settings.witnesses.map((witness) => createWitness(witness));
  const store = await storeOf(home, settings, secrets);
  const audit = await openAuditLog({
    directory,
    key,
    blobKey,
    origin: `countersign.local/${machine()}`,
    app,
    heartbeatMinutes: settings.heartbeatMinutes,
    sharedStorage: settings.acceptSharedDisk,
  });
  const { timestamp } = settings;
  const anchors = createAnchors({
    directory,
    log: audit,
    settings: {
      reachSeconds: settings.reachSeconds,
      pressure: settings.pressure,
      retainDays: settings.store?.retainDays ?? 0,
    },
    ...(store === undefined ? {} : { store }),
    witnesses,
    quorum: settings.quorum,
    ...(timestamp === undefined ? {} : { stamp: (note, signal) => stampCheckpoint(timestamp.url, note, signal) }),
  });
  return {
    audit,
    anchors,
    store,
    witnesses,
    blobKey,
    async close() {
      // The log first: its last events and its last signature are to leave this machine, too.
      try {
        await audit.close();
      } finally {
        await anchors.close(LAST_UPLOAD);
        store?.close();
      }
    },
  };
}

/** A store whose secret is not there is no reason not to start: what is recorded waits, and the trouble is shown. */
async function storeOf(
  home: string,
  { store }: RecordSettings,
  secrets: SecretStore,
): Promise<ObjectStore | undefined> {
  if (store === undefined) return undefined;
  const secret = async (reference: string): Promise<string> =>
    resolveSecret(reference, { store: secrets, profileDirectory: home });
  try {
    return await openStore(store, secret, home);
  } catch (error) {
    const refuse = (): Promise<never> => Promise.reject(error as Error);
    return {
      name: store.kind === 's3' ? `s3://${store.bucket}/${store.prefix}` : store.path,
      create: refuse,
      read: refuse,
      // eslint-disable-next-line require-yield -- it ends before there is anything to give
      async *list() {
        await refuse();
      },
      erase: refuse,
      examine: refuse,
      close: () => undefined,
    };
  }
}

const machine = (): string => hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-') || 'machine';
