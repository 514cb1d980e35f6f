import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { classifiedColumns, readClassification } from '../../../policy/classification.ts';
import { compilePolicy } from '../../../policy/compile.ts';
import { type Connection } from '../../../profile/types.ts';
import { decide } from '../../decide.ts';
import { type Facts } from '../../facts.ts';
import { type CatalogIndex } from '../../lineage/catalog-index.ts';
import { trace } from '../../lineage/trace.ts';
import { understand } from '../../understand/postgres/understand.ts';
import { type Reason } from '../../verdict.ts';

const outcome = z.enum(['allow', 'masked', 'refuse']);

/** What a READ ONLY transaction makes of the statement on the server itself: it runs, or the SQLSTATE that stops it. */
const inReadOnly = z.union([z.literal('runs'), z.string().length(5)]);

const row = z.object({
  /** Node at the top of the parse tree; absent for texts that are no statement of the grammar. */
  node: z.string().optional(),
  form: z.string(),
  sql: z.string(),
  /** The word for it in policies, and the command's own. */
  action: z.string(),
  title: z.string(),
  analyst: outcome,
  engineer: outcome,
  /** For whom it is refused: what would be allowed instead, as the refusal says it. */
  instead: z.string().optional(),
  readOnly: z.object({ analyst: inReadOnly, owner: inReadOnly }),
});

export type KindRow = z.infer<typeof row>;
export type Outcome = z.infer<typeof outcome>;

export function kindRows(): readonly KindRow[] {
  const file = z.object({ about: z.string(), rows: z.array(row) });
  return file.parse(JSON.parse(readFileSync(new URL('../kinds.json', import.meta.url), 'utf8'))).rows;
}

const POLICY = `version: 1
groups: { analysts: [analysts], engineers: [engineers] }
rules:
  - { id: analysts-read, allow: read, to: group:analysts }
  - { id: engineers-work, allow: [read, write, ddl], to: group:engineers }
  - { id: masked, require: { mask: { pii: redact } }, to: group:analysts }
`;

const CLASSIFICATION = `version: 1
classes:
  email: { group: pii, masker: redact, title: e-mail address }
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes: { public.customers.email: email, public.customers.ssn: ssn, public.cust_part.ssn: ssn }
`;

const CONNECTION: Connection = {
  name: 'attack',
  title: 'Attack',
  engine: 'postgres',
  environment: 'development',
  host: '127.0.0.1',
  port: 5432,
  database: 'attack',
  user: 'analyst',
  tls: 'disable',
  searchPath: ['public'],
};

/** The verdicts of one policy for two people: an analyst who reads with masks, an engineer who may write and change tables. */
export function twoPeople(
  index: CatalogIndex,
): (
  sql: string,
  who: 'analyst' | 'engineer',
) => Promise<{ readonly facts: Facts; readonly outcome: Outcome; readonly reasons: readonly Reason[] }> {
  const read = readClassification(CLASSIFICATION, []);
  if (!read.ok) throw new Error(JSON.stringify(read));
  const classes = [...read.classification.classes.values()].map((one) => ({ name: one.class, group: one.group }));
  const compiled = compilePolicy(POLICY, { classes, connections: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled));
  return async (sql, who) => {
    const { facts, tree } = await understand(sql, { standardConformingStrings: true, clientEncoding: 'UTF8' });
    const lineage = tree === undefined || facts.hazards.length > 0 ? undefined : trace(tree, index);
    const verdict = decide({
      facts:
        lineage === undefined || lineage.relations.length === 0 ? facts : { ...facts, relations: lineage.relations },
      lineage,
      principal: {
        issuer: 'https://login.example.com',
        subject: who,
        name: who,
        groups: [`${who}s`],
        verified: true,
        authenticatedAt: '2026-03-02T08:00:00Z',
      },
      connection: CONNECTION,
      policy: compiled.policy,
      classification: classifiedColumns(read.classification, CONNECTION.environment, new Map()),
      now: new Date('2026-03-02T09:00:00Z'),
      grants: [],
    });
    if (verdict.verdict !== 'allow') return { facts, outcome: 'refuse', reasons: verdict.reasons };
    return { facts, outcome: verdict.masks.length > 0 ? 'masked' : 'allow', reasons: [] };
  };
}
