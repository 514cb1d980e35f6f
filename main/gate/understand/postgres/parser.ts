import { createRequire } from 'node:module';
import type * as Grammar from 'libpg-query';
import { type Hazard } from '../../facts.ts';
import { otherDialect } from './other-dialects.ts';
import { fromCodePoints } from './text.ts';
import { isFields, listOf } from './tree.ts';

const require = createRequire(import.meta.url);

/** PostgreSQL's grammar; another instance takes its place when a call has left it by an exception. */
let grammar = await load();

async function load(): Promise<typeof Grammar> {
  Reflect.deleteProperty(require.cache, require.resolve('libpg-query'));
  const loaded = require('libpg-query') as typeof Grammar;
  await loaded.loadModule();
  return loaded;
}

/**
 * A text as PostgreSQL's own grammar reads it; plain data, so that it can cross from a worker. `broken`: the call left
 * the WebAssembly module by an exception, its stack pointer was not put back, and it must not be used again.
 */
export type Parsed = { readonly broken: boolean } & (
  | {
      readonly ok: true;
      readonly statements: readonly ParsedStatement[];
      readonly normalized: string;
      readonly fingerprint: string;
    }
  | { readonly ok: false; readonly hazard: Hazard }
);

export interface ParsedStatement {
  /** `{ Kind: fields }`, locations in bytes of UTF-8. */
  readonly node: unknown;
}

export function parseText(text: string): Parsed {
  if (replacement !== undefined) return { ok: false, broken: true, hazard: TOO_DEEP };
  const parsed = parseWhole(text);
  if (parsed.broken) replace();
  return parsed;
}

/** Until it resolves, every text is refused in this thread. */
export async function parserReady(): Promise<void> {
  await replacement;
}

let replacement: Promise<void> | undefined;

function replace(): void {
  replacement = load().then(
    (fresh) => {
      grammar = fresh;
      replacement = undefined;
    },
    // Without a fresh one nothing is parsed in this thread any more; workers have their own.
    () => undefined,
  );
}

const TOO_DEEP: Hazard = {
  code: 'too-deep',
  sentence: 'The statement is nested too deeply to be understood.',
  next: 'Use a list, a VALUES clause or a temporary step instead of thousands of nested parts.',
};

function parseWhole(text: string): Parsed {
  try {
    const result: unknown = text.trim() === '' ? {} : grammar.parseSync(text);
    const statements = (isFields(result) ? listOf(result['stmts']) : []).flatMap((raw) =>
      isFields(raw) ? [{ node: raw['stmt'] }] : [],
    );
    if (statements.length === 0) return { ok: true, broken: false, statements, normalized: '', fingerprint: '' };
    const shallow = !isDeeperThan(result, SUMMARY_DEPTH);
    return { ok: true, statements, ...(shallow ? summary(text) : plainSummary(text)) };
  } catch (error) {
    return failure(text, error);
  }
}

function failure(text: string, error: unknown): Parsed {
  if (leftModule(error)) return { ok: false, hazard: TOO_DEEP, broken: true };
  const message = error instanceof Error ? error.message : '';
  if (/memory exhausted|stack depth|out of memory/.test(message)) return { ok: false, hazard: TOO_DEEP, broken: false };
  const start = grammar.hasSqlDetails(error) ? fromCodePoints(text)(error.sqlDetails?.cursorPosition ?? 0) : 0;
  const next = otherDialect(text, start);
  return {
    ok: false,
    broken: false,
    hazard: {
      code: 'syntax-error',
      sentence: `PostgreSQL cannot read this: ${message || 'the parser gave no reason'}.`,
      ...(next === undefined ? {} : { next }),
      span: { start, end: Math.min(text.length, start + Math.max(1, tokenLength(text, start))) },
    },
  };
}

interface Summary {
  readonly normalized: string;
  readonly fingerprint: string;
  readonly broken: boolean;
}

/**
 * Levels of the tree's JSON up to which libpg-query is asked for its normal form and fingerprint: both recurse several
 * times deeper than the parser, and leave the module for good where the stack ends.
 */
const SUMMARY_DEPTH = 300;

function summary(text: string): Summary {
  try {
    return {
      normalized: withoutConstants(grammar.normalizeSync(text)),
      fingerprint: grammar.fingerprintSync(text),
      broken: false,
    };
  } catch (error) {
    return { ...plainSummary(text), broken: leftModule(error) };
  }
}

function plainSummary(text: string): Summary {
  return { normalized: withoutConstants(text), fingerprint: '', broken: false };
}

function isDeeperThan(root: unknown, limit: number): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      for (const child of Object.values(value)) if (typeof child === 'object') next.push(child);
    }
    level = next;
  }
  return false;
}

/** A full JavaScript stack, or a trap of WebAssembly. */
function leftModule(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError');
}

function tokenLength(text: string, start: number): number {
  return /^[\p{L}\p{N}_$]+/u.exec(text.slice(start, start + 64))?.[0].length ?? 1;
}

export interface Token {
  /** Half-open range in bytes of UTF-8. */
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly text: string;
}

/** The tokens of PostgreSQL's own scanner, comments among them; undefined where a quote or comment is not closed. */
export function scanText(text: string): readonly Token[] | undefined {
  if (replacement !== undefined) return undefined;
  try {
    return grammar.scanSync(text).tokens.map((token) => ({
      start: token.start,
      end: token.end,
      name: token.tokenName,
      text: token.text,
    }));
  } catch {
    return undefined;
  }
}

const CONSTANTS = new Set(['SCONST', 'USCONST', 'BCONST', 'XCONST', 'FCONST', 'ICONST']);
const COMMENTS = new Set(['SQL_COMMENT', 'C_COMMENT']);

/** Where none of these is left there is neither a constant nor a comment, and the scan, which costs more than the parse, is saved. */
const LEFT_OVER = /['"]|--|\/\*|\$\D|(?:^|[^\w$\u0080-\uffff])\d/;

/**
 * libpg-query's normalization leaves constants of utility statements and all comments in place; both can hold what must
 * not be kept in clear.
 */
function withoutConstants(normalized: string): string {
  if (!LEFT_OVER.test(normalized)) return normalized.trim();
  const tokens = scanText(normalized);
  if (tokens === undefined) return '';
  const bytes = Buffer.from(normalized);
  let out = '';
  let copied = 0;
  for (const token of tokens) {
    if (!CONSTANTS.has(token.name) && !COMMENTS.has(token.name)) continue;
    out += bytes.toString('utf8', copied, token.start) + (COMMENTS.has(token.name) ? ' ' : '$n');
    copied = token.end;
  }
  return (out + bytes.toString('utf8', copied)).trim();
}
