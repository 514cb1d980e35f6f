import { type CatalogPolicy, type CatalogRelation } from '../../databases/catalog.ts';
import { type CodeUse, type ColumnUse, type Hazard, type RelationUse, type Span } from '../facts.ts';
import { isUpsert } from '../understand/postgres/statements.ts';
import { type Fields } from '../understand/postgres/tree.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { Context } from './context.ts';
import { expression } from './expression.ts';
import { relationColumns, usedInView } from './relations.ts';
import { inspectStored, storedQuery } from './stored-text.ts';
import { UserCode } from './user-code.ts';

/** What a statement does to a relation: each command has policies of its own. */
type Command = Exclude<CatalogPolicy['command'], 'all'>;

export const READING: readonly Command[] = ['select'];

/**
 * What a write does to its target ("Policies Applied by Command Type", CREATE POLICY). Whether it reads the target's columns
 * too is not looked at, but for an INSERT that gives nothing back.
 */
export function writing(kind: string, fields: Fields): readonly Command[] {
  switch (kind) {
    case 'InsertStmt':
      if (isUpsert(fields)) return ['select', 'insert', 'update'];
      return 'returningClause' in fields || 'onConflictClause' in fields ? ['select', 'insert'] : ['insert'];
    case 'UpdateStmt':
      return ['select', 'update'];
    case 'DeleteStmt':
      return ['select', 'delete'];
    default:
      return ['select', 'insert', 'update', 'delete'];
  }
}

/** What the policies of a table decide by and run, whoever asks: traced once for each snapshot, role and command. */
interface PolicyLineage {
  readonly uses: readonly ColumnUse[];
  readonly relations: readonly RelationUse[];
  readonly hazards: readonly Hazard[];
  readonly code: readonly CodeUse[];
}

/**
 * Which rows of a table there are is decided by its row security: a statement over it depends on every column in a policy
 * that applies, as it does on the conditions inside a view. That of parents and partitions counts where they are named.
 */
export function addRowSecurity(
  context: Context,
  relation: CatalogRelation,
  commands: readonly Command[],
  span: Span | undefined,
  roles: readonly string[] = [context.role],
): void {
  for (const role of roles) {
    const policies = bindingPolicies(context.index, relation, role).filter(
      ({ command }) => command === 'all' || commands.includes(command),
    );
    if (policies.length === 0) continue;
    const lineage = policyLineage(context, relation, policies, commands, role);
    const at = span === undefined ? {} : { span };
    context.keepUses(lineage.uses.map((use) => ({ ...use, ...at })));
    for (const use of lineage.relations) context.relation(use);
    for (const hazard of lineage.hazards) context.addHazard({ ...hazard, ...at });
    for (const use of lineage.code) context.runs(use);
  }
}

/**
 * The policies by which row security decides what a role sees of a table (check_enable_rls and check_role_for_policy in
 * PostgreSQL's sources). A role that the snapshot does not know is bound by all there are.
 */
export function bindingPolicies(
  { snapshot }: CatalogIndex,
  { rowSecurity, owner = '', code }: CatalogRelation,
  role: string,
): readonly CatalogPolicy[] {
  if (!rowSecurity || code === undefined) return [];
  const rights = snapshot.roles.find(({ name }) => name === role);
  if (rights === undefined) return code.policies;
  const has = (other: string): boolean => rights.hasRightsOf.includes(other);
  if (rights.bypassesRowSecurity || (has(owner) && !code.forced)) return [];
  return code.policies.filter(({ roles }) => roles.length === 0 || roles.some(has));
}

function policyLineage(
  { index, views }: Context,
  relation: CatalogRelation,
  policies: readonly CatalogPolicy[],
  commands: readonly Command[],
  role: string,
): PolicyLineage {
  const name = `${relation.schema}.${relation.name}`;
  const label = `row security of ${name}`;
  // The server refuses a policy that comes back to its own table.
  if (views.includes(label)) return unreadable(name, 'It reaches itself.');
  const printed = index.printed();
  return printed.keep(`${label} ${commands.join()} ${role}`, () => {
    const inside = new Context(printed, () => undefined, [...views, label], role);
    for (const policy of policies) tracePolicy(inside, relation, policy, commands);
    return {
      uses: inside.uses.map((use) => ({
        ...usedInView(use, name),
        place: 'predicate',
        rowSecurityOf: use.rowSecurityOf ?? name,
      })),
      relations: [...inside.relations.values()].map((use) => ({ ...use, via: name, rowSecurityOf: name })),
      hazards: [...inside.hazards.values()].map((hazard) => within(name, hazard)),
      code: [...inside.code.values()].map((use) =>
        use.opaque === undefined ? use : { ...use, opaque: { ...use.opaque, hazard: within(name, use.opaque.hazard) } },
      ),
    };
  });
}

const within = (name: string, { code, sentence }: Hazard): Hazard => ({
  code,
  sentence: `Inside the row security of ${name}: ${sentence}`,
  next: `Ask the owner of ${name}, or your administrator to list the functions of its policies in the policy.`,
});

function unreadable(name: string, sentence: string): PolicyLineage {
  return { uses: [], relations: [], hazards: [within(name, { code: 'untraceable', sentence })], code: [] };
}

/** Rows that are there must meet USING; rows that are made must meet WITH CHECK, or USING where that is not given. */
function tracePolicy(
  context: Context,
  relation: CatalogRelation,
  { name, command, using, check = using }: CatalogPolicy,
  commands: readonly Command[],
): void {
  const applied = commands.filter((one) => command === 'all' || command === one);
  const texts = new Set([
    applied.some((one) => one !== 'insert') ? using : undefined,
    applied.some((one) => one === 'insert' || one === 'update') ? check : undefined,
  ]);
  const calls = relation.code?.calls.filter((call) => call.kind === 'policy' && call.name === name) ?? [];
  for (const text of texts) {
    if (text !== undefined)
      traceExpression(
        context,
        relation,
        text,
        calls.map(({ oid }) => oid),
      );
  }
}

/** An expression over one relation, as the server prints it for the path of the session. */
function traceExpression(context: Context, relation: CatalogRelation, printed: string, calls: readonly number[]): void {
  const query = storedQuery(`SELECT WHERE ${printed}`);
  if (query?.root.fields['whereClause'] === undefined) {
    context.hazard('untraceable', 'A policy cannot be read.');
    return;
  }
  const inspection = inspectStored(context, query);
  if (inspection.locksRows) context.hazard('row-lock', 'A policy locks rows.');
  const code = new UserCode(context, undefined, calls);
  code.names(inspection);
  code.resolved();
  // Only what the policy itself does with them counts here.
  const { result: columns } = context.apart(() => relationColumns(context, relation, undefined));
  const entry = { name: relation.name, relation, columns, system: true, qualified: true, unqualified: true };
  const standing = { scope: { entries: [entry], outer: undefined }, environment: undefined };
  expression(context, query.root.fields['whereClause'], standing, 'predicate');
  code.typesInUse();
}
