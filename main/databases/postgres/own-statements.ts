/**
 * The gate's own statements. Those of every transaction are parsed once a session, under names of their own: that saves
 * their parsing, and the server prints no trees of them. The asker's statement is the unnamed one.
 */
import { serialize } from 'pg-protocol';
import { CountersignError } from '../../errors.ts';
import { TRANSACTION_MARKS } from './marks.ts';
import type { TextValue } from './session.ts';
import {
  AFTERWARDS,
  LEAVE_OUT_STRICTLY,
  STOP_PRINTING,
  WITHOUT_INDEX_ONLY_SCANS,
  WITHOUT_INDEX_SCANS,
} from './settings.ts';

/** Text by name; the probe's is made for the session. */
export const OWN_TEXTS = {
  beginRead: 'BEGIN READ ONLY',
  beginWrite: 'BEGIN READ WRITE',
  stopPrinting: STOP_PRINTING,
  withoutIndexOnlyScans: WITHOUT_INDEX_ONLY_SCANS,
  withoutIndexScans: WITHOUT_INDEX_SCANS,
  leaveOutStrictly: LEAVE_OUT_STRICTLY,
  marks: TRANSACTION_MARKS,
  afterwards: AFTERWARDS,
  rollback: 'ROLLBACK',
  commit: 'COMMIT',
} as const;

export type OwnStatement = keyof typeof OWN_TEXTS | 'probe';

const nameOf = (statement: string): string => `countersign_${statement}`;

/** Parses them all, in the place of whatever has their names. */
export const parseOwn = (probe: string): readonly Uint8Array[] =>
  Object.entries({ ...OWN_TEXTS, probe }).flatMap(([statement, text]) => [
    serialize.close({ type: 'S', name: nameOf(statement) }),
    serialize.parse({ name: nameOf(statement), text }),
  ]);

/** Without values a statement's messages are the same every time. */
const constant = new Map<OwnStatement, Uint8Array>();

/** Runs one of them in the unnamed portal. */
export function runOwn(statement: OwnStatement, values: readonly TextValue[] = []): readonly Uint8Array[] {
  if (values.length > 0) return [serialize.bind({ statement: nameOf(statement), values: [...values] }), RUN];
  const messages = constant.get(statement) ?? Buffer.concat([serialize.bind({ statement: nameOf(statement) }), RUN]);
  constant.set(statement, messages);
  return [messages];
}

/** Runs one of them beside the unnamed portal, which keeps what is bound to it. Once a transaction. */
export const runOwnBeside = (statement: OwnStatement): readonly Uint8Array[] => {
  const portal = nameOf('beside');
  return [serialize.bind({ statement: nameOf(statement), portal }), serialize.execute({ portal })];
};

const RUN = serialize.execute();

/**
 * A statement of the gate's own as a new unnamed one: where code of users has run, which could have put something else
 * in the place of a named one (DEALLOCATE and PREPARE in a function's body).
 */
export const unnamed = (text: string, values: readonly TextValue[] = []): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.bind({ values: [...values] }),
  RUN,
];

const ONCE = 'countersign_once';

/** A new statement of the gate's own that leaves the asker's statement and its portal as they are. Once a transaction. */
export const onceBeside = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.close({ type: 'S', name: ONCE }),
  serialize.parse({ name: ONCE, text }),
  serialize.bind({ statement: ONCE, portal: ONCE, values: [...values] }),
  serialize.execute({ portal: ONCE }),
];

/** The same, as often as is wanted. */
export const once = (text: string, values: readonly TextValue[]): readonly Uint8Array[] => [
  ...onceBeside(text, values),
  serialize.close({ type: 'P', name: ONCE }),
];

/** Parse and Describe of the asker's statement: nothing of it runs. */
export const parseOnly = (text: string): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.describe({ type: 'S' }),
];

const INNER = 'countersign_inner';

/** Parse of a query that never runs, for its trees. */
export const parseInner = (text: string): readonly Uint8Array[] => [
  serialize.close({ type: 'S', name: INNER }),
  serialize.parse({ name: INNER, text }),
];

/** Bind of what was parsed; its rows come in text format. */
export const bindParsed = (values: readonly TextValue[]): readonly Uint8Array[] => [
  serialize.bind({ values: [...values] }),
];

/** Execute of what was bound, all rows. */
export const runBound: readonly Uint8Array[] = [RUN];

/** The protocol ends texts at a NUL, and UTF-8 has no lone surrogates: either would run something other than was read. */
export function refuseBadText(text: string): void {
  if (text.includes('\0')) {
    throw new CountersignError('nul-byte', 'The statement contains a NUL character, which SQL text cannot hold.');
  }
  if (!text.isWellFormed()) {
    throw new CountersignError(
      'lone-surrogate',
      'The statement contains half of a character (a lone UTF-16 surrogate).',
    );
  }
}
