import { type RuleReference } from './answer.ts';
import { type Condition } from './condition.ts';
import { type LocalClock } from './local-clock.ts';
import { type NamePattern } from './name-pattern.ts';
import { type CompiledTreatment } from './treatments.ts';
import { type ApprovalSource, type RuleSource, type TestSource } from './policy-file.ts';
import { type Action, type Environment, type PermitForm } from './vocabulary.ts';

/** Who a rule speaks of. A rule without `to` speaks of everyone. */
export interface Selectors {
  readonly everyone: boolean;
  /** `agent`: any. */
  readonly agent: boolean;
  /** `agent:NAME`. */
  readonly agents: ReadonlySet<string>;
  /** `service`: any. */
  readonly service: boolean;
  /** `service:NAME`. */
  readonly services: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** E-mail addresses in lower case. */
  readonly persons: ReadonlySet<string>;
  /** As written, for sentences. */
  readonly words: readonly string[];
}

export interface CompiledPlace {
  readonly environments?: ReadonlySet<Environment>;
  readonly connections?: ReadonlySet<string>;
  readonly databases?: NamePattern;
  readonly schemas?: NamePattern;
  readonly tables?: NamePattern;
}

export interface CompiledRule {
  readonly reference: RuleReference;
  readonly to: Selectors;
  readonly place: CompiledPlace;
  readonly condition?: Condition;
  readonly unlessGrants: ReadonlySet<string>;
  readonly unlessGroups: ReadonlySet<string>;
  readonly obligations?: NonNullable<RuleSource['require']>;
}

/** A rule that gives single uses of masked columns. */
export interface CompiledPermit extends CompiledRule {
  readonly forms: ReadonlySet<PermitForm>;
  /** Classes and groups of classes, or `*`. */
  readonly of: ReadonlySet<string>;
  /** Rows that each group must have. */
  readonly minimum: number;
  /** Uses in a day, for one person, class and connection; undefined where they are not counted. */
  readonly perDay?: number;
  /** Views, `schema.name`, whose own use of masked columns somebody has reviewed. */
  readonly views: ReadonlySet<string>;
  /** Whether the record keeps a keyed hash of the value that an equality compares with. */
  readonly recordsValue: boolean;
}

export interface CompiledGrant {
  readonly name: string;
  readonly for: Selectors;
  readonly approval?: ApprovalSource;
  readonly maxMinutes: number;
  readonly reason: boolean;
  /** Minutes that the proof of who they are may be old; undefined where none is asked for. */
  readonly stepUpMinutes?: number;
  /** Where it may be used. */
  readonly place: CompiledPlace;
  /** Groups who are told of each use. */
  readonly alert: readonly string[];
  readonly text?: string;
}

/** An agent that people may let act for them. */
export interface CompiledAgent {
  readonly name: string;
  readonly title: string;
  readonly for: Selectors;
  /** Its client at the organisation's provider, where that exchanges tokens (RFC 8693). */
  readonly client?: string;
  readonly maxMinutes: number;
  readonly text?: string;
}

/** A service or CI job: whose token it is known by, and the groups (of this policy) that it is in. */
export interface CompiledService {
  readonly name: string;
  readonly title: string;
  readonly groups: ReadonlySet<string>;
  readonly maxMinutes: number;
  readonly known:
    | { readonly by: 'client'; readonly clientId: string }
    /** `accepts` gives `failed` where the condition cannot be evaluated, which is no. */
    | {
        readonly by: 'token';
        readonly issuer: string;
        readonly audience: string;
        readonly accepts: (claims: Readonly<Record<string, unknown>>) => boolean | 'failed';
      };
}

export interface KnownConnection {
  readonly name: string;
  readonly environment: Environment;
  readonly database: string;
  readonly team?: string;
}

/** What a policy's names may refer to. */
export interface PolicyContext {
  readonly classes: readonly {
    readonly name: string;
    readonly group: string;
    /** Columns that classification.yaml says are of it, where somebody has counted. */
    readonly columns?: number;
  }[];
  readonly connections: readonly KnownConnection[];
}

export interface CompiledPolicy {
  /** SHA-256 of `document` (UTF-8), hex: another layout or another comment makes no other policy. */
  readonly hash: string;
  /** The policy as it was read, as JSON: what the record keeps, so that its decisions can be made again (docs/policy.md). */
  readonly document: string;
  /** Sorted by `inOrder`. */
  readonly rulesFor: Readonly<Record<Action, readonly CompiledRule[]>>;
  /** Sorted by `inOrder`. */
  readonly permits: readonly CompiledPermit[];
  /** Functions that nothing here can read. */
  readonly functions: readonly CompiledTreatment[];
  /** Names of the policy's groups by the identity provider's name. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
  readonly providerNames: ReadonlyMap<string, readonly string[]>;
  readonly grants: ReadonlyMap<string, CompiledGrant>;
  readonly agents: ReadonlyMap<string, CompiledAgent>;
  readonly services: ReadonlyMap<string, CompiledService>;
  readonly localTime: LocalClock;
  readonly context: PolicyContext;
  readonly tests: readonly { readonly source: TestSource; readonly line: number }[];
}

const EFFECT_ORDER = { deny: 0, require: 1, allow: 2, permit: 3 } as const;

/** The one order of rules in answers and sentences: deny, require, allow, permit; then by id. The file's order is never seen. */
export function inOrder({ reference: one }: CompiledRule, { reference: other }: CompiledRule): number {
  return byEffect(one, other);
}

export function byEffect(one: RuleReference, other: RuleReference): number {
  return EFFECT_ORDER[one.effect] - EFFECT_ORDER[other.effect] || compareText(one.id, other.id);
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
