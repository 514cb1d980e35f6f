import { type Session } from '../identity/principal.ts';

/** A right that somebody has taken for a while: to see masked columns, to write, to break the glass. */
export interface Grant {
  readonly id: string;
  /** Its name in policy.yaml. */
  readonly name: string;
  readonly person: {
    readonly issuer: string;
    readonly subject: string;
    readonly name: string;
    readonly email?: string;
  };
  /** Name of the one connection it is for. */
  readonly connection: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  /** Set once it has ended before its time: by whom, why. */
  readonly ended?: { readonly at: string; readonly by: string; readonly why: string };
}

/** What the policy in force says of a grant; made from it by the installation, so that this room needs no policy. */
export interface GrantTerms {
  readonly name: string;
  readonly maxMinutes: number;
  readonly reason: boolean;
  readonly stepUpMinutes?: number;
  /** Who has to approve, in words; undefined where nobody has to. */
  readonly approval?: string;
  readonly alert: readonly string[];
  readonly text?: string;
  /** Whether this person may take it there; never for an agent or a service. */
  mayTake(session: Session, connection: string): boolean;
}

export interface Grants {
  /**
   * Takes a grant for a connection. Recorded and durable before it counts. Throws CountersignError: `grant-unknown`, `grant-not-yours`,
   * `grant-reason-needed`, `grant-too-long`,
   * `grant-too-many`, `grant-unsigned`, `grant-clock`, `step-up-needed`, `approval-needed`, `hub-*`, `audit-*`, or why the login counts no more.
   */
  take(
    session: Session,
    request: {
      readonly grant: string;
      readonly connection: string;
      readonly minutes?: number;
      readonly reason?: string;
    },
  ): Promise<Grant>;
  /** Grants in force for this person on a connection: verified, within their time, of the policy as it is now, not revoked. Throws `hub-*`. */
  inForce(session: Session, connection: string): Promise<readonly Grant[]>;
  /** All in force, or of one person. Of people who are not signed in here nobody knows the groups of today: theirs are listed as they took them. */
  list(of?: Session): Promise<readonly Grant[]>;
  /** What this person could take where. */
  offers(session: Session): readonly (GrantTerms & { readonly connections: readonly string[] })[];
  /** Ends one: one's own, or anybody's where `by` is an administrator. What relies on it is cancelled. Throws `grant-not-found`, `grant-not-yours`, `hub-*`: here it is over all the same. */
  end(session: Session, id: string, why: string): Promise<void>;
  /** Called when one has ended, by time or by somebody. @returns ends it */
  onEnd(listener: (grant: Grant) => void): () => void;
  close(): Promise<void>;
}
