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
  readonly agent: boolean;
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
  readonly stepUp: boolean;
}

export interface KnownConnection {
  readonly name: string;
  readonly environment: Environment;
  readonly database: string;
  readonly team?: string;
}

/** What a policy's names may refer to. */
export interface PolicyContext {
  readonly classes: readonly { readonly name: string; readonly group: string }[];
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
