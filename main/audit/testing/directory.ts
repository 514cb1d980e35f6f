/** A profile's directory of logs for tests, and what lies in it. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditLog, type AuditLog, type AuditLogOptions } from '../log.ts';
import { logsBelow, openJournalReader } from '../journal/reader.ts';
import { type Leaf } from './judge.ts';
import { BLOB_KEY } from './lives.ts';

export interface LogsDirectory {
  /** Holds the directory of logs and nothing else. */
  readonly home: string;
  readonly directory: string;
  options(more?: Partial<AuditLogOptions>): AuditLogOptions;
  open(more?: Partial<AuditLogOptions>): Promise<AuditLog>;
  /** Opens, works, closes. */
  withLog<T>(work: (log: AuditLog) => Promise<T>, more?: Partial<AuditLogOptions>): Promise<T>;
  /** Ids of all logs that have begun. */
  logs(): readonly string[];
  leaves(log: string): readonly Leaf[];
  /** dead.json of a log; null where it has none. */
  mark(log: string): unknown;
  remove(): void;
}

const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export function logsDirectory(home = mkdtempSync(join(tmpdir(), 'countersign-logs-'))): LogsDirectory {
  const directory = join(home, 'log');
  const options = (more: Partial<AuditLogOptions> = {}): AuditLogOptions => ({
    directory,
    key: createPrivateKey(pem),
    blobKey: BLOB_KEY,
    origin: 'test.example/audit',
    app: { app: 'test', version: '0' },
    ...more,
  });
  const open = (more?: Partial<AuditLogOptions>): Promise<AuditLog> => openAuditLog(options(more));
  return {
    home,
    directory,
    options,
    open,
    async withLog(work, more) {
      const log = await open(more);
      try {
        return await work(log);
      } finally {
        await log.close();
      }
    },
    logs: () => logsBelow(directory).map(({ id }) => id),
    leaves(log) {
      const reader = openJournalReader(join(directory, log), 0);
      const leaves: Leaf[] = [];
      for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
        for (const entry of run.entries) leaves.push(JSON.parse(entry.toString()) as Leaf);
      return leaves;
    },
    mark(log) {
      try {
        return JSON.parse(readFileSync(join(directory, log, 'dead.json'), 'utf8')) as unknown;
      } catch {
        return null;
      }
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
