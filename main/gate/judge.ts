import { type Connection } from '../profile/types.ts';
import { type CountedUse } from './budgets/budgets.ts';
import { countedUses } from './budgets/charge.ts';
import { decide, type DecideInput } from './decide.ts';
import { judgeAccess } from './decide-access.ts';
import { type BaseColumn, type Facts, type Lineage } from './facts.ts';
import { type MarkedCatalog } from './catalogs.ts';
import { orderingIndexes } from './lineage/index-order.ts';
import { type GatePorts } from './ports.ts';
import { maskReach } from './mask-reach.ts';
import { decisionInput } from './record-decision.ts';
import { levelsOf } from './record-level.ts';
import { type MaskReach } from './mask/errors.ts';
import { type SecondNet } from './mask/second-net.ts';
import { type GateRequest, type Judgement } from './request.ts';
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
  /** What the verdict was made from, as the record keeps it. */
  readonly decidedFrom: () => string;
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

  // A text that is refused as it stands needs no catalog, and no connection to the database.
  const readable = tree === undefined || textFacts.hazards.length > 0 ? undefined : tree;
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
  const classification = inForce.columnsOf(connection, detected);

  const known: DecideInput = {
    facts,
    lineage,
    principal: request.session.principal,
    connection,
    policy: inForce.policy,
    classification,
    now: ports.now(),
    grants: [],
    recordLevels: levelsOf(ports.elsewhere.state()),
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
    decidedFrom: () => decisionInput(input, accesses, verdict, inForce.classificationHash),
    tree,
    catalog,
    classOf: (column) => classification.of(column)?.class,
    net: unclassifiedOutputs(input, inForce.classification, verdict),
    masks: maskReach(input),
  };
}
