import { type ColumnView, type RelationView } from '../../shared/views.ts';
import { type Scope, type Source } from './scope.ts';

/** Never hand an editor a whole catalog: 20,000 entries freeze it. */
export const MOST_COMPLETIONS = 100;

export interface Completion {
  readonly kind: 'column' | 'relation' | 'schema' | 'keyword';
  readonly label: string;
  readonly insert: string;
  readonly detail: string;
  /** Lower sorts first. */
  readonly rank: number;
}

/** What the finder may ask about the connection; answers come from the cache where they can. */
export interface Catalog {
  /** Best matches first, at most 100. */
  search(text: string): Promise<readonly RelationView[]>;
  /** Null when there is no such relation. */
  columns(schema: string | null, relation: string): Promise<readonly ColumnView[] | null>;
  schemas(): Promise<readonly string[]>;
  relations(schema: string): Promise<readonly RelationView[]>;
}

const KEYWORDS =
  'select from where join left right full inner outer cross on using group by order having limit offset as distinct case when then else end and or not in is null between like ilike exists union all intersect except with recursive insert into values update set delete returning asc desc nulls first last count sum avg min max coalesce cast extract interval date timestamp true false explain over partition filter lateral'.split(
    ' ',
  );

const PLAIN = /^[a-z_][a-z0-9_$]*$/;
const RESERVED = new Set(
  'all and any array as asc between both case cast check collate column constraint create cross current_date current_time current_timestamp current_user default desc distinct do else end except false fetch for foreign from full grant group having in inner into intersect is join lateral leading left like limit natural not null offset on only or order outer primary references returning right select session_user some symmetric table then to trailing true union unique user using variadic when where window with'.split(
    ' ',
  ),
);

/** A name as it must be written in SQL: quoted only where folding or a reserved word would change it. */
export function quoteName(name: string): string {
  return PLAIN.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Do the letters of `typed` occur in `name` in order? 0 exact start, 1 start of a word, 2 anywhere; null when not. */
export function matchRank(name: string, typed: string): number | null {
  const wanted = typed.toLowerCase();
  const given = name.toLowerCase();
  if (given.startsWith(wanted)) return 0;
  if (given.includes(`_${wanted}`)) return 1;
  let at = -1;
  for (const letter of wanted) {
    at = given.indexOf(letter, at + 1);
    if (at < 0) return null;
  }
  return 2;
}

function columnDetail(column: ColumnView): string {
  return [
    column.type,
    column.primaryKey ? 'primary key' : null,
    column.masked ? `masked: ${column.class ?? 'classified'}` : null,
  ]
    .filter((part) => part !== null)
    .join(' \u00b7 ');
}

async function columnsOf(scope: Scope, source: Source, qualified: boolean, catalog: Catalog): Promise<Completion[]> {
  const columns = scope.common.includes(source.name) ? null : await catalog.columns(source.schema, source.name);
  const many = scope.sources.length > 1 && !qualified;
  return (columns ?? []).flatMap((column, index) => {
    const rank = matchRank(column.name, scope.prefix);
    if (rank === null) return [];
    const name = quoteName(column.name);
    return [
      {
        kind: 'column' as const,
        label: column.name,
        insert: many ? `${quoteName(source.alias)}.${name}` : name,
        detail: many ? `${source.alias} \u00b7 ${columnDetail(column)}` : columnDetail(column),
        rank: rank * 1000 + index,
      },
    ];
  });
}

const relationCompletion = (relation: RelationView, rank: number, qualify: boolean): Completion => ({
  kind: 'relation',
  label: relation.name,
  insert:
    qualify && relation.schema !== 'public'
      ? `${quoteName(relation.schema)}.${quoteName(relation.name)}`
      : quoteName(relation.name),
  detail: `${relation.schema} \u00b7 ${relation.kind}`,
  rank,
});

function keywords(scope: Scope): Completion[] {
  if (scope.prefix === '') return [];
  const upper = scope.prefix === scope.prefix.toUpperCase() && scope.prefix !== scope.prefix.toLowerCase();
  return KEYWORDS.filter((word) => word.startsWith(scope.prefix.toLowerCase())).map((word, index) => {
    const written = upper ? word.toUpperCase() : word;
    return { kind: 'keyword', label: written, insert: written, detail: '', rank: 5000 + index };
  });
}

async function qualifiedCompletions(scope: Scope, qualifier: string, catalog: Catalog): Promise<Completion[]> {
  const source = scope.sources.find((other) => other.alias === qualifier || other.name === qualifier);
  if (source !== undefined && scope.place === 'column') return columnsOf(scope, source, true, catalog);
  if (!(await catalog.schemas()).includes(qualifier)) return [];
  return (await catalog.relations(qualifier)).flatMap((relation, index) => {
    const rank = matchRank(relation.name, scope.prefix);
    return rank === null ? [] : [relationCompletion(relation, rank * 1000 + index, false)];
  });
}

async function relationCompletions(scope: Scope, catalog: Catalog): Promise<Completion[]> {
  const [found, schemas] = await Promise.all([catalog.search(scope.prefix), catalog.schemas()]);
  const common = scope.common
    .filter((name) => matchRank(name, scope.prefix) !== null)
    .map((name): Completion => ({ kind: 'relation', label: name, insert: quoteName(name), detail: 'with', rank: 0 }));
  const named = schemas
    .filter((name) => scope.prefix !== '' && matchRank(name, scope.prefix) === 0)
    .map((name): Completion => ({ kind: 'schema', label: name, insert: quoteName(name), detail: 'schema', rank: 900 }));
  return [...common, ...found.map((relation, index) => relationCompletion(relation, 10 + index, true)), ...named];
}

/** What to offer at a scope, best first, at most MOST_COMPLETIONS. */
export async function completionsFor(scope: Scope, catalog: Catalog): Promise<Completion[]> {
  if (scope.place === 'none') return [];
  const found = await unqualifiedOr(scope, catalog);
  return found.toSorted((a, b) => a.rank - b.rank).slice(0, MOST_COMPLETIONS);
}

async function unqualifiedOr(scope: Scope, catalog: Catalog): Promise<Completion[]> {
  if (scope.qualifier !== null) return qualifiedCompletions(scope, scope.qualifier, catalog);
  if (scope.place === 'relation') return relationCompletions(scope, catalog);
  const columns = await Promise.all(scope.sources.map((source) => columnsOf(scope, source, false, catalog)));
  const aliases = scope.sources
    .filter(({ alias }) => scope.prefix !== '' && matchRank(alias, scope.prefix) === 0)
    .map(({ alias, name }): Completion => ({
      kind: 'relation',
      label: alias,
      insert: quoteName(alias),
      detail: name,
      rank: 500,
    }));
  return [...columns.flat(), ...aliases, ...keywords(scope)];
}
