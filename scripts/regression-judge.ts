import { compilePolicy } from '../main/policy/compile.ts';
import { classifiedColumns, readClassification } from '../main/policy/classification.ts';
import { type Connection } from '../main/profile/types.ts';
import { decide } from '../main/gate/decide.ts';
import { type Facts, type Lineage } from '../main/gate/facts.ts';
import { type CatalogIndex } from '../main/gate/lineage/catalog-index.ts';
import { trace } from '../main/gate/lineage/trace.ts';
import { isWriteStatement } from '../main/gate/understand/postgres/statements.ts';
import { understand } from '../main/gate/understand/postgres/understand.ts';

/** What the gate makes of a statement for somebody who may read everything and from whom nothing is kept. */
export interface JudgedStatement {
  readonly text: string;
  readonly parsed: boolean;
  readonly understood: boolean;
  /** Allowed, inside the envelope of a read. */
  readonly read: boolean;
  /** Code of the first hazard or reason. */
  readonly because: string;
  /** Set for queries whose lineage is complete: they can be compared with the server's tree. */
  readonly query: { readonly facts: Facts; readonly lineage: Lineage } | undefined;
}

export interface CatalogSource {
  /** `fresh`: read again if anything but reads has run since. */
  index(fresh: boolean): Promise<CatalogIndex>;
}

const CONNECTION: Connection = {
  name: 'regression',
  title: 'Regression',
  engine: 'postgres',
  environment: 'development',
  host: '127.0.0.1',
  port: 5432,
  database: 'regression',
  user: 'postgres',
  tls: 'disable',
  searchPath: ['public'],
};

const NOW = new Date('2026-01-01T00:00:00Z');
const policy = compilePolicy('version: 1\nrules:\n  - { id: read, allow: read }\n', { classes: [], connections: [] });
const classification = readClassification('version: 1\nclasses: {}\ncolumns: []\n', []);

const TRACED: ReadonlySet<string> = new Set(['select', 'explain', 'show', 'insert', 'update', 'delete', 'merge']);

const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' };

export async function judgeStatement(text: string, source: CatalogSource): Promise<JudgedStatement> {
  const { facts: written, tree } = await understand(text, SETTINGS);
  const [hazard] = written.hazards;
  if (tree === undefined || hazard !== undefined) {
    const because = hazard?.code ?? '';
    return { text, parsed: tree !== undefined, understood: false, read: false, because, query: undefined };
  }
  // What is neither a query nor shows anything is never a read.
  if (!TRACED.has(written.action)) {
    return { text, parsed: true, understood: true, read: false, because: written.action, query: undefined };
  }
  let lineage = trace(tree, await source.index(false));
  if (lineage.hazards.some(({ code }) => code.startsWith('unknown-'))) lineage = trace(tree, await source.index(true));
  const facts = lineage.relations.length === 0 ? written : { ...written, relations: lineage.relations };
  const understood = lineage.hazards.length === 0;
  const { read, because } = allowed(facts, lineage);
  const kind = tree.root.kind;
  const query = understood && (kind === 'SelectStmt' || isWriteStatement(kind)) ? { facts, lineage } : undefined;
  return { text, parsed: true, understood, read, because: lineage.hazards[0]?.code ?? because, query };
}

function allowed(facts: Facts, lineage: Lineage): { readonly read: boolean; readonly because: string } {
  if (!policy.ok || !classification.ok) throw new Error('the policy of the comparison is wrong');
  const verdict = decide({
    facts,
    lineage,
    principal: {
      issuer: 'https://login.example.com',
      subject: '1',
      name: 'reader',
      groups: [],
      verified: true,
      authenticatedAt: NOW.toISOString(),
    },
    connection: CONNECTION,
    policy: policy.policy,
    classification: classifiedColumns(classification.classification, CONNECTION.name, new Map()),
    now: NOW,
    grants: [],
  });
  if (verdict.verdict === 'allow') return { read: verdict.envelope === 'read', because: '' };
  return { read: false, because: verdict.reasons[0].code };
}
