import { type AuditLog } from '../audit/index.ts';
import { type ResultStore } from '../databases/result/index.ts';
import { type Session } from '../identity/principal.ts';
import { type Budgets } from './budgets/budgets.ts';
import { type Catalogs } from './catalogs.ts';
import { type Detections } from './detection.ts';
import { type InForce } from './in-force.ts';
import { type TokenKeys } from './mask/token-keys.ts';
import { type RecordElsewhere } from './record-level.ts';
import { type Upstreams } from './upstreams.ts';
import { type Usage } from './usage.ts';
import { type UsedGrant } from './verdict.ts';
import { type WorkingSessions } from './working-sessions.ts';

/** What the gate stands on. Sockets, files and clocks come in here; the steps themselves are functions of plain data. */
export interface GatePorts {
  readonly identity: { ensureLive(session: Session): Promise<Session>; touch(session: Session): Promise<void> };
  /** The profile as it is now; throws CountersignError when nothing may run under it. */
  readonly inForce: () => InForce;
  readonly audit: AuditLog;
  readonly elsewhere: RecordElsewhere;
  readonly sessions: WorkingSessions;
  readonly catalogs: Catalogs;
  readonly detections: Detections;
  readonly upstreams: Upstreams;
  readonly results: ResultStore;
  readonly tokenKeys: TokenKeys;
  readonly budgets: Budgets;
  /** Keyed hash of a value that a masked column was compared with: what the record keeps of it. */
  readonly comparedHash: (columnClass: string, value: string) => string;
  /** Grants in force for this person on a connection, checked: signed by them, of the policy in force, not ended. */
  readonly grants: { inForce(session: Session, connection: string): Promise<readonly UsedGrant[]> };
  /** Rows that somebody has had within the last hour. */
  readonly usage: Usage;
  readonly now: () => Date;
}
