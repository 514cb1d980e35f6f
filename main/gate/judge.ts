import { type Session } from '../identity/principal.ts';
import { type PolicyQuestion } from '../policy/answer.ts';
import { type ClassifiedColumns, type CommentedColumns, type DetectedColumns } from '../policy/classification.ts';
import { type Connection } from '../profile/types.ts';
import { type CountedUse } from './budgets/budgets.ts';
import { countedUses } from './budgets/charge.ts';
import { rowsLastHour } from './budgets/rows-per-hour.ts';
import { commentedColumns } from './commented.ts';
import { decide, type DecideInput } from './decide.ts';
import { judgeAccess, policyQuestion } from './decide-access.ts';
import { type BaseColumn, type Facts, type Lineage } from './facts.ts';
import { type MarkedCatalog } from './catalogs.ts';
import { orderingIndexes } from './lineage/index-order.ts';
import { type InForce } from './in-force.ts';
import { type GatePorts } from './ports.ts';
import { maskReach } from './mask-reach.ts';
import { decisionInput } from './record-decision.ts';
import { levelsOf } from './record-level.ts';
import { type MaskReach } from './mask/errors.ts';
import { type SecondNet } from './mask/second-net.ts';
import { type GateRequest, type Judgement } from './request.ts';
import { type Verdict } from './verdict.ts';
import { unclassifiedOutputs } from './unclassified.ts';
import { traced } from './traced.ts';
import { type Tree, understand } from './understand/postgres/understand.ts';

/** A judgement with what it was made from: what execution confirms and the record names. */
export interface Judged {
  readonly judgement: Judgement;
  /** Permitted uses that are counted, and not counted yet: see budgets/charge.ts. */
  readonly counted: readonly CountedUse[];
  readonly connection: Connection;
  readonly policyHash: string;
  readonly found: FoundClasses;
  /** What the policy was asked about the statement. */
  readonly questions: () => readonly PolicyQuestion[];
  /** The verdict on the same statement by another policy, classification and list of connections; undefined where they are the same. */
  readonly again: (inForce: InForce) => Verdict | undefined;
  /** What the verdict was made from, as the record keeps it; of an allowance with what was left of its bounds in the end. */
  readonly decidedFrom: (end: Verdict) => string;
  /** Undefined where the text was not understood. */
  readonly tree: Tree | undefined;
  /** Undefined where the text alone already refused. */
  readonly catalog: MarkedCatalog | undefined;
  readonly classOf: (column: BaseColumn) => string | undefined;
  /** Outputs of an allowed statement that detectors look at; undefined where there are none. */
  readonly net: SecondNet | undefined;
  /** How near masked columns are: decides what of the server's own texts may be shown. */
  readonly masks: MaskReach;
}

/** Classes of columns that are not in the file: what detectors took them for, and what comments on them say. */
export interface FoundClasses {
  readonly detected: DetectedColumns | undefined;
  readonly commented: CommentedColumns | undefined;
}

/** Settings under which every text is read: pinned on each upstream connection, and checked in each transaction. */
const TEXT_SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;

/** Milliseconds: while somebody types, half-written names must not read the catalog at every key. */
const NEWER = 3_000;

/** Hazards that another catalog may not have. */
const UNKNOWN: ReadonlySet<string> = new Set(['unknown-relation', 'unknown-column', 'unknown-function']);

/** The facts of a text with what the catalog says that its names mean. */
function meant(facts: Facts, { relations, code = [] }: Lineage): Facts {
  const changing = code.some((use) => use.volatile) && !facts.effects.includes('random-or-time');
  return {
    ...facts,
    ...(relations.length === 0 ? {} : { relations }),
    ...(changing ? { effects: [...facts.effects, 'random-or-time' as const] } : {}),
  };
}

/** Steps 2 to 4: understand, trace, decide. The database has not seen the statement when this returns. */
export async function judge(ports: GatePorts, request: GateRequest, signal: AbortSignal): Promise<Judged> {
  const inForce = ports.inForce();
  const connection = inForce.connection(request.connection);
  const { facts: textFacts, tree } = await understand(request.text, TEXT_SETTINGS);

  // A text that is refused as it stands needs no catalog, and no connection to the database; nor does whoever it is not for.
  const refused = textFacts.hazards.length > 0 || !isFor(request.session, connection);
  const readable = tree === undefined || refused ? undefined : tree;
  let catalog = readable && (await ports.catalogs.of(request.session, connection, {}));
  signal.throwIfAborted();
  let lineage = readable && catalog && traced(readable, catalog.index);
  // A name that is not known may be one that somebody has made since the catalog was read.
  if (readable && lineage?.hazards.some(({ code }) => UNKNOWN.has(code))) {
    catalog = await ports.catalogs.of(request.session, connection, { maxAge: NEWER });
    lineage = traced(readable, catalog.index);
  }
  // The text has names as they were written; the catalog says what they mean.
  const facts = lineage === undefined ? textFacts : meant(textFacts, lineage);
  const detected =
    catalog !== undefined && inForce.classification.detect === 'mask'
      ? await ports.detections.of(request.session, connection, catalog.index, facts, signal)
      : undefined;
  const found = { detected, commented: catalog && commentedColumns(catalog.index) };
  const situation = await situationOf(ports, inForce, connection, request, found);
  const { classification } = situation;
  const known: DecideInput = {
    ...situation,
    facts,
    lineage,
    ...(lineage === undefined || catalog === undefined ? {} : { indexes: orderingIndexes(lineage, catalog.index) }),
  };
  const accesses = judgeAccess(known);
  const input = { ...known, accesses };
  const verdict = decide(input);
  return {
    judgement: { facts, lineage, verdict },
    counted: countedUses(verdict, input),
    connection,
    policyHash: inForce.policy.hash,
    found,
    again: (now) => (now === inForce ? undefined : decidedAgain(ports, known, now, found)),
    questions: () => accesses.map(({ action, relation }) => policyQuestion(input, action, relation)),
    decidedFrom: (end) =>
      decisionInput(input, accesses, end.verdict === 'allow' ? end : verdict, inForce.classificationHash),
    tree,
    catalog,
    classOf: (column) => classification.of(column)?.class,
    net: unclassifiedOutputs(input, inForce.classification, verdict),
    masks: maskReach(input),
  };
}

function decidedAgain(
  ports: Pick<GatePorts, 'now'>,
  known: DecideInput,
  { policy, columnsOf, connection: named }: InForce,
  { detected, commented }: FoundClasses,
): Verdict {
  const connection = named(known.connection.name);
  const classification = columnsOf(connection, detected, commented);
  return decide({ ...known, policy, connection, classification, now: ports.now() });
}

/** Whether a login is for a connection at all: an agent's token may be for some only. */
export function isFor({ connections }: Session, { name }: Connection): boolean {
  return connections === undefined || connections.includes(name);
}

/** Everything that a verdict depends on besides the statement: who asks, where, when, and what is in force then. */
export async function situationOf(
  ports: Pick<GatePorts, 'grants' | 'usage' | 'elsewhere' | 'now'>,
  { policy, columnsOf }: Pick<InForce, 'policy' | 'columnsOf'>,
  connection: Connection,
  { session, reason }: Pick<GateRequest, 'session' | 'reason'>,
  { detected, commented }: FoundClasses,
): Promise<Omit<DecideInput, 'facts' | 'lineage'> & { readonly classification: ClassifiedColumns }> {
  const { principal, expiresAt, connections } = session;
  const granted = await ports.grants.inForce(session, connection.name);
  const now = ports.now();
  const had = rowsLastHour(ports.usage, policy, principal, now);
  return {
    principal,
    connection,
    policy,
    classification: columnsOf(connection, detected, commented),
    now,
    grants: [...new Set(granted.map(({ name }) => name))],
    granted,
    expiresAt,
    recordLevels: levelsOf(ports.elsewhere.state()),
    ...(connections === undefined ? {} : { connections }),
    ...(reason === undefined ? {} : { reason }),
    ...(had === undefined ? {} : { rowsLastHour: had }),
  };
}
