import { type SqlToken, tokenize } from './tokens.ts';

/** A table, view or common table expression that the statement reads, under the name its columns are written with. */
export interface Source {
  readonly alias: string;
  readonly schema: string | null;
  readonly name: string;
}

/** What may stand at the cursor. */
export interface Scope {
  readonly place: 'relation' | 'column' | 'none';
  /** `c` in `c.na|`: only that source's columns, or that schema's relations. */
  readonly qualifier: string | null;
  /** What is already typed, without an opening quote. */
  readonly prefix: string;
  /** Where the typed part begins, to be replaced by the choice. */
  readonly replaceFrom: number;
  readonly sources: readonly Source[];
  /** Names defined by WITH in this statement. */
  readonly common: readonly string[];
}

const RELATION_AFTER = new Set(['from', 'join', 'update', 'into', 'table', 'truncate']);
const ENDS_ALIAS = new Set(
  'on using where group order having limit offset fetch for union intersect except join inner left right full cross natural lateral set values returning select as window tablesample with when then and or not do'.split(
    ' ',
  ),
);
/** Words that end a FROM list, after which columns are meant. */
const ENDS_RELATIONS = new Set(
  'where on using group order having limit offset fetch set select returning values union intersect except window and or'.split(
    ' ',
  ),
);

const isWord = (token: SqlToken | undefined, word: string): boolean =>
  token?.kind === 'name' && !token.quoted && token.text === word;
const isSign = (token: SqlToken | undefined, sign: string): boolean => token?.kind === 'sign' && token.text === sign;
const isKeyword = (token: SqlToken | undefined, words: ReadonlySet<string>): boolean =>
  token?.kind === 'name' && !token.quoted && words.has(token.text);

/** `schema.name [AS] alias` from `at`; also says where it ends. */
function sourceAt(tokens: readonly SqlToken[], at: number): { source: Source; next: number } | null {
  const first = tokens[at];
  if (first?.kind !== 'name' || (!first.quoted && ENDS_ALIAS.has(first.text))) return null;
  let next = at + 1;
  let name = first.text;
  let schema: string | null = null;
  while (isSign(tokens[next], '.') && tokens[next + 1]?.kind === 'name') {
    schema = name;
    name = tokens[next + 1]?.text ?? '';
    next += 2;
  }
  if (isWord(tokens[next], 'as')) next++;
  const alias = tokens[next];
  if (alias?.kind === 'name' && (alias.quoted || !ENDS_ALIAS.has(alias.text)))
    return { source: { alias: alias.text, schema, name }, next: next + 1 };
  return { source: { alias: name, schema, name }, next };
}

/** Sources of every FROM, JOIN, UPDATE and INTO of the statement, subqueries included: offering one too many is harmless. */
function findSources(tokens: readonly SqlToken[]): Source[] {
  const sources: Source[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (!isKeyword(tokens[at], RELATION_AFTER)) continue;
    let next = at + 1;
    while (isWord(tokens[next], 'only') || isWord(tokens[next], 'lateral')) next++;
    for (let found = sourceAt(tokens, next); found !== null; found = sourceAt(tokens, next)) {
      // A name before a parenthesis is a function or a column list, not a relation with columns to offer by that name.
      if (!isSign(tokens[found.next], '(') || isWord(tokens[at], 'into')) sources.push(found.source);
      if (!isSign(tokens[found.next], ',')) break;
      next = found.next + 1;
    }
  }
  return sources.filter((source, index) => sources.findIndex((other) => other.alias === source.alias) === index);
}

/** Names before `AS (` of a leading WITH. */
function findCommon(tokens: readonly SqlToken[]): string[] {
  if (!tokens.some((token) => isWord(token, 'with'))) return [];
  return tokens.flatMap((token, at) => {
    const materialized = isWord(tokens[at + 2], 'materialized')
      ? at + 3
      : isWord(tokens[at + 2], 'not')
        ? at + 4
        : at + 2;
    return token.kind === 'name' && isWord(tokens[at + 1], 'as') && isSign(tokens[materialized], '(')
      ? [token.text]
      : [];
  });
}

/** Relation or column: decided by the last clause word before the cursor, at the cursor's own depth of parentheses. */
function placeAt(before: readonly SqlToken[]): 'relation' | 'column' {
  let depth = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const token = before[at];
    if (isSign(token, ')')) depth++;
    else if (isSign(token, '(')) {
      if (depth === 0 && (isWord(before[at - 2], 'into') || isWord(before[at - 4], 'into'))) return 'column';
      depth = Math.max(0, depth - 1);
    } else if (depth > 0) continue;
    else if (isKeyword(token, RELATION_AFTER)) return followsRelation(before, at) ? 'column' : 'relation';
    else if (isKeyword(token, ENDS_RELATIONS)) return 'column';
  }
  return 'column';
}

/** After `FROM t ` a further name is an alias or a clause; after `FROM ` or a comma, a relation. */
function followsRelation(before: readonly SqlToken[], keyword: number): boolean {
  const last = before.at(-1);
  return before.length - 1 > keyword && !isSign(last, ',') && !isSign(last, '.');
}

/** Looks at one statement and the cursor in it (both in units of `statement`). */
export function scopeAt(statement: string, cursor: number): Scope {
  const all = tokenize(statement);
  const touching = all.find((token) => token.start < cursor && cursor <= token.end);
  const inside = touching !== undefined && cursor < touching.end;
  const unclosed = touching?.kind === 'string' && !/['$]$/.test(statement.slice(touching.start, touching.end));
  const dead =
    touching?.kind === 'comment' ||
    (touching?.kind === 'string' && (inside || unclosed)) ||
    touching?.kind === 'number';
  const tokens = all.filter((token) => token.kind !== 'comment');
  const typed = touching?.kind === 'name' ? touching : undefined;
  const before = tokens.filter((token) => token.end <= cursor && token !== typed && token.start < cursor);
  const replaceFrom = typed?.start ?? cursor;
  const qualified = isSign(before.at(-1), '.') && before.at(-2)?.kind === 'name';
  const prefix = typed === undefined ? '' : statement.slice(typed.start, cursor).replace(/^["`]/, '');
  return {
    place: dead ? 'none' : placeAt(qualified ? before.slice(0, -2) : before),
    qualifier: qualified ? (before.at(-2)?.text ?? null) : null,
    prefix,
    replaceFrom,
    sources: findSources(tokens.filter((token) => token !== typed || !isAfterRelationWord(tokens, token))),
    common: findCommon(tokens),
  };
}

/** The name being typed right after FROM is not yet a source. */
function isAfterRelationWord(tokens: readonly SqlToken[], token: SqlToken): boolean {
  return isKeyword(tokens[tokens.indexOf(token) - 1], RELATION_AFTER);
}
