import { type Action, type Effect, type Facts, type Hazard, NOT_UNDERSTOOD, type Span } from '../../facts.ts';
import { inspect, type Inspection } from './inspect.ts';
import { ParsePool } from './parse-pool.ts';
import { spanAt } from './span.ts';
import { isWriteStatement, type StatementMeaning, statementMeaning } from './statements.ts';
import { fromUtf8, MAX_TEXT_BYTES, type OffsetMap, textHazard, type TextSettings } from './text.ts';
import { items, locationOf, type Node, nodeOf, text as textOf } from './tree.ts';
import { type Written, written } from './written.ts';

export { MAX_TEXT_BYTES, type TextSettings };

/** A statement that was understood well enough to be traced: the parser's own tree and what a walk over it found. */
export interface Tree {
  readonly text: string;
  /** Raw parse tree of libpg-query. */
  readonly root: Node;
  /** Turns the locations in the tree (bytes of UTF-8) into offsets in the text (UTF-16 units). */
  readonly offsetOf: OffsetMap;
  readonly inspection: Inspection;
}

export interface Understanding {
  /** Undefined where the text is not exactly one statement that PostgreSQL's grammar knows: facts.hazards says why. */
  readonly tree: Tree | undefined;
  readonly facts: Facts;
}

const pool = new ParsePool();
const cache = new Map<string, Understanding>();
const CACHED_TEXTS = 500;
/** Longer texts are not worth keeping: their trees are a hundred times larger. */
const CACHED_LENGTH = 16 * 1024;

/**
 * Reads a text as PostgreSQL 18 itself would and says what it does. Never throws for any text: what cannot be read is a
 * hazard. Answers are shared between callers of equal text and settings, and must not be changed.
 */
export async function understand(text: string, settings: TextSettings): Promise<Understanding> {
  const key = `${String(settings.standardConformingStrings)} ${settings.clientEncoding} ${text}`;
  const known = cache.get(key);
  if (known !== undefined) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  const understood = await read(text, settings);
  if (text.length <= CACHED_LENGTH) {
    cache.set(key, understood);
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_TEXTS) break;
      cache.delete(oldest);
    }
  }
  return understood;
}

async function read(text: string, settings: TextSettings): Promise<Understanding> {
  const unreadable = textHazard(text, settings);
  if (unreadable !== undefined) return notUnderstood(unreadable);
  const parsed = await pool.parse(text);
  if (!parsed.ok) return notUnderstood(parsed.hazard);
  const [statement, second] = parsed.statements;
  if (statement === undefined) {
    return notUnderstood({
      code: 'empty',
      sentence: 'There is no statement in this text.',
      next: 'Write one SQL statement.',
    });
  }
  const offsetOf = fromUtf8(text);
  if (second !== undefined) {
    return notUnderstood({
      code: 'several-statements',
      sentence: `The text holds ${parsed.statements.length} statements; each is judged and run by itself.`,
      next: 'Run them one by one.',
    });
  }
  const root = nodeOf(statement.node);
  if (root === undefined) return notUnderstood(unknownStatement);
  try {
    const spanOf = (location: number): Span | undefined =>
      location < 0 ? undefined : spanAt(text, offsetOf(location));
    const inspection = inspect(root, spanOf);
    const meaning = statementMeaning(root.kind, root.fields);
    const facts = meaning === undefined ? undefined : describe(root, meaning, inspection);
    if (facts === undefined) return notUnderstood(unknownStatement);
    return {
      tree: { text, root, offsetOf, inspection },
      facts: { ...facts, ...written(root, spanOf), normalized: parsed.normalized, fingerprint: parsed.fingerprint },
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return notUnderstood({ code: 'too-deep', sentence: 'The statement is nested too deeply to be understood.' });
  }
}

const unknownStatement: Hazard = { code: 'unknown-node', sentence: 'Statements of this kind are not known here.' };

function notUnderstood(hazard: Hazard): Understanding {
  return {
    tree: undefined,
    facts: {
      action: 'admin',
      title: NOT_UNDERSTOOD,
      effects: [],
      relations: [],
      columns: [],
      functions: [],
      operators: [],
      casts: [],
      types: [],
      normalized: '',
      fingerprint: '',
      hazards: [hazard],
    },
  };
}

type Described = Omit<Facts, 'normalized' | 'fingerprint' | keyof Written>;

function describe(root: Node, meaning: StatementMeaning, inspection: Inspection): Described {
  const base = { relations: inspection.relations, functions: inspection.functions };
  if (root.kind === 'ExplainStmt') return { functions: base.functions, ...explained(root, inspection) };
  const writes = [...inspection.writes];
  const hazards = [...inspection.hazards];
  const effects = [...inspection.effects];
  if (root.kind !== 'SelectStmt' && !isWriteStatement(root.kind)) {
    if (inspection.createsTable && writes.length > 0) hazards.push(createsAndWrites);
    return { ...base, action: meaning.action, title: meaning.title, effects, hazards };
  }
  if (inspection.createsTable && writes.length > 0) hazards.push(createsAndWrites);
  // With several writes in one statement, each relation says what is done to it; the statement goes by the first.
  const inside: readonly Action[] = inspection.createsTable ? ['ddl'] : writes;
  const { action, title } = isWriteStatement(root.kind) ? meaning : (writeInside(inside) ?? meaning);
  if (action === 'select' && inspection.locksRows) {
    return { ...base, action: 'lock', title: 'SELECT FOR UPDATE', effects, hazards: [...hazards, locksRows] };
  }
  return { ...base, action, title, effects, hazards };
}

function writeInside(actions: readonly Action[]): { readonly action: Action; readonly title: string } | undefined {
  const [action] = actions;
  if (action === undefined) return undefined;
  return { action, title: action === 'ddl' ? 'SELECT INTO' : `WITH ${actions.join(', ').toUpperCase()}` };
}

const createsAndWrites: Hazard = {
  code: 'several-writes',
  sentence: 'The statement creates a table and changes data at once, and is judged by one of them.',
  next: 'Run each as a statement of its own.',
};

const locksRows: Hazard = {
  code: 'row-lock',
  sentence: 'The locks on rows would end with the statement that takes them.',
  next: 'Leave FOR UPDATE or FOR SHARE out; a statement that changes rows locks them by itself.',
};

/** EXPLAIN runs nothing; EXPLAIN ANALYZE runs the statement, and a READ ONLY transaction does not stop all of what it may be. */
function explained(root: Node, inspection: Inspection): Omit<Described, 'functions'> {
  const analyze = items(root.fields['options'], 'DefElem').find(
    (option) => textOf(option['defname'])?.toLowerCase() === 'analyze' && !isFalse(option['arg']),
  );
  const inner = nodeOf(root.fields['query']);
  const changes =
    inspection.writes.size > 0 || inspection.createsTable || inspection.locksRows || inner?.kind !== 'SelectStmt';
  const reads: readonly Effect[] = [...inspection.effects].filter(
    (effect) => analyze !== undefined || !CHANGES.has(effect),
  );
  const hazards = [...inspection.hazards];
  if (analyze !== undefined && changes) {
    hazards.push({
      code: 'explain-analyze',
      sentence: 'EXPLAIN ANALYZE runs the statement it explains, and this one does more than read.',
      next: 'Use EXPLAIN without ANALYZE.',
      span: {
        start: Math.max(0, locationOf(root.fields)),
        end: Math.max(0, locationOf(root.fields)) + 'EXPLAIN'.length,
      },
    });
  }
  const relations = inspection.relations.map((relation) => ({ ...relation, access: 'read' as const }));
  return {
    action: 'explain',
    title: analyze === undefined ? 'EXPLAIN' : 'EXPLAIN ANALYZE',
    effects: reads,
    relations,
    hazards,
  };
}

const CHANGES: ReadonlySet<Effect> = new Set(['writes', 'ddl', 'lock']);

function isFalse(argument: unknown): boolean {
  const node = nodeOf(argument);
  if (node === undefined) return false;
  const word = textOf(node.fields['sval'])?.toLowerCase();
  if (word !== undefined) return word === 'false' || word === 'off' || word === '0';
  return node.kind === 'Integer'
    ? (node.fields['ival'] ?? 0) === 0
    : node.kind === 'Boolean' && node.fields['boolval'] !== true;
}
