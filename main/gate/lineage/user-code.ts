import {
  type CatalogCast,
  type CatalogFunction,
  type CatalogOperator,
  type CatalogType,
  type FunctionReference,
} from '../../databases/catalog.ts';
import { type CodeUse, type FiredCode, type Hazard, type Span } from '../facts.ts';
import { builtinSignatures, type Call, isBuiltinOperator, unknownFunction } from '../understand/postgres/builtins.ts';
import { isReviewedFunction } from '../understand/postgres/extensions.ts';
import { type Inspection, type NameUse } from '../understand/postgres/inspect.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { type MadeType } from './code-index.ts';
import { Context } from './context.ts';
import { inspectStored } from './stored-text.ts';
import { bodyLineage, calledFlow, checkExpression, label, traceDefaults } from './user-functions.ts';

/** How a statement comes to run a function: what a refusal says of it. */
export interface Way {
  readonly hazard: 'user-function' | 'user-operator' | 'user-cast' | 'user-type';
  /** `The operator === calls public.same(text, text), which ...`; the function itself, where the text calls it. */
  readonly sentence: (name: string, which: string) => string;
  readonly next: string;
  readonly span: Span | undefined;
  /** The text calls it: what it gives is traced where the call stands. */
  readonly called: boolean;
  /** No text calls it: a write runs it by itself. */
  readonly fired?: FiredCode;
}

const RESOLVED: Way = {
  hazard: 'user-function',
  sentence: (said, which) => `It calls ${said}, which ${which}`,
  next: 'Query the tables behind it.',
  span: undefined,
  called: false,
};

const BY_POLICY = 'or ask your administrator to list it under functions in the policy';

/**
 * Code that users and extensions made, and that a statement can run: by a name that means it or could mean it, or by
 * itself, as the casts, checks and comparisons of a type do. Every candidate that the server could pick counts, because
 * resolution goes by types that are not always known here. What is written in SQL is read through the same lineage;
 * compiled functions that were reviewed compute from what they are given; the rest is opaque, and the policy decides.
 */
export class UserCode {
  readonly #context: Context;
  readonly #index: CatalogIndex;
  readonly #seen: Set<string>;
  /** The functions and operators that a text was resolved to when it was made, where that is known. */
  readonly #resolved: ReadonlySet<number> | undefined;
  /** Types of values that something is done with, and those that something is turned into. */
  readonly #used = new Map<number, Span | undefined>();
  readonly #written = new Map<number, Span | undefined>();
  #computes = false;

  constructor(context: Context, seen = new Set<string>(), resolved?: readonly number[]) {
    this.#context = context;
    this.#index = context.index;
    this.#seen = seen;
    this.#resolved = resolved && new Set(resolved);
  }

  /** What the names of a text mean. */
  names(inspection: Inspection): void {
    for (const call of inspection.calls) this.#call(call);
    for (const operator of inspection.operators) this.#operator(operator);
    for (const type of inspection.types) this.#typeName(type);
    this.#computes ||= inspection.calls.length > 0 || inspection.operators.length > 0;
  }

  /** What values of the types that the trace found in use can run: to be called at its end. */
  typesInUse(): void {
    for (const [formatted, span] of this.#context.types) {
      const oid = this.#index.code.typeFormatted(formatted);
      if (oid !== undefined) this.#type(oid, false, span);
    }
    // Which tables' rows they are is not kept apart.
    for (const { schema, name, span } of this.#context.readsRows ? this.#context.relations.values() : []) {
      const row = this.#index.relation(schema, name)?.rowType;
      if (row !== undefined && !this.#used.has(row.oid)) this.#used.set(row.oid, span);
    }
    for (let found = true; found;) {
      // The function of a cast brings types of its own.
      const casts = this.#index.code
        .castsApplied({ used: this.#used, written: this.#written, computes: this.#computes })
        .filter(({ oid }) => this.#first('cast', oid));
      for (const cast of casts) this.#cast(cast, this.#used.get(cast.source) ?? this.#written.get(cast.target));
      found = casts.length > 0;
    }
  }

  /** What a text was resolved to and no name in it shows: the = of CASE or USING, the function of a cast. */
  resolved(): void {
    for (const oid of this.#resolved ?? []) {
      const operator = this.#index.code.operatorByOid(oid);
      if (operator !== undefined) this.#operates(operator, RESOLVED);
      else if (!this.#seen.has(`call ${String(oid)}`)) {
        this.#reference({ oid, schema: '', name: String(oid), count: Number.POSITIVE_INFINITY }, RESOLVED);
      }
    }
  }

  /** A function or operator that a definition calls by itself where a write comes by. */
  fires(oid: number, way: Way): void {
    const operator = this.#index.code.operatorByOid(oid);
    if (operator !== undefined) this.#operates(operator, way);
    else this.#reference({ oid, schema: '', name: String(oid), count: Number.POSITIVE_INFINITY }, way);
    this.typesInUse();
  }

  #call(call: Call): void {
    const { name, count, span } = call;
    const [bare = ''] = name.slice(-1);
    // Whatever version has it: one that this server lacks is an error there.
    const builtin = builtinSignatures(call).length > 0;
    const candidates = this.#possible(this.#index.code.functionsCalled(this.#index.path, name, count));
    // A call with one argument can be a cast: mood('good').
    const type = count === 1 ? this.#index.code.typeNamed(this.#index.path, name) : undefined;
    if (type !== undefined && type !== 'builtin') this.#made(type, true, span);
    else if (!builtin && candidates.length === 0) this.#context.addHazard(unknownFunction(call));
    for (const one of candidates) {
      if (builtin && !isReviewedFunction(one)) this.#context.shadowed = true;
      this.#function(one, count, {
        hazard: 'user-function',
        sentence: (said, which) => (builtin ? `${bare}() can mean ${said}, which ${which}` : `${said} ${which}`),
        next: builtin
          ? `Write pg_catalog.${bare}() where PostgreSQL's own is meant, ${BY_POLICY}.`
          : `Write the query over the tables themselves, with built-in functions only, ${BY_POLICY}.`,
        span,
        called: true,
      });
    }
  }

  #operator({ name, span }: NameUse): void {
    const [bare = ''] = name.slice(-1);
    const candidates = this.#possible(this.#index.code.operatorsNamed(this.#index.path, name));
    const builtin = (name.length === 1 || name[0] === 'pg_catalog') && isBuiltinOperator(bare);
    if (!builtin && candidates.length === 0) {
      this.#context.hazard(
        'user-operator',
        `There is no operator ${name.join('.')} here.`,
        span,
        'Use a built-in operator.',
      );
    }
    for (const operator of candidates) {
      if (builtin && !this.#isReviewed(operator)) this.#context.shadowed = true;
      this.#operates(operator, {
        hazard: 'user-operator',
        sentence: (said, which) => `The operator ${bare} ${builtin ? 'can call' : 'calls'} ${said}, which ${which}`,
        next: builtin
          ? `Write OPERATOR(pg_catalog.${bare}) where PostgreSQL's own is meant, ${BY_POLICY}.`
          : `Use a built-in operator, ${BY_POLICY}.`,
        span,
        called: false,
      });
    }
  }

  #possible<T extends { readonly oid: number }>(candidates: readonly T[]): readonly T[] {
    return candidates.filter(({ oid }) => this.#resolved?.has(oid) ?? true);
  }

  #isReviewed(operator: CatalogOperator): boolean {
    const one = this.#index.code.functionByOid(operator.function.oid);
    return one !== undefined && isReviewedFunction(one);
  }

  #operates(operator: CatalogOperator, way: Way): void {
    if (!this.#first('operator', operator.oid)) return;
    this.#context.runs({ kind: 'operator', oid: operator.oid });
    this.#reference(operator.function, way);
    // A literal beside it is read into the type that it takes.
    for (const type of [operator.left, operator.right, operator.returns]) this.#type(type, false, way.span);
    // The planner turns a comparison around, or a NOT inwards, where these are declared.
    for (const oid of [operator.commutator, operator.negator]) {
      const other = this.#index.code.operatorByOid(oid);
      if (other !== undefined) this.#operates(other, way);
    }
  }

  #typeName({ name, span }: NameUse): void {
    const type = this.#index.code.typeNamed(this.#index.path, name);
    if (type === undefined) {
      const sentence = `${name.join('.')} is not a type that is known here: reading a value into it may run other code.`;
      this.#context.hazard('user-type', sentence, span, 'Cast to a built-in type.');
    } else if (type === 'builtin') {
      const oid = this.#index.code.castBuiltin(name.at(-1) ?? '');
      if (oid !== undefined) this.#type(oid, true, span);
    } else this.#made(type, true, span);
  }

  /** `written`: something is cast to it; otherwise its values are only there, and casts that nobody writes may apply. */
  #type(oid: number, written: boolean, span: Span | undefined): void {
    const types = written ? this.#written : this.#used;
    if (types.has(oid)) return;
    types.set(oid, span);
    const made = this.#index.code.typeByOid(oid);
    if (made === undefined) return;
    // Of an array, its elements.
    if (made.type !== undefined) types.set(made.type.oid, span);
    this.#made(made, written, span);
  }

  #made({ type, row }: MadeType, written: boolean, span: Span | undefined): void {
    if (row !== undefined) {
      const types = written ? this.#written : this.#used;
      if (row.rowType !== undefined) types.set(row.rowType.oid, span);
      for (const column of row.columns) this.#type(column.typeOid, written, span);
    }
    if (type === undefined) return;
    (written ? this.#written : this.#used).set(type.oid, span);
    for (const part of type.made) this.#type(part, written, span);
    if (!this.#first('made type', type.oid)) return;
    this.#context.runs({ kind: 'type', oid: type.oid });
    const way: Way = {
      hazard: 'user-type',
      sentence: (said, which) =>
        `Values of the type ${type.schema}.${type.name} are handled by ${said}, which ${which}`,
      next: `Read the column as it is, ${BY_POLICY}.`,
      span,
      called: false,
    };
    for (const part of type.functions) this.#reference(part, way);
    for (const check of type.checks) this.#check(type, check, way);
  }

  /** A check is an expression over VALUE that the server printed for the path of the session. */
  #check(type: CatalogType, definition: string, way: Way): void {
    const name = `A check of the type ${type.schema}.${type.name}`;
    const expression = checkExpression(definition);
    if (expression === undefined) this.#context.hazard('user-type', `${name} cannot be read.`, way.span, way.next);
    else this.#printed(name, way, (inside, code) => code.names(inspectStored(inside, expression)));
  }

  #cast(cast: CatalogCast, span: Span | undefined): void {
    this.#context.runs({ kind: 'cast', oid: cast.oid });
    if (cast.function === undefined) {
      if (cast.method === 'inout') for (const type of [cast.source, cast.target]) this.#type(type, false, span);
      return;
    }
    this.#reference(cast.function, {
      hazard: 'user-cast',
      sentence: (said, which) => `The cast ${cast.name} calls ${said}, which ${which}`,
      next: `Read the column as it is, or cast to another type, ${BY_POLICY}.`,
      span,
      called: false,
    });
  }

  /** A function that another object is made of: one of PostgreSQL's own is judged by the review. */
  #reference(reference: FunctionReference, way: Way): void {
    const one = this.#index.code.functionByOid(reference.oid);
    if (one !== undefined) {
      this.#function(one, reference.count, way);
      return;
    }
    const name = `${reference.schema}.${reference.name}`;
    const reviewed = builtinSignatures(
      { name: [reference.schema, reference.name], count: reference.count, span: undefined },
      this.#index.snapshot.serverMajor,
    );
    const computes = reviewed.every((signature) => signature.allow !== 'no' || signature.class === 'pure');
    if (reference.schema === 'pg_catalog' && reviewed.length > 0 && computes) return;
    this.#context.hazard(way.hazard, `${way.sentence(`${name}()`, 'is not for queries')}.`, way.span, way.next);
  }

  #function(one: CatalogFunction, count: number | undefined, way: Way): void {
    if ((count ?? 0) < one.parameters.length && this.#first('defaults', one.oid)) {
      this.#printed(`A default of ${label(one)}`, way, (inside, code) => traceDefaults(inside, code, one));
    }
    if (!this.#first(way.called ? 'call' : 'function', one.oid)) return;
    this.#context.runs({
      kind: 'function',
      oid: one.oid,
      ...(one.volatility === 'volatile' ? { volatile: true } : {}),
    });
    // Arguments and results are turned into these without a cast being written.
    for (const { typeOid } of [...one.parameters, ...one.columns]) this.#type(typeOid, false, way.span);
    this.#type(one.returnType, false, way.span);
    for (const part of one.parts) this.#reference(part, { ...way, called: false });
    if (one.kind === 'aggregate' && one.parts.length > 0) return;
    const body = bodyLineage(this.#index, one, this.#context.views);
    if (body?.hazards.length === 0) {
      // A use inside a body has none of the forms that policy can permit: what it is compared with is not the asker's.
      this.#context.keepUses(
        body.uses.map(({ column, place }) => ({ column, place, ...(way.span && { span: way.span }) })),
      );
      for (const use of body.relations) this.#context.relation(use);
      for (const use of body.code) this.#context.runs(firedBy(use, way));
      if (!way.called) this.#context.use(calledFlow(this.#context, [one]), 'argument', way.span);
    } else if (!isReviewedFunction(one)) this.#opaque(one, body?.hazards[0], way);
  }

  #opaque(one: CatalogFunction, unread: Hazard | undefined, way: Way): void {
    const hazard: Hazard = {
      code: way.hazard,
      sentence: `${way.sentence(label(one), reasonOf(one, unread))}.`,
      next: way.next,
      ...(way.span === undefined ? {} : { span: way.span }),
    };
    this.#context.runs({
      kind: 'function',
      oid: one.oid,
      ...(one.volatility === 'volatile' ? { volatile: true } : {}),
      opaque: {
        schema: one.schema,
        name: one.name,
        args: one.parameters.map(({ type }) => type),
        typeNames: one.signature === '' ? [] : one.signature.split(','),
        ...(one.extension === undefined ? {} : { extension: one.extension }),
        compiled: one.source.kind === 'compiled',
        hazard,
        ...(way.fired === undefined ? {} : { fired: way.fired }),
      },
    });
  }

  /** Reads a text that the server printed for the path of the session. */
  #printed(what: string, way: Way, read: (inside: Context, code: UserCode) => void): void {
    const inside = new Context(this.#index.printed(), () => undefined, this.#context.views);
    const code = new UserCode(inside, this.#seen);
    read(inside, code);
    code.typesInUse();
    for (const hazard of inside.hazards.values()) {
      this.#context.hazard(way.hazard, `${what} cannot be read: ${hazard.sentence}`, way.span, way.next);
    }
    this.#merge(inside);
  }

  #merge(inside: Context): void {
    for (const use of inside.relations.values()) this.#context.relation(use);
    for (const use of inside.code.values()) this.#context.runs(use);
    this.#context.keepUses(inside.uses);
  }

  #first(what: string, oid: number): boolean {
    const key = `${what} ${String(oid)}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

/** What runs because something else was run by itself. */
function firedBy(use: CodeUse, { fired }: Way): CodeUse {
  return fired === undefined || use.opaque === undefined ? use : { ...use, opaque: { ...use.opaque, fired } };
}

function reasonOf({ source, language, extension }: CatalogFunction, unread: Hazard | undefined): string {
  if (unread !== undefined) return `cannot be read: ${unread.sentence.replace(/\.$/, '')}`;
  if (source.kind !== 'compiled') return `is written in ${language}: what it reads or changes is not known`;
  return extension === undefined
    ? 'is compiled code: what it reads or changes is not known'
    : `is compiled code of the extension ${extension} that has not been reviewed`;
}
