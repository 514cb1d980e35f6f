import { fingerprintSync, hasSqlDetails, loadModule, normalizeSync, parseSync, scanSync } from 'libpg-query';
import { type Hazard } from '../../facts.ts';
import { fromCodePoints } from './text.ts';
import { isFields, listOf } from './tree.ts';

await loadModule();

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
  if (broken) return { ok: false, broken, hazard: TOO_DEEP };
  const parsed = parseWhole(text);
  broken = parsed.broken;
  return parsed;
}

let broken = false;

const TOO_DEEP: Hazard = {
  code: 'too-deep',
  sentence: 'The statement is nested too deeply to be understood.',
  next: 'Use a list, a VALUES clause or a temporary step instead of thousands of nested parts.',
};

function parseWhole(text: string): Parsed {
  try {
    const result: unknown = text.trim() === '' ? {} : parseSync(text);
    const statements = (isFields(result) ? listOf(result['stmts']) : []).flatMap((raw) =>
      isFields(raw) ? [{ node: raw['stmt'] }] : [],
    );
    if (statements.length === 0) return { ok: true, broken: false, statements, normalized: '', fingerprint: '' };
    return { ok: true, statements, ...summary(text) };
  } catch (error) {
    return failure(text, error);
  }
}

function failure(text: string, error: unknown): Parsed {
  if (leftModule(error)) return { ok: false, hazard: TOO_DEEP, broken: true };
  const message = error instanceof Error ? error.message : '';
  if (/memory exhausted|stack depth|out of memory/.test(message)) return { ok: false, hazard: TOO_DEEP, broken: false };
  const start = hasSqlDetails(error) ? fromCodePoints(text)(error.sqlDetails?.cursorPosition ?? 0) : 0;
  return {
    ok: false,
    broken: false,
    hazard: {
      code: 'syntax-error',
      sentence: `PostgreSQL cannot read this: ${message || 'the parser gave no reason'}.`,
      span: { start, end: Math.min(text.length, start + Math.max(1, tokenLength(text, start))) },
    },
  };
}

/** Both recurse deeper than the parser itself; a statement that only they cannot take is still understood. */
function summary(text: string): {
  readonly normalized: string;
  readonly fingerprint: string;
  readonly broken: boolean;
} {
  try {
    return { normalized: withoutConstants(normalizeSync(text)), fingerprint: fingerprintSync(text), broken: false };
  } catch (error) {
    return { normalized: withoutConstants(text), fingerprint: '', broken: leftModule(error) };
  }
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
  try {
    return scanSync(text).tokens.map((token) => ({
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

/**
 * libpg-query's normalization leaves constants of utility statements and all comments in place; both can hold what must
 * not be kept in clear.
 */
function withoutConstants(normalized: string): string {
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
