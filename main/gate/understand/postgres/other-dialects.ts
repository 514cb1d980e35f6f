/**
 * What people type who come from another client or another database, and how it is done here. Only words for a text that
 * the parser has refused already: nothing is let through by them.
 */

interface Dialect {
  /** What the text begins with. */
  readonly head?: RegExp;
  /** What stands at the place of the error. */
  readonly at?: RegExp;
  /** What stands right before it. */
  readonly before?: RegExp;
  readonly next: string;
}

const DIALECTS: readonly Dialect[] = [
  { at: /^\\d/, next: 'That is a command of psql: tables and their columns are in the schema tree.' },
  { at: /^\\copy\b/, next: 'That is a command of psql: run the SELECT and export its result.' },
  { at: /^\\/, next: 'That is a command of psql: write the statement alone, and end it with a semicolon.' },
  {
    head: /^(?:IDENTIFY_SYSTEM|BASE_BACKUP|START_REPLICATION|TIMELINE_HISTORY|UPLOAD_MANIFEST|(?:CREATE|DROP|ALTER|READ)_REPLICATION_SLOT)\b/i,
    next: 'Replication needs a connection of its own kind, which is not opened here: ask an administrator of the server.',
  },
  { head: /^use\b/i, next: 'Choose another connection: each is bound to one database.' },
  {
    head: /^desc(?:ribe)?\b/i,
    next: 'Tables and their columns are in the schema tree and in information_schema.columns.',
  },
  { head: /^(?:delimiter|go)\b/i, next: 'Statements end with a semicolon.' },
  { at: /^:['"]?\w/, next: 'Write parameters as $1, $2.' },
  { at: /^\?/, next: 'Write parameters as $1, $2.' },
  { before: /\?\s*$/, next: 'Write parameters as $1, $2.' },
  { at: /^limit\s/i, next: 'Write LIMIT and OFFSET apart: LIMIT 10 OFFSET 5.' },
  { before: /`/, next: 'Write names that need quotes in double quotes: "name".' },
  { at: /^[`[]/, next: 'Write names that need quotes in double quotes: "name".' },
];

/** What to do instead, for a text with a syntax error at an offset in UTF-16 units; undefined where nothing is known. */
export function otherDialect(text: string, at: number): string | undefined {
  const here = text.slice(at, at + 64);
  const before = text.slice(Math.max(0, at - 256), at);
  const known = DIALECTS.find(
    (one) =>
      (one.head?.test(text.trimStart().slice(0, 64)) ?? true) &&
      (one.at?.test(here) ?? true) &&
      (one.before?.test(before) ?? true),
  );
  return known?.next;
}
