import { type Action, type Environment, type MaskStrength, type RecordLevel } from './vocabulary.ts';

/** What the policy is asked: may this asker do this one thing to this one relation, now. */
export interface PolicyQuestion {
  readonly action: Action;
  readonly asker: Asker;
  readonly connection: {
    readonly name: string;
    readonly environment: Environment;
    readonly database: string;
    readonly team?: string;
  };
  /**
   * `none`: the statement touches no relation (SELECT 1). `unknown`: it may touch some that are not named (CREATE
   * SCHEMA, CALL); every deny and require about a table then applies, and no allow about a table does.
   */
  readonly relation: { readonly schema: string; readonly name: string } | 'none' | 'unknown';
  /** Names of the grants in force for the asker on this connection. */
  readonly grants: readonly string[];
  readonly now: Date;
  /** Rows the statement would touch, where somebody has estimated them; of an export, the rows that would leave. */
  readonly estimatedRows?: number;
  /** Rows the asker has had in the last hour, where somebody counts them. */
  readonly rowsLastHour?: number;
}

export interface Asker {
  readonly name?: string;
  readonly email?: string;
  /** Groups by the identity provider's names; `unknown` when it did not say, which is not the same as none. */
  readonly groups: readonly string[] | 'unknown';
  readonly verified: boolean;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Set for a service of this policy: it is in the groups that the policy gives it, whatever `groups` says. */
  readonly service?: { readonly name: string };
  /** Set when an agent acts for the person: it may do only what both the person and an agent may do. */
  readonly agent?: { readonly id: string };
}

/** A rule of the policy that took part in a verdict. */
export interface RuleReference {
  readonly id: string;
  readonly effect: 'allow' | 'deny' | 'require' | 'permit';
  /** The administrator's own words, where the rule has any. */
  readonly text?: string;
}

export interface RequiredApproval {
  /** `group:NAME`, `person:EMAIL` or `owner-team`; any of them may give it, never the asker. */
  readonly from: readonly string[];
  /** `group:NAME`: of those in `from`, only who is also in that group. */
  readonly within?: string;
  readonly count: number;
  readonly rule: RuleReference;
  /** Grants that would lift the rule; absent where none would. */
  readonly liftedBy?: readonly string[];
}

/** A bound together with the rule that set it. */
export interface Bound {
  readonly value: number;
  readonly rule: RuleReference;
}

/** The mask on a class or group of classes, the rule that set it, and the grants that would lift that rule. */
export interface RequiredMask {
  readonly strength: MaskStrength;
  readonly rule: RuleReference;
  readonly liftedBy: readonly string[];
}

/** What an allowed statement is bound by, accumulated over all rules: the strictest of each. */
export interface Obligations {
  /** By class, by group of classes, or by `*` for everything classified. */
  readonly masks: ReadonlyMap<string, RequiredMask>;
  readonly rows?: Bound;
  /** Bytes. */
  readonly bytes?: Bound;
  /** Rows that the asker may have in any hour; an agent has a count of its own. */
  readonly rowsPerHour?: Bound;
  /** Milliseconds. */
  readonly milliseconds?: Bound;
  readonly approvals: readonly RequiredApproval[];
  readonly reason?: RuleReference;
  /** A proof of who they are that is at most so many minutes old. */
  readonly stepUp?: { readonly minutes: number; readonly rule: RuleReference };
  readonly record?: { readonly level: RecordLevel; readonly rule: RuleReference };
  readonly noExport?: RuleReference;
  /** Who saw it and when stands on the result, on the screen and in what leaves. */
  readonly watermark?: RuleReference;
}

export interface PolicyAnswer {
  readonly effect: 'allow' | 'deny';
  /** SHA-256 of the policy's document, hex: which policy this was. */
  readonly policy: string;
  /** Deny rules of a denial; allow and require rules of an allowance; none where no rule allows. Sorted. */
  readonly rules: readonly RuleReference[];
  readonly obligations: Obligations;
  /** For a default denial: to whom rules give what was asked, as they name them (`group:engineers`). */
  readonly allowedTo: readonly string[];
  /** Ids of the rules whose condition could not be evaluated; they counted as closed. */
  readonly failedConditions: readonly string[];
}
