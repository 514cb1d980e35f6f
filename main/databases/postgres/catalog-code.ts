import {
  type CatalogCast,
  type CatalogExtension,
  type CatalogFunction,
  type CatalogIndexKey,
  type CatalogOwnCall,
  type CatalogOperator,
  type CatalogParameter,
  type CatalogPolicy,
  type CatalogSnapshot,
  type CatalogTrigger,
  type CatalogType,
  type FunctionSource,
  type RelationCode,
} from '../catalog.ts';
import {
  CASTS,
  CHECKS,
  DOMAIN_CHECKS,
  EXTENSIONS,
  functionsQuery,
  INDEX_KEYS,
  OPERATORS,
  OWN_CALLS,
  POLICIES,
  ROLES,
  RULES,
  SETTINGS,
  TRIGGERS,
  TYPE_FUNCTIONS,
  typePartsQuery,
  USABLE_SCHEMAS,
  USER_TYPES,
} from './catalog-code-queries.ts';
import { Grouped, isTrue, list, optional, reference, references, type Row, text } from './catalog-rows.ts';
import { type PostgresSession } from './session.ts';

export type CatalogCode = Pick<
  CatalogSnapshot,
  'functions' | 'operators' | 'casts' | 'types' | 'extensions' | 'usableSchemas' | 'roles' | 'settings'
>;

/** Reads what users and extensions made that can run: functions, operators, casts, types. */
export async function loadCode(session: PostgresSession, serverMajor: number): Promise<CatalogCode> {
  const [functions, operators, casts] = [
    await session.query(functionsQuery(serverMajor)),
    await session.query(OPERATORS),
    await session.query(CASTS),
  ];
  return {
    functions: functions.map(catalogFunction),
    operators: operators.map(catalogOperator),
    casts: casts.map(catalogCast),
    types: await loadTypes(session, serverMajor),
    extensions: (await session.query(EXTENSIONS)).map(([name, version, schema, owner]): CatalogExtension => ({
      name: text(name),
      version: text(version),
      schema: text(schema),
      owner: text(owner),
    })),
    usableSchemas: Object.fromEntries(
      (await session.query(USABLE_SCHEMAS)).map(([role, schemas]) => [text(role), list<string>(schemas)]),
    ),
    roles: (await session.query(ROLES)).map(([name, bypasses, others]) => ({
      name: text(name),
      bypassesRowSecurity: isTrue(bypasses),
      hasRightsOf: list(others),
    })),
    settings: Object.fromEntries((await session.query(SETTINGS)).map(([name, value]) => [text(name), text(value)])),
  };
}

const FUNCTION_KINDS: Readonly<Record<string, CatalogFunction['kind']>> = {
  f: 'function',
  p: 'procedure',
  a: 'aggregate',
  w: 'window',
};
const VOLATILITIES: Readonly<Record<string, CatalogFunction['volatility']>> = {
  i: 'immutable',
  s: 'stable',
  v: 'volatile',
};

function catalogFunction(row: Row): CatalogFunction {
  const [oid, schema, name, args, returns, kind, language, volatility, definer, leakproof, owner, superuser] = row;
  const [extension, signature, set, returnType, variadic, defaults, defaultTexts, types, typeNames] = row.slice(12);
  const [names, modes, source, library, atomic, hash, called, settings, parts] = row.slice(21);
  const all = parameters(list(names), list<number | string>(types).map(Number), list(typeNames));
  const modeOf = list<string>(modes);
  const having = (wanted: string): readonly CatalogParameter[] =>
    all.filter((_, at) => wanted.includes(modeOf[at] ?? 'i'));
  return {
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    args: text(args),
    parameters: having('ibv'),
    ...(Number(defaults) > 0 ? { defaults: { count: Number(defaults), text: text(defaultTexts) } } : {}),
    variadic: isTrue(variadic),
    returns: text(returns),
    returnType: Number(returnType),
    returnsSet: isTrue(set),
    columns: modes == null ? [] : having('obt'),
    kind: FUNCTION_KINDS[text(kind)] ?? 'function',
    language: text(language),
    volatility: VOLATILITIES[text(volatility)] ?? 'volatile',
    securityDefiner: isTrue(definer),
    leakproof: isTrue(leakproof),
    owner: text(owner),
    ownedBySuperuser: isTrue(superuser),
    ...optional('extension', extension),
    signature: text(signature),
    source: functionSource(text(language), source, library, atomic, list(called)),
    sourceHash: text(hash),
    settings: list<string>(settings),
    parts: references(parts),
  };
}

function parameters(
  names: readonly (string | null)[],
  types: readonly number[],
  typeNames: readonly string[],
): readonly CatalogParameter[] {
  return types.map((typeOid, at) => ({ name: names[at] ?? '', type: typeNames[at] ?? '', typeOid }));
}

function functionSource(
  language: string,
  source: Row[number] | undefined,
  library: Row[number] | undefined,
  atomic: Row[number] | undefined,
  calls: readonly number[],
): FunctionSource {
  if (language === 'sql') {
    return atomic == null ? { kind: 'sql', text: text(source) } : { kind: 'atomic', text: atomic, calls };
  }
  if (language === 'c' || language === 'internal') {
    return { kind: 'compiled', symbol: text(source), library: library ?? undefined };
  }
  return { kind: 'other' };
}

function catalogOperator(row: Row): CatalogOperator {
  const [oid, schema, name, left, right, returns, code, commutator, negator, owner, extension] = row;
  return {
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    left: Number(left),
    right: Number(right),
    returns: Number(returns),
    function: reference(code),
    commutator: Number(commutator),
    negator: Number(negator),
    owner: text(owner),
    ...optional('extension', extension),
  };
}

const CAST_METHODS: Readonly<Record<string, CatalogCast['method']>> = { f: 'function', b: 'binary', i: 'inout' };
const CAST_CONTEXTS: Readonly<Record<string, CatalogCast['context']>> = {
  i: 'implicit',
  a: 'assignment',
  e: 'explicit',
};

function catalogCast([oid, source, target, name, method, context, code, extension]: Row): CatalogCast {
  return {
    oid: Number(oid),
    source: Number(source),
    target: Number(target),
    name: text(name),
    method: CAST_METHODS[text(method)] ?? 'function',
    ...(code == null ? {} : { function: reference(code) }),
    context: CAST_CONTEXTS[text(context)] ?? 'implicit',
    ...optional('extension', extension),
  };
}

const TYPE_KINDS: Readonly<Record<string, CatalogType['kind']>> = {
  b: 'base',
  d: 'domain',
  e: 'enum',
  r: 'range',
  m: 'multirange',
};

async function loadTypes(session: PostgresSession, serverMajor: number): Promise<readonly CatalogType[]> {
  const made = new Grouped<number>();
  for (const [type, part] of await session.query(typePartsQuery(serverMajor))) made.add(Number(type), Number(part));
  const functions = new Grouped<CatalogType['functions'][number]>();
  for (const [type, code] of await session.query(TYPE_FUNCTIONS)) functions.add(Number(type), reference(code));
  const checks = new Grouped<string>();
  for (const [type, check] of await session.query(DOMAIN_CHECKS)) checks.add(Number(type), text(check));
  return (await session.query(USER_TYPES)).map(([oid, schema, name, kind, array, owner, extension]): CatalogType => ({
    oid: Number(oid),
    schema: text(schema),
    name: text(name),
    kind: TYPE_KINDS[text(kind)] ?? 'base',
    array: Number(array),
    made: made.of(Number(oid)),
    checks: checks.of(Number(oid)),
    functions: functions.of(Number(oid)),
    owner: text(owner),
    ...optional('extension', extension),
  }));
}

/** What runs by itself on relations that have anything of the kind, by their OID. */
export async function loadRelationCode(
  session: PostgresSession,
  forced: (relation: number) => boolean,
): Promise<ReadonlyMap<number, RelationCode>> {
  const triggers = new Grouped<CatalogTrigger>();
  for (const row of await session.query(TRIGGERS)) triggers.add(Number(row[0]), trigger(row));
  const checks = new Grouped<RelationCode['checks'][number]>();
  for (const [relation, name, definition, columns] of await session.query(CHECKS)) {
    checks.add(Number(relation), { name: text(name), definition: text(definition), columns: list(columns) });
  }
  const indexes = new Grouped<CatalogIndexKey>();
  for (const [relation, name, unique, byValue, columns] of await session.query(INDEX_KEYS)) {
    indexes.add(Number(relation), {
      name: text(name),
      unique: isTrue(unique),
      byValue: isTrue(byValue),
      columns: list(columns),
    });
  }
  const calls = new Grouped<CatalogOwnCall>();
  for (const [relation, kind, name, called] of await session.query(OWN_CALLS)) {
    calls.add(Number(relation), { kind: text(kind) as CatalogOwnCall['kind'], name: text(name), oid: Number(called) });
  }
  const rules = new Grouped<RelationCode['rules'][number]>();
  for (const [relation, name, definition] of await session.query(RULES)) {
    rules.add(Number(relation), { name: text(name), definition: text(definition) });
  }
  const policies = new Grouped<CatalogPolicy>();
  for (const row of await session.query(POLICIES)) policies.add(Number(row[0]), policy(row));
  const oids = new Set([triggers, checks, indexes, calls, rules, policies].flatMap((group) => [...group.keys()]));
  return new Map(
    [...oids].map((oid) => [
      oid,
      {
        triggers: triggers.of(oid),
        checks: checks.of(oid),
        indexes: indexes.of(oid),
        calls: calls.of(oid),
        rules: rules.of(oid),
        policies: policies.of(oid),
        forced: forced(oid),
      },
    ]),
  );
}

/** src/include/catalog/pg_trigger.h */
const EVENT_BITS = [
  ['insert', 4],
  ['delete', 8],
  ['update', 16],
  ['truncate', 32],
] as const;

function trigger([, name, type, enabled, code]: Row): CatalogTrigger {
  const bits = Number(type);
  return {
    name: text(name),
    timing: (bits & 2) !== 0 ? 'before' : (bits & 64) !== 0 ? 'instead of' : 'after',
    events: EVENT_BITS.flatMap(([event, bit]) => ((bits & bit) !== 0 ? [event] : [])),
    perRow: (bits & 1) !== 0,
    function: reference(code),
    fires: enabled === 'O' || enabled === 'A',
  };
}

const POLICY_COMMANDS: Readonly<Record<string, CatalogPolicy['command']>> = {
  '*': 'all',
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
};

function policy([, name, permissive, command, roles, using, check]: Row): CatalogPolicy {
  return {
    name: text(name),
    permissive: isTrue(permissive),
    command: POLICY_COMMANDS[text(command)] ?? 'all',
    roles: list<string>(roles),
    ...optional('using', using),
    ...optional('check', check),
  };
}
