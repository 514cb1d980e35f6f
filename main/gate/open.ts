import { readFile } from 'node:fs/promises';
import { type AuditLog, type Device } from '../audit/index.ts';
import { ResultStore } from '../databases/result/index.ts';
import { type Session } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';
import { createCatalogs } from './catalogs.ts';
import { createDetections } from './detection.ts';
import { createGate, type Gate } from './gate.ts';
import { type InForce } from './in-force.ts';
import { type GatePorts } from './ports.ts';
import { databaseOf } from './record.ts';
import { type Origin } from './request.ts';
import { createUpstreams } from './upstreams.ts';
import { createWorkingSessions } from './working-sessions.ts';

export interface GateOptions {
  readonly audit: AuditLog;
  readonly identity: GatePorts['identity'];
  readonly inForce: () => InForce;
  /** The secret that a connection's password refers to; undefined where it has none. */
  readonly passwordOf: (connection: Connection) => Promise<string | undefined>;
  /** Private directory, of this process alone, for results that do not fit into memory. */
  readonly resultsDirectory: string;
  readonly app: Device;
  readonly origin: Origin;
}

export interface OpenGate {
  readonly gate: Gate;
  /** Whether this login has an upstream connection open. */
  isOpen(session: Session, connection: string): boolean;
  /** Cancels what runs, ends every intent in the record, and closes every connection. */
  close(): Promise<void>;
}

/** Bytes of one result held in memory; what is more goes to its private file. A person has several open. */
const RESULT_MEMORY = 64 * 1024 * 1024;

/** The gate with its upstream connections, catalogs and results. */
export function openGate({
  audit,
  identity,
  inForce,
  passwordOf,
  resultsDirectory,
  app,
  origin,
}: GateOptions): OpenGate {
  const results = new ResultStore({ directory: resultsDirectory, memoryPerResult: RESULT_MEMORY });
  const sessions = createWorkingSessions(audit, app);
  const authorityOf = async ({ ca }: Connection): Promise<string | undefined> =>
    ca === undefined ? undefined : readFile(ca, 'utf8');
  const upstreams = createUpstreams(passwordOf, authorityOf, {
    async opened(session, connection, upstream) {
      const s = await sessions.begin(session, origin);
      await audit.append({
        k: 'conn.open',
        s,
        db: databaseOf(connection),
        out: { server: { pid: upstream.processId } },
      });
    },
    async closed(session, connection, why) {
      const s = await sessions.begin(session, origin);
      await audit.append({ k: 'conn.close', s, db: { id: connection.name }, why: { reason: why } });
    },
  });
  const gate = createGate({
    identity,
    inForce,
    audit,
    sessions,
    catalogs: createCatalogs(upstreams, () => Date.now()),
    detections: createDetections(upstreams),
    upstreams,
    results,
    now: () => new Date(),
  });
  return {
    gate,
    isOpen: (session, connection) => upstreams.isOpen(session.id, connection),
    async close() {
      await gate.cancelAll();
      results.close();
      await upstreams.close();
      await sessions.endAll('closed');
    },
  };
}
