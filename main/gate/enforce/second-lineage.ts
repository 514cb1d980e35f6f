/**
 * The server's own trees as a second opinion on what a statement reads: they confirm, or the statement does not run.
 */
import { FIRST_NORMAL_OID } from '../../databases/postgres/oids.ts';
import { type PostgresSession, type Prepared, type ServerTrees } from '../../databases/postgres/session.ts';
import { CountersignError } from '../../errors.ts';
import { CatalogMoved, type MarkedCatalog } from '../catalogs.ts';
import { type Facts, type Lineage } from '../facts.ts';
import { type Judged } from '../judge.ts';
import { type CatalogIndex } from '../lineage/catalog-index.ts';
import { disagreement, serverLineage } from '../lineage/server/index.ts';
import { trace } from '../lineage/trace.ts';
import { isWriteStatement } from '../understand/postgres/statements.ts';
import { nodeOf } from '../understand/postgres/tree.ts';
import { type Tree } from '../understand/postgres/understand.ts';
import { explainedTree } from './explained.ts';
import { type CodeOids } from './scope.ts';
import { treeHash } from './tree-hash.ts';

/** What the server's trees said of a statement whose lineages agree. */
export interface Agreed {
  readonly treeHash: string;
  readonly code: CodeOids;
}

interface Compared {
  readonly trees: ServerTrees;
  /** Part of a sentence where they do not agree. */
  readonly outcome: Agreed | string;
}

/** Comparisons of one catalog by text, the last used at the end. */
interface Kept {
  readonly byText: Map<string, Compared>;
  characters: number;
}

/** Characters of texts and trees kept for one catalog. */
const MOST_KEPT = 8 * 1024 * 1024;

const kept = new WeakMap<MarkedCatalog, Kept>();

/** The query whose trees are compared: the statement itself or the one inside EXPLAIN; undefined where there is none. */
export async function comparedTree(tree: Tree | undefined): Promise<Tree | undefined> {
  if (tree === undefined) return undefined;
  const { kind, fields } = tree.root;
  if (kind === 'ExplainStmt') return isQuery(nodeOf(fields['query'])?.kind, tree) ? explainedTree(tree) : undefined;
  return isQuery(kind, tree) ? tree : undefined;
}

/** Of SELECT INTO and CREATE TABLE AS, servers before 18 print nothing of the query. */
const isQuery = (kind: string | undefined, { inspection }: Tree): boolean =>
  kind !== undefined && ((kind === 'SelectStmt' && !inspection.createsTable) || isWriteStatement(kind));

/** True where the kind of the statement has trees to compare, whether or not they can be had. */
export function hasTrees({ root, ...tree }: Tree): boolean {
  const kind = root.kind === 'ExplainStmt' ? nodeOf(root.fields['query'])?.kind : root.kind;
  return isQuery(kind, { root, ...tree });
}

/** The code that a statement was found to run when it was last compared; undefined where it was not yet. */
export function codeOf({ catalog, tree }: Judged): CodeOids | undefined {
  const known = catalog && tree && kept.get(catalog)?.byText.get(tree.text);
  return typeof known?.outcome === 'object' ? known.outcome.code : undefined;
}

/**
 * What the trees say, where they say what the text's lineage does. A comparison is kept for as long as its catalog is, and
 * holds for exactly these trees.
 * @param query what `comparedTree` gave: its trees are those of `prepared`
 * @throws CountersignError `lineage-disagreement` or `too-large-to-compare`; CatalogMoved where something changed while the server parsed
 */
export function agree(
  { trees, missingTrees }: Prepared,
  upstream: PostgresSession,
  { catalog, judgement, tree }: Judged,
  query: Tree | undefined,
): Agreed | undefined {
  const { facts, lineage } = judgement;
  if (catalog === undefined || lineage === undefined || tree === undefined) return undefined;
  if (upstream.secondLineage !== 'on' || !hasTrees(tree)) return undefined;
  if (query === undefined) throw disagree('the query inside EXPLAIN could not be read by itself');
  if (trees === undefined) {
    if (missingTrees === 'parsed-again') throw new CatalogMoved('A definition that it uses');
    if (missingTrees !== 'too-large') throw disagree('the server did not send its reading');
    if (storesConstants(facts, lineage)) return undefined;
    throw tooLarge();
  }
  const outcome =
    known(catalog, tree.text, trees) ?? compare(trees, upstream, facts, lineage, tree, query, catalog.index);
  keep(catalog, tree.text, { trees, outcome });
  if (typeof outcome === 'string') throw disagree(outcome);
  return outcome;
}

/** A write of given values, however many: it reads nothing and computes nothing that a second reading could find. */
function storesConstants({ functions, operators }: Facts, { outputs, uses, relations }: Lineage): boolean {
  const reads = relations.some(({ access }) => access === 'read');
  // What stands in the way of the values, the text's lineage says by itself.
  const used = uses.filter(({ place }) => place !== 'constraint');
  return !reads && outputs.length + used.length + functions.length + operators.length === 0;
}

function compare(
  trees: ServerTrees,
  upstream: PostgresSession,
  facts: Facts,
  lineage: Lineage,
  tree: Tree,
  query: Tree,
  index: CatalogIndex,
): Agreed | string {
  const server = serverLineage(trees, Number.parseInt(upstream.serverVersion, 10));
  if (server === undefined) return 'the server read it as no query';
  if ('unknown' in server) return server.unknown;
  const raw = query === tree ? lineage : trace(query, index);
  const found = disagreement(raw, facts, server, index);
  if (found !== undefined) return found.what;
  const made = (set: keyof CodeOids): readonly number[] =>
    [...server.statement[set]].filter((oid) => oid >= FIRST_NORMAL_OID);
  return { treeHash: treeHash(trees), code: { functions: made('functions'), operators: made('operators') } };
}

function known(
  catalog: MarkedCatalog,
  text: string,
  { parsed, rewritten }: ServerTrees,
): Compared['outcome'] | undefined {
  const compared = kept.get(catalog)?.byText.get(text);
  const same = compared?.trees.parsed === parsed && compared.trees.rewritten === rewritten;
  return same ? compared.outcome : undefined;
}

function keep(catalog: MarkedCatalog, text: string, compared: Compared): void {
  const all = kept.get(catalog) ?? { byText: new Map<string, Compared>(), characters: 0 };
  kept.set(catalog, all);
  drop(all, text);
  all.byText.set(text, compared);
  all.characters += sizeOf(text, compared);
  for (const oldest of all.byText.keys()) {
    if (all.characters <= MOST_KEPT) break;
    drop(all, oldest);
  }
}

function drop(all: Kept, text: string): void {
  const compared = all.byText.get(text);
  if (compared === undefined) return;
  all.byText.delete(text);
  all.characters -= sizeOf(text, compared);
}

const sizeOf = (text: string, { trees: { parsed, rewritten } }: Compared): number =>
  text.length + parsed.length + rewritten.length;

const LINEAGE_DISAGREEMENT = 'lineage-disagreement';
const TOO_LARGE = 'too-large-to-compare';

/** Codes of refusals that come after the server has parsed a statement. */
export const REFUSED_AFTER_PARSE: ReadonlySet<string> = new Set([LINEAGE_DISAGREEMENT, TOO_LARGE]);

function tooLarge(): CountersignError {
  return new CountersignError(
    TOO_LARGE,
    "The statement is too large for the server's own reading of it to be compared (256 KiB of text or 4 MiB of trees), so it did not run.",
    { next: 'Give it fewer values at once, or put them into a table first and join that.' },
  );
}

/** Two readings of a statement do not agree. */
export function disagree(what: string): CountersignError {
  return new CountersignError(
    LINEAGE_DISAGREEMENT,
    `Two readings of the statement disagree, so it did not run: ${what}.`,
    {
      next: 'Write it more simply, and tell your administrator: this statement belongs into the test corpus.',
    },
  );
}
