import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Actor, type AuditLog, type Device } from '../audit/index.ts';
import { connectPostgres } from '../databases/postgres/session.ts';
import { ResultStore } from '../databases/result/index.ts';
import { type Identity, type IdentityEvent } from '../identity/index.ts';
import { type Session } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';
import { createAdmission } from './role/admission.ts';
import { createBudgets, noBudgets } from './budgets/budgets.ts';
import { createUsage } from './budgets/usage-file.ts';
import { createCatalogs } from './catalogs.ts';
import { createDetections } from './detection.ts';
import { type Examination, examine } from './role/doctor.ts';
import { createGate, type Gate } from './gate.ts';
import { type InForce } from './in-force.ts';
import { createTokenKeys } from './mask/token-keys.ts';
import { type GatePorts } from './ports.ts';
import { actorOf } from './record.ts';
import { createLoginBindings, recordIdentity } from './record-identity.ts';
import { type Origin } from './request.ts';
import { createRoles, type KnownRole } from './role/roles.ts';
import { ONLY_HERE, type RecordElsewhere } from './record-level.ts';
import { createUpstreams, targetOf } from './upstreams.ts';
import { noUsage } from './usage.ts';
import { createWorkingSessions } from './working-sessions.ts';

export interface GateOptions {
  readonly audit: AuditLog;
  /** Copies and signatures of the record outside this machine; without it the record is here only. */
  readonly elsewhere?: RecordElsewhere;
  readonly identity: GatePorts['identity'] & Partial<Pick<Identity, 'deviceSigner' | 'serviceSigner'>>;
  readonly inForce: () => InForce;
  /** The secret that a connection's password refers to; undefined where it has none. */
  readonly passwordOf: (connection: Connection) => Promise<string | undefined>;
  /** Private directory, of this process alone, for results that do not fit into memory. */
  readonly resultsDirectory: string;
  /** 32 bytes that tokens of scope `tenant` are made with; without them such tokens are equal within this process only. */
  readonly tokenKey?: Uint8Array;
  /** Where uses that the policy counts are counted; without it none of those runs. */
  readonly budgetsFile?: string;
  /** Where rows that somebody has had are counted; without it nothing that the policy bounds by them runs. */
  readonly usageFile?: string;
  /** Grants in force; none where absent. */
  readonly grants?: GatePorts['grants'];
  readonly app: Device;
  readonly origin: Origin;
}

export interface OpenGate {
  readonly gate: Gate;
  /** Whether this login has an upstream connection open. */
  isOpen(session: Session, connection: string): boolean;
  /** What the role of a connection can do; undefined until somebody has connected. */
  roleOf(connection: Connection): KnownRole | undefined;
  /** Connects beside everything else and looks whether the connection is as it should be. Recorded; runs no statement of anybody. */
  examine(session: Session, connection: Connection, signal: AbortSignal): Promise<Examination>;
  /** Who a login is in the record, with the proof of it in the log that this process writes. */
  actorOf(session: Session): Promise<Actor>;
  /** Records what happens to logins, and lets nothing outlive one that has ended. */
  recordIdentity(event: IdentityEvent): Promise<void>;
  /** Logins that have something running or a connection open. */
  sessionsInUse(): readonly Session[];
  /** Ends a login here: what it runs is cancelled on the server, its connections are closed, its results let go. */
  endSession: Gate['endSession'];
  /** The same for every login used here that `which` names: they were revoked. `why` is for the record. */
  endWhere(which: (session: Session) => boolean, why: string): Promise<void>;
  /** Cancels what relies on a grant that has ended; resolves when every such intent has its end. */
  grantEnded(id: string): Promise<void>;
  /** Cancels what the policy in force by now does not allow, or not so. */
  policyChanged(): Promise<void>;
  /** Cancels what runs, ends every intent in the record, and closes every connection. */
  close(): Promise<void>;
}

/** Bytes of one result held in memory; what is more goes to its private file. A person has several open. */
const RESULT_MEMORY = 64 * 1024 * 1024;

/** The gate with its upstream connections, catalogs and results. */
export function openGate({
  audit,
  elsewhere = ONLY_HERE,
  identity,
  inForce,
  passwordOf,
  resultsDirectory,
  tokenKey = randomBytes(32),
  budgetsFile,
  usageFile,
  grants = { inForce: () => Promise.resolve([]) },
  app,
  origin,
}: GateOptions): OpenGate {
  const results = new ResultStore({ directory: resultsDirectory, memoryPerResult: RESULT_MEMORY });
  const bindings = createLoginBindings(audit, identity);
  const sessions = createWorkingSessions(audit, app, bindings);
  const authorityOf = async ({ ca }: Connection): Promise<string | undefined> =>
    ca === undefined ? undefined : readFile(ca, 'utf8');
  const roles = createRoles();
  const admission = createAdmission(audit, roles, async (session) => (await sessions.begin(session, origin)).id);
  const upstreams = createUpstreams(passwordOf, authorityOf, admission);
  /** A key for one purpose, so that what is made for one says nothing about another. */
  const keyFor = (purpose: string): Uint8Array =>
    createHmac('sha256', tokenKey).update(`countersign ${purpose} v1`).digest();
  const gate = createGate({
    identity,
    inForce,
    audit,
    elsewhere,
    sessions,
    // A role may have been given rights since its connection was opened: looked at again with every catalog.
    catalogs: createCatalogs(admission.watched(upstreams), () => Date.now()),
    detections: createDetections(upstreams),
    upstreams,
    results,
    tokenKeys: createTokenKeys(tokenKey),
    budgets: budgetsFile === undefined ? noBudgets : createBudgets(budgetsFile, keyFor('budgets')),
    comparedHash: (columnClass, value) =>
      createHmac('sha256', keyFor(`compared ${columnClass}`))
        .update(value)
        .digest('hex'),
    grants,
    usage: usageFile === undefined ? noUsage : createUsage(usageFile, keyFor('usage')),
    now: () => new Date(),
  });
  const endWhere: OpenGate['endWhere'] = async (which, why) => {
    const ending = gate.sessions().filter(which);
    await Promise.all(ending.map((session) => gate.endSession(session, 'session-revoked', why)));
  };
  return {
    gate,
    isOpen: (session, connection) => upstreams.isOpen(session.id, connection),
    roleOf: (connection) => roles.known(connection),
    async examine(asked, connection, signal) {
      const session = await identity.ensureLive(asked);
      const connect = async () => {
        const target = targetOf(connection, session, await passwordOf(connection), await authorityOf(connection));
        return connectPostgres(target, signal);
      };
      return examine({ connection, connect, look: admission.examined(session, connection), now: () => Date.now() });
    },
    actorOf: async (session) => actorOf(session, await bindings.bind(session)),
    recordIdentity: (event) => recordIdentity(audit, bindings, event, { endSession: gate.endSession, endWhere }),
    sessionsInUse: () => gate.sessions().filter((session) => gate.isRunning(session) || upstreams.has(session.id)),
    endSession: gate.endSession,
    endWhere,
    grantEnded: gate.grantEnded,
    policyChanged: gate.policyChanged,
    async close() {
      await gate.cancelAll();
      results.close();
      await upstreams.close();
      await sessions.endAll('closed');
    },
  };
}
