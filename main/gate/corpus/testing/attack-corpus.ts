import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type CatalogSnapshot } from '../../../databases/catalog.ts';
import { type BaseColumn, type Lineage } from '../../facts.ts';
import { CatalogIndex } from '../../lineage/catalog-index.ts';
import { trace } from '../../lineage/trace.ts';
import { understand } from '../../understand/postgres/understand.ts';

/** The rows that must hold for ever: each a script and the verdict that an analyst gets for it. */
const row = z.object({
  id: z.string(),
  sql: z.array(z.string()),
  verdict: z.enum(['allow', 'masked', 'refuse']),
  why: z.string(),
  given: z.string().optional(),
  /** Values of $1, $2 and so on, in text form. */
  params: z.array(z.string()).optional(),
  alsoRight: z.enum(['masked', 'refuse']).optional(),
  /** Why a harmless statement is refused by a live gate all the same. */
  refused: z.string().optional(),
  /** What the script does on the server itself, run outside of the gate (testing/outside.ts). */
  danger: z.enum(['reveals', 'changes', 'none']).optional(),
  /** Who runs it there: an analyst as a rule. */
  role: z.literal('owner').optional(),
  /** Rows of one kind, which a test may run by themselves. */
  family: z.string().optional(),
  /** First major version that knows what it uses. */
  since: z.int().optional(),
});

export type AttackRow = z.infer<typeof row>;
export type CorpusVerdict = AttackRow['verdict'];

export function attackRows(file: string): readonly AttackRow[] {
  const corpus = z.object({ about: z.string(), rows: z.array(row) });
  return corpus.parse(JSON.parse(readFileSync(new URL(file, new URL('..', import.meta.url)), 'utf8'))).rows;
}

/** The catalog of the database that the rows speak of, loaded once from a live PostgreSQL 18. */
function attackSnapshot(): CatalogSnapshot {
  return JSON.parse(readFileSync(new URL('../attack-catalog.json', import.meta.url), 'utf8')) as CatalogSnapshot;
}

export function attackCatalog(): CatalogIndex {
  return new CatalogIndex(attackSnapshot());
}

function isMasked({ relation, column }: BaseColumn): boolean {
  return relation === 'customers' && (column === 'ssn' || column === 'email');
}

export interface Judged {
  readonly verdict: CorpusVerdict;
  /** What refused it: codes of hazards, or the places where masked columns are used. */
  readonly because: readonly string[];
}

/** The verdict of the strictest policy for readers: nothing but reading, masked columns only as they are. */
export async function judgeAsReader(text: string, index: CatalogIndex, given?: string): Promise<Judged> {
  const { facts, tree } = await understand(text, {
    standardConformingStrings: given !== 'standard_conforming_strings=off',
    clientEncoding: 'UTF8',
  });
  if (facts.hazards.length > 0) return refused(facts.hazards.map((hazard) => hazard.code));
  if (tree === undefined || !['select', 'explain', 'show'].includes(facts.action)) return refused([facts.action]);
  return judgeLineage(trace(tree, index));
}

function judgeLineage(lineage: Lineage): Judged {
  if (lineage.hazards.length > 0) return refused(lineage.hazards.map((hazard) => hazard.code));
  const opaque = (lineage.code ?? []).flatMap((use) => use.opaque?.hazard ?? []);
  if (opaque.length > 0) return refused(opaque.map((hazard) => hazard.code));
  const uses = lineage.uses.filter((use) => isMasked(use.column) && !use.notNull);
  if (uses.length > 0) return refused(uses.map((use) => `${use.column.column} as ${use.place}`));
  const masked = lineage.outputs.some(({ flow, derivation }) => derivation !== 'bounded' && flow.some(isMasked));
  return { verdict: masked ? 'masked' : 'allow', because: [] };
}

function refused(because: readonly string[]): Judged {
  return { verdict: 'refuse', because: [...new Set(because)] };
}
