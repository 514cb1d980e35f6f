import { type AuditLog } from '../log.ts';
import { type ObjectStore } from '../store/store.ts';
import { type MonitoredWitness } from '../witness/client.ts';
import { type AnchorClock } from './clock.ts';
import { type PressureLimits } from './pressure.ts';

export interface AnchorSettings {
  /** Seconds that a statement waits for the level that policy demands of its record. */
  readonly reachSeconds: number;
  readonly pressure: PressureLimits;
  /** Days that nobody may remove what is copied; 0 where the store is not asked for that. */
  readonly retainDays: number;
}

export interface AnchorOptions {
  /** Holds all logs of the profile. */
  readonly directory: string;
  /** The log that this process writes. */
  readonly log: AuditLog;
  readonly settings: AnchorSettings;
  readonly store?: ObjectStore;
  readonly witnesses: readonly MonitoredWitness[];
  /** Witnesses that must have cosigned a checkpoint. */
  readonly quorum: number;
  /** Has a signed note stamped: gives the DER TimeStampResp (RFC 3161). */
  readonly stamp?: (note: string, signal: AbortSignal) => Promise<Uint8Array>;
  readonly clock?: AnchorClock;
}
